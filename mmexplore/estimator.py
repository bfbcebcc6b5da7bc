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

from mmexplore.card import MethodCard
from mmexplore.errors import UserError
from mmexplore.param import params_of

# Called after each epoch with (epoch from 1, epochs at most, {"train loss": ..., "val accuracy/image": ...}).
# It may raise Cancelled to stop the fit.
OnEpoch = Callable[[int, int, dict[str, float]], None]

# arrays of a state that standardise the input or report on the fit
NOT_LEARNED = ("standard.", "mean.", "scale.", "correlations_", "train_correlations_", "rule.shape", "rule.spread")

HISTORY_COLUMNS = ["epoch", "part", "modality", "value"]

Fitted = TypeVar("Fitted", bound="Estimator")


class Estimator(ABC):
    """scikit-learn's habits: `__init__` only assigns, fitted attributes end in `_`, same seed -> same result.

    Class attributes:
        name: how it is chosen in the app and the shell ("attention").
        family: the field's term for its kind ("alignment", "feature-level", "modality-level", "hybrid", "attention",
            "tensor", "recurrent", "autoencoder", "variational autoencoder").
        needs_labels, gives_weights, reconstructs, handles_missing: what a person can expect of it.
            `handles_missing` is True where it was trained for holes; any method accepts holes.
        card: what the app and the docs say about it.

    Attributes after `fit`:
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

    history_: pd.DataFrame
    modalities_: list[str]
    dims_: dict[str, int]

    # -- parameters ------------------------------------------------------------
    def get_params(self) -> dict[str, Any]:
        """The constructor's arguments and their values."""
        return {p: getattr(self, p) for p in inspect.signature(type(self)).parameters}

    def clone(self) -> Self:
        """An unfitted copy with the same parameters."""
        return type(self)(**self.get_params())

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
        stem.parent.mkdir(parents=True, exist_ok=True)
        save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, stem.with_name(stem.name + ".safetensors"))
        content = {
            "name": self.name,
            "params": self.get_params(),
            "modalities": self.modalities_,
            "dims": self.dims_,
            "state": about,
            "history": self.history_.to_dict(orient="list"),
        }
        text = json.dumps(content, ensure_ascii=False, indent=1)
        stem.with_name(stem.name + ".json").write_text(text, encoding="utf-8")


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
        estimator.restore(arrays, content["state"])
    except UserError:
        raise
    except Exception as error:  # any damage is one sentence to the person
        raise UserError(f"cannot be read as a saved method ({error})", str(stem), "fit it again") from error
    return estimator
