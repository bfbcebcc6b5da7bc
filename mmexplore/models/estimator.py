"""What alignments, fusions and generative models have in common: parameters, a card, and saved state."""

from __future__ import annotations

import inspect
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from mmexplore.data.embeddings import Embeddings, check_embeddings
from mmexplore.data.split import draw_split
from mmexplore.errors import UserError
from mmexplore.models.card import MethodCard
from mmexplore.models.fitted_rows import FittedRows
from mmexplore.models.param import COMMON, check_params, params_of
from mmexplore.runtime import RandomState, first_time, seed_of

# Called after each epoch with (epoch from 1, epochs at most, {"train loss": ..., "val accuracy/image": ...}).
# It may raise Cancelled to stop the fit.
OnEpoch = Callable[[int, int, dict[str, float]], None]

# arrays of a state that standardise the input or report on the fit
NOT_LEARNED = ("standard.", "mean.", "scale.", "correlations_", "train_correlations_", "rule.shape", "rule.spread")

HISTORY_COLUMNS = ["epoch", "part", "modality", "value"]

Fitted = TypeVar("Fitted", bound="Estimator")


class Estimator(BaseEstimator, ABC):
    """A scikit-learn estimator on `Embeddings`: `__init__` only assigns, fitted attributes end in `_`, `clone` works.

    Class attributes:
        name: how it is chosen in the app and the shell ("attention").
        family: the field's term for its kind, a key of `families.FAMILIES` ("attention").
        needs_labels, gives_weights, reconstructs, handles_missing: what a person can expect of it.
            `handles_missing` is True where it was trained for holes; any method accepts holes.
        fitted_in_advance: using it fits nothing on the person's rows.
        stops_early: the `val` rows decide when its fit ends.
        card: what the app and the docs say about it.

    Parameter of every method: `random_state`, keyword-only. An int: the same fit each time. None: another one each
    time. Or a numpy RandomState or Generator, from which the seed is drawn at the fit.

    Attributes after `fit`:
        seed_: the int that the fit drew from.
        fitted_rows_: the rows that the fit has seen; None where a file saved by an older version does not say.
            `fitted_ids_`: their ids.
        history_: DataFrame (epoch, part, modality, value): the curves of the fit; no rows for a closed form.
        modalities_: names in the order of the fit.  dims_: modality -> width.
    """

    name: ClassVar[str]
    family: ClassVar[str]
    card: ClassVar[MethodCard]
    needs_labels: ClassVar[bool] = False
    gives_weights: ClassVar[bool] = False
    reconstructs: ClassVar[bool] = False
    handles_missing: ClassVar[bool] = False
    fitted_in_advance: ClassVar[bool] = False
    stops_early: ClassVar[bool] = False

    random_state: RandomState = 0
    seed_: int | None
    fitted_rows_: FittedRows | None
    history_: pd.DataFrame
    modalities_: list[str]
    dims_: dict[str, int]

    # -- fitting ---------------------------------------------------------------
    def fit(self, embeddings: Embeddings, on_epoch: OnEpoch | None = None, *, holdout: float | None = None) -> Self:
        """Fit on the `train` rows, or on all rows where there is no split.

        Args:
            on_epoch: called after each epoch; what it raises (Cancelled) leaves here.
            holdout: share (between 0 and 1) of the groups that the fit does not see, drawn with the seed; for
                embeddings without splits. `seen` tells afterwards which rows these are. Rows that belong together (five
                captions of a photo) are parted unless the embeddings say so by their groups.

        A fit that does not come to its end leaves the estimator as it was before.

        Raises:
            UserError: these are no embeddings, a setting is out of its bounds, or the method cannot be fitted on them.
        """
        check_embeddings(embeddings, "fit")
        check_params(self)
        seed = seed_of(self.random_state)
        if holdout is not None:
            embeddings = _hold_out(embeddings, holdout, seed)
        before = dict(vars(self))
        for name in [n for n in before if n.endswith("_")]:  # a fit begins with nothing of an earlier one
            delattr(self, name)
        try:
            with first_time(type(self)):
                self._fit(embeddings, on_epoch, seed)
            self.seed_ = seed
            self.fitted_rows_ = FittedRows.of(embeddings, self._rows_seen(embeddings))
        except BaseException:  # all or nothing: half a fit would answer, and know nothing of the rows it has seen
            self.__dict__ = before
            raise
        return self

    def __getattr__(self, name: str) -> Any:
        """Only what is not there comes here: of a fitted attribute it is said that there is no fit yet."""
        if name.endswith("_") and not name.startswith("_"):
            raise NotFitted("it is not fitted yet", getattr(type(self), "name", type(self).__name__))
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    @abstractmethod
    def _fit(self, embeddings: Embeddings, on_epoch: OnEpoch | None, seed: int) -> None:
        """What a method adds: fit on the `train` rows (all where there is no split); all draws come from `seed`."""

    @abstractmethod
    def transform(self, embeddings: Embeddings) -> Any:
        """What the fit makes of the items; see `Alignment` and `Fusion`."""

    def fit_transform(
        self, embeddings: Embeddings, on_epoch: OnEpoch | None = None, *, holdout: float | None = None
    ) -> Any:
        """`fit`, then `transform` of the same embeddings (all rows of them)."""
        return self.fit(embeddings, on_epoch, holdout=holdout).transform(embeddings)

    def seen(self, embeddings: Embeddings) -> np.ndarray:
        """bool [N]: rows that the fit has seen (it was fitted on them, or stopped early on them), by id and group; in
        other data whose rows are only numbered, by content (see `FittedRows.seen_in`).

        Where they are not known (`fitted_ids_` is None), the rows that a fit on these embeddings would see.
        """
        known: FittedRows | None = getattr(self, "fitted_rows_", None)
        return self._rows_seen(embeddings) if known is None else known.seen_in(embeddings)

    @property
    def fitted_ids_(self) -> np.ndarray | None:
        """Ids of the rows that the fit has seen; None where a file saved by an older version does not say."""
        known: FittedRows | None = getattr(self, "fitted_rows_", None)
        return None if known is None else known.ids

    def _rows_seen(self, embeddings: Embeddings) -> np.ndarray:
        """bool [N]: rows that a fit on these embeddings sees."""
        if self.fitted_in_advance:
            return np.zeros(len(embeddings), bool)
        if embeddings.splits is None:
            return np.ones(len(embeddings), bool)
        return embeddings.in_split(*(("train", "val", "dev") if self.stops_early else ("train",)))

    # -- parameters ------------------------------------------------------------
    def own_params(self) -> dict[str, Any]:
        """The method's own parameters in the order of its constructor, without those that every method has."""
        own = [p for p in inspect.signature(type(self)).parameters if p not in COMMON]
        return {p: getattr(self, p) for p in own}

    @classmethod
    def describe(cls) -> dict[str, Any]:
        """The entry of `mmexplore methods --json`."""
        return {
            "name": cls.name,
            "family": cls.family,
            "needs_labels": cls.needs_labels,
            "gives_weights": cls.gives_weights,
            "reconstructs": cls.reconstructs,
            "handles_missing": cls.handles_missing,
            "card": cls.card.as_dict(),
            "parameters": [declared.as_dict() for declared in params_of(cls).values()],
        }

    @staticmethod
    def empty_history() -> pd.DataFrame:
        return pd.DataFrame(columns=HISTORY_COLUMNS)

    def n_parameters(self) -> int:
        """How many numbers the fit has learned: its state without means, scales and what was only measured."""
        return sum(array.size for name, array in self.state()[0].items() if not name.startswith(NOT_LEARNED))

    # -- saved state -----------------------------------------------------------
    @abstractmethod
    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Fitted state as named arrays and a JSON-able dictionary (without parameters and history)."""

    @abstractmethod
    def restore(self, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> None:
        """Take back what `state` gave; afterwards `transform` gives the same bits."""

    def save(self, stem: Path) -> None:
        """Write `stem`.safetensors and `stem`.json."""
        from safetensors.numpy import save_file

        arrays, about = self.state()
        if (known := getattr(self, "fitted_rows_", None)) is not None:
            arrays = arrays | known.arrays()
        stem.parent.mkdir(parents=True, exist_ok=True)
        save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, stem.with_name(stem.name + ".safetensors"))
        content = {
            "name": self.name,
            "params": self._params_to_save(),
            "seed": getattr(self, "seed_", None),
            "modalities": self.modalities_,
            "dims": self.dims_,
            "state": about,
            "history": self.history_.to_dict(orient="list"),
        }
        text = json.dumps(content, ensure_ascii=False, indent=1)
        stem.with_name(stem.name + ".json").write_text(text, encoding="utf-8")

    def _params_to_save(self) -> dict[str, Any]:
        """Parameters as JSON can hold them: of a random generator the seed that it gave."""
        params = self.get_params(deep=False)
        if not isinstance(params.get("random_state"), int | None):
            params["random_state"] = self.seed_
        return params


class NotFitted(UserError, NotFittedError):
    """An estimator is asked before it was fitted."""

    def __init__(self, what: str, where: str = "", remedy: str = "call fit(embeddings) first") -> None:
        super().__init__(what, where, remedy)


def _hold_out(embeddings: Embeddings, share: float, seed: int) -> Embeddings:
    if not isinstance(share, int | float | np.floating) or not 0 < share < 1:
        raise UserError(f"cannot hold out {share!r} of the rows", "holdout", "give a share between 0 and 1, say 0.2")
    if embeddings.splits is not None:
        raise UserError("the embeddings have splits already", "holdout", "leave it out, or take the splits away")
    drawn = draw_split(embeddings, held_out=share, seed=seed)
    if not (drawn == "test").any():
        raise UserError("all items are of one group", "holdout", "give items of two groups or more, or leave it out")
    return embeddings.with_splits(drawn)


def load_estimator(stem: Path, methods: Mapping[str, type[Fitted]]) -> Fitted:
    """Read what `Estimator.save` wrote, as the class that `methods` has under its name.

    Raises:
        UserError: the files are absent or damaged, or the method is not known here.
    """
    from safetensors.numpy import load_file

    try:
        content = json.loads(stem.with_name(stem.name + ".json").read_text(encoding="utf-8"))
        arrays = load_file(stem.with_name(stem.name + ".safetensors"))
        if content["name"] not in methods:
            raise UserError(f"no method is called {content['name']!r}", str(stem), "update mmexplore")
        estimator = methods[content["name"]](**content["params"])
        estimator.modalities_, estimator.dims_ = content["modalities"], content["dims"]
        estimator.history_ = pd.DataFrame(content["history"], columns=HISTORY_COLUMNS)
        estimator.seed_, estimator.fitted_rows_ = content.get("seed"), FittedRows.take_from(arrays)
        check_params(estimator)
        estimator.restore(arrays, content["state"])
    except UserError:
        raise
    except Exception as error:  # any damage is one sentence to the person
        raise UserError(f"cannot be read as a saved method ({error})", str(stem), "fit it again") from error
    return estimator
