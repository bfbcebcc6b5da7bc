"""What a fusion is: many vectors -> one vector, and how much each modality weighed."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Self

import numpy as np

from mmexplore.embeddings import Embeddings
from mmexplore.estimator import Estimator, OnEpoch

OBJECTIVES = ("classification", "regression", "contrastive", "reconstruction")


def default_objective(embeddings: Embeddings) -> str:
    """`classification` where there are classes, `regression` for a numeric target, else `contrastive`."""
    return embeddings.target_kind or "contrastive"


class Fusion(Estimator):
    """One vector an item from any subset of its modalities.

    Class attribute: `gives_steps`, True where the fused vector comes about in steps that can be looked at.

    Attributes after `fit`: `objective_`; `classes_` (str [C]) for classification, else None.
    """

    gives_steps: ClassVar[bool] = False

    objective_: str
    classes_: np.ndarray | None = None

    @abstractmethod
    def fit(
        self, embeddings: Embeddings, objective: str | None = None, on_epoch: OnEpoch | None = None, seed: int = 0
    ) -> Self:
        """Fit on the `train` rows (all where there is no split), early stop on `val` or a held-out part of train.

        Args:
            objective: one of OBJECTIVES; None = `default_objective`.
        """

    @abstractmethod
    def transform(self, embeddings: Embeddings) -> np.ndarray:
        """float32 [N, d]; a row with nothing present gives the documented neutral vector, never NaN."""

    def predict(self, embeddings: Embeddings) -> np.ndarray | None:
        """Class probabilities [N, C] (classification), values [N] (regression), None for other objectives."""
        return None

    def modality_weights(self, embeddings: Embeddings) -> np.ndarray | None:
        """float32 [N, M], rows sum to 1 over present modalities and are 0 for absent ones; None = no own weights."""
        return None

    def contribution_norms(self, embeddings: Embeddings) -> np.ndarray | None:
        """float32 [N, M]: each modality's share of the norms of what was added up (||alpha_m P_m c_m||), or None."""
        return None

    def steps(self, embeddings: Embeddings) -> np.ndarray | None:
        """float32 [T + 1, N, d]: the fused vectors after each step, the last one as `transform`; None = no steps."""
        return None
