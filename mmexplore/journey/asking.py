"""What every step asks first: is it there, is it known; each answer that is no is one sentence to the person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmexplore.alignment import methods as alignment_methods
from mmexplore.alignment.base import Alignment
from mmexplore.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.estimator import Estimator, OnEpoch
from mmexplore.fits import name_of
from mmexplore.fusion.base import Fusion
from mmexplore.jobs import Progress
from mmexplore.methods import all_methods, fusion_methods
from mmexplore.pairs.dataset import PairedDataset
from mmexplore.param import check_names, check_params
from mmexplore.workspace import Workspace


def dataset_of(workspace: Workspace) -> PairedDataset:
    if workspace.dataset is None:
        raise UserError("no pairs are loaded", "data", "open an example or bring your own on the Data page")
    return workspace.dataset


def embeddings_of(workspace: Workspace) -> Embeddings:
    if workspace.embeddings is None:
        raise UserError("the pairs are not encoded yet", "vectors", "press Encode or run `mmexplore embed`")
    return workspace.embeddings


def known(name: str, names: list[str], where: str) -> None:
    if name not in names:
        raise UserError(
            f"no comparable modality is called {name!r}", where, f"choose one of: {', '.join(names) or 'none'}"
        )


Method = str | Estimator | type[Estimator]  # by name, or another's by its class or an instance


def make(method: Method, params: Mapping[str, Any] | None = None) -> Estimator:
    """An unfitted estimator of a method that is given by name, class or instance.

    Args:
        params: instead of the defaults (of an instance: instead of its own).

    Raises:
        UserError: no method has this name, or it does not take these parameters.
    """
    params = dict(params or {})
    if isinstance(method, str):
        if method not in all_methods():
            raise UserError(f"no method is called {method!r}", "method", f"choose one of: {', '.join(all_methods())}")
        cls: type[Estimator] = all_methods()[method]
    elif isinstance(method, Estimator):
        cls, params = type(method), method.get_params() | params
    elif isinstance(method, type) and issubclass(method, Estimator):
        cls = method
    else:
        raise UserError(f"{method!r} is no method", "method", "give a name, a class of a method, or an instance")
    check_names(cls, params)
    try:
        made = cls(**params)
    except TypeError as error:
        raise UserError(
            f"does not take these parameters ({error})", name_of(cls), "see its card with `mmexplore methods`"
        ) from error
    check_params(made)
    return made


def make_fusion(method: Method, params: Mapping[str, Any] | None = None) -> Fusion:
    """As `make`, of a fusion or a generative model; UserError where the method is none."""
    made = None if _unknown(method, fusion_methods()) else make(method, params)
    if not isinstance(made, Fusion):
        raise _not_of_kind(method, fusion_methods(), "fusion")
    return made


def make_alignment(method: Method, params: Mapping[str, Any] | None = None) -> Alignment:
    """As `make`, of an alignment; UserError where the method is none."""
    made = None if _unknown(method, alignment_methods()) else make(method, params)
    if not isinstance(made, Alignment):
        raise _not_of_kind(method, alignment_methods(), "alignment")
    return made


def _unknown(method: Method, known: Mapping[str, Any]) -> bool:
    return isinstance(method, str) and method not in known


def _not_of_kind(method: Method, known: Mapping[str, Any], what: str) -> UserError:
    choice = f"choose one of: {', '.join(known)}"
    return UserError(f"no {what} method is called {name_of(method)!r}", "method", choice)


def epochs(progress: Progress | None, hear: OnEpoch | None = None, part: tuple[int, int] = (0, 1)) -> OnEpoch | None:
    """What a fit tells after each epoch: to `progress` (where it may be cancelled), and to `hear` (live curves).

    Args:
        part: (which, of how many) where several fits make one job: the progress then counts fits.
    """
    if progress is None:
        return hear
    which, parts = part

    def on_epoch(epoch: int, epochs: int, values: dict[str, float]) -> None:
        shown = ", ".join(f"{name} {value:.3g}" for name, value in values.items() if "/" not in name)
        if parts == 1:
            progress.update(epoch, epochs, f"epoch {epoch}: {shown}" if shown else "")
        else:
            progress.update(which + epoch / epochs, parts)
        progress.check()
        if hear is not None:
            hear(epoch, epochs, values)

    return on_epoch
