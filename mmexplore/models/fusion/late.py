"""The base of late fusion: an expert a modality, and a rule that makes one answer of theirs."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import train_rows
from mmexplore.errors import UserError
from mmexplore.models.estimator import HISTORY_COLUMNS, OnEpoch
from mmexplore.models.experts.experts import Expert, log_prior
from mmexplore.models.experts.held_out import HeldOutExperts, fit_held_out
from mmexplore.models.fusion.base import Fusion
from mmexplore.models.param import Param
from mmexplore.models.standardise import Standard, fit_standard
from mmexplore.models.targets import read_targets


@dataclass(eq=False, repr=False)
class LateFusion(Fusion):
    """Experts on each modality alone, then a rule over what they say.

    An expert is a logistic regression or a Gaussian a class (regularised discriminant analysis): kind, strength and
    sharpness are those with the lowest held-out log-loss. For numbers it is a ridge regression.

    The fused vector is the answer: log-probabilities [N, C], or one number.
    """

    folds: Annotated[
        int,
        Param(
            "Folds",
            "The train items are cut into this many parts; what an expert says of a part comes from a fit without it. "
            "More parts leave each of these fits more items, and take longer.",
            low=2,
            high=100,
            why="with one part there would be nothing left to fit on",
        ),
    ] = 5

    family = "modality-level"
    needs_labels: ClassVar[bool] = True
    handles_missing: ClassVar[bool] = True

    # -- what a method adds ------------------------------------------------------
    @abstractmethod
    def fit_rule(
        self,
        held_out: HeldOutExperts,
        present: np.ndarray,
        y: np.ndarray,
        groups: np.ndarray,
        on_epoch: OnEpoch | None,
        seed: int,
    ) -> pd.DataFrame:
        """Fit the rule on what the experts say held out; gives the history. `prior_` is set."""

    @abstractmethod
    def rule(self, said: np.ndarray, present: np.ndarray) -> np.ndarray:
        """said [N, M, C] (zero where absent), present [N, M] -> the answer [N, C]: log-probabilities, or values."""

    @abstractmethod
    def rule_state(self) -> dict[str, np.ndarray]:
        """The rule's own arrays, by name."""

    @abstractmethod
    def restore_rule(self, arrays: dict[str, np.ndarray]) -> None:
        """Take back what `rule_state` gave."""

    # -- the contract ------------------------------------------------------------
    def _fit(self, embeddings: Embeddings, on_epoch: OnEpoch | None, seed: int) -> None:
        objective = self.chosen_objective(embeddings)
        if objective not in ("classification", "regression"):
            raise UserError(
                "late fusion combines predictions and needs labels",
                f"fusion {self.name}",
                "give a label column, or choose another method",
            )
        targets = read_targets(embeddings, objective)
        rows = np.flatnonzero(targets.usable & train_rows(embeddings) & np.any(embeddings.mask, axis=1))
        if len(rows) < 4:
            raise UserError(
                f"there are {len(rows)} train rows with a label and a modality",
                f"fusion {self.name}",
                "give at least 4",
            )
        self.modalities_, self.dims_ = embeddings.modalities, embeddings.dims
        self.objective_, self.classes_ = objective, targets.classes
        self.standard_ = fit_standard(embeddings, rows)
        xs, present = self.standard_.apply(embeddings, rows)
        y, n_classes = targets.codes[rows], 0 if targets.classes is None else len(targets.classes)
        self.prior_ = log_prior(y, n_classes) if n_classes else np.array([y.mean()])
        held_out = fit_held_out(xs, present, y, embeddings.groups[rows], n_classes, self.folds, seed)
        self.experts_ = held_out.experts
        curves = self.fit_rule(held_out, present, y, embeddings.groups[rows], on_epoch, seed)
        part = "val loss" if n_classes else "val squared error"
        own = [(1, part, m, e) for m, e in zip(self.standard_.names, held_out.errors, strict=True) if np.isfinite(e)]
        parts = [pd.DataFrame(own, columns=HISTORY_COLUMNS), curves]
        self.history_ = pd.concat([p for p in parts if len(p)], ignore_index=True)
        if on_epoch is not None and curves.empty:
            on_epoch(1, 1, {f"{part}/{m}": e for _, _, m, e in own})

    def transform(self, embeddings: Embeddings) -> np.ndarray:
        said, present = self.said(embeddings)
        answer = self.rule(said, present)
        return np.where(np.any(present, axis=1)[:, None], answer, self.prior_).astype(np.float32)

    def answers(self, embeddings: Embeddings) -> np.ndarray | None:
        answer = self.transform(embeddings)
        return np.exp(answer) if self.objective_ == "classification" else answer[:, 0]

    def said(self, embeddings: Embeddings) -> tuple[np.ndarray, np.ndarray]:
        """What each expert says: (float64 [N, M, C], zero where absent; present bool [N, M]), alphabetical order."""
        xs, present = self.standard_.apply(embeddings)
        ask = Expert.log_proba if self.objective_ == "classification" else Expert.scores
        said = np.stack([ask(e, x) for e, x in zip(self.experts_, xs, strict=True)], axis=1)
        return said * present[:, :, None], present

    def columns(self, embeddings: Embeddings, values: np.ndarray) -> np.ndarray:
        """Columns from the alphabetical order of the fit to the order of `embeddings`; float32."""
        return self.standard_.columns(embeddings, values).astype(np.float32)

    # -- saved state -------------------------------------------------------------
    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        arrays = {"prior": self.prior_} | self.standard_.arrays()
        for j, expert in enumerate(self.experts_):
            arrays |= {f"expert.{j}.{k}": v for k, v in expert.arrays().items()}
        arrays |= {f"rule.{k}": v for k, v in self.rule_state().items()}
        return arrays, self.target_state()

    def restore(self, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> None:
        self.restore_target(about)
        self.standard_ = Standard.from_arrays(self.dims_, arrays)
        self.prior_ = arrays["prior"]
        stems = [f"expert.{j}." for j in range(len(self.dims_))]
        self.experts_ = [
            Expert(**{k.removeprefix(stem): v for k, v in arrays.items() if k.startswith(stem)}) for stem in stems
        ]
        self.restore_rule({k.removeprefix("rule."): v for k, v in arrays.items() if k.startswith("rule.")})


def shares(weights: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Weights [M] on the simplex -> [N, M], shared out over what is present; zero rows where nothing is."""
    kept = weights * present
    total = kept.sum(1, keepdims=True)
    return np.divide(kept, total, out=np.zeros_like(kept), where=total > 0)
