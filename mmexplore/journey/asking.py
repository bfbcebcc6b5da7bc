"""What every step asks first: is it there, is it known; each answer that is no is one sentence to the person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmexplore.data.dataset import PairedDataset
from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.models import methods
from mmexplore.models.estimator import OnEpoch
from mmexplore.models.methods import MethodLike
from mmexplore.models.param import COMMON
from mmexplore.server.jobs import Progress
from mmexplore.workspace.state import Workspace


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


def make(method: MethodLike, params: Mapping[str, Any] | None, what: str, **common: Any) -> Any:
    """As `models.methods.make`, for a step that is given seed and objective beside the parameters.

    Args:
        common: values of `random_state` and `objective`, as for `models.methods.with_common`.

    Raises:
        UserError: also where seed or objective are among the parameters: of two seeds one would be ignored.
    """
    if twice := [p for p in COMMON if p in (params or {})]:
        raise UserError(
            f"{twice[0]} is not one of its own parameters",
            methods.name_of(method),
            "give seed and objective beside them",
        )
    return methods.with_common(methods.make(method, params, what), **common)


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
