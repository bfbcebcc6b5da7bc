"""Weighted sum of experts: a vote with fixed shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.card import MethodCard
from mmexplore.models.estimator import OnEpoch
from mmexplore.models.experts.experts import LOWEST
from mmexplore.models.experts.held_out import HeldOutExperts
from mmexplore.models.experts.simplex import fit_simplex, with_random_subsets
from mmexplore.models.fusion.late import LateFusion, shares


@dataclass(eq=False, repr=False)
class LateSumFusion(LateFusion):
    """p(y | x) = sum over present m of w_m p_m(y) / sum over present m of w_m, w fitted on the held-out log-loss.

    For numbers: the weighted mean of the experts' values, w fitted on the held-out squared error.
    """

    name = "late-sum"
    gives_weights: ClassVar[bool] = True
    card = MethodCard(
        title="Weighted sum of experts (late fusion)",
        summary="One classifier for each modality; the answer is a weighted average of what they say.",
        equation=r"p(y\mid x) = \sum_{m\ \text{present}} \tilde w_m\, p_m(y),\qquad w \in \Delta,\quad "
        r"\tilde w_m = \frac{w_m}{\sum_{k\ \text{present}} w_k}",
        paper="Stone 1961, The Opinion Pool; Genest & Zidek 1986, Combining Probability Distributions",
        look_for="The same weights for every item: compare with attention, whose weights move. It forgives one noisy "
        "expert, where the product does not.",
        missing="An absent expert is silent and the others share its weight. Nothing present: the class shares of the "
        "train rows (the mean, for numbers) and no weights.",
    )

    def fit_rule(
        self,
        held_out: HeldOutExperts,
        present: np.ndarray,
        y: np.ndarray,
        groups: np.ndarray,
        on_epoch: OnEpoch | None,
        seed: int,
    ) -> pd.DataFrame:
        n, m = present.shape
        said, shown, target = with_random_subsets(held_out.said, present, y, seed)
        if self.objective_ == "classification":
            right = np.exp(said[np.arange(len(target)), :, target])  # [n, M]: probability of the true class
        spread = max(float(np.var(y)), 1e-12)

        def loss(weights: np.ndarray, factor: float) -> float:
            share = shares(weights, shown)
            if self.objective_ == "regression":
                return float((((said[:, :, 0] * share).sum(1) - target) ** 2).mean()) / spread
            return float(-np.log(np.maximum((right * share).sum(1), np.exp(LOWEST))).mean())

        self.weights_ = fit_simplex(loss, m, n)[0]
        return self.empty_history()

    def rule(self, said: np.ndarray, present: np.ndarray) -> np.ndarray:
        share = shares(self.weights_, present)[:, :, None]
        if self.objective_ == "regression":
            return (said * share).sum(1)
        return np.log(np.maximum((np.exp(said) * share).sum(1), np.exp(LOWEST)))

    def modality_weights(self, embeddings: Embeddings) -> np.ndarray | None:
        _, present = self.standard_.apply(embeddings)
        return self.columns(embeddings, shares(self.weights_, present))

    def contribution_norms(self, embeddings: Embeddings) -> np.ndarray | None:
        said, present = self.said(embeddings)
        if self.objective_ == "classification":
            said, neutral = np.exp(said), np.exp(self.prior_)
        else:
            neutral = self.prior_
        moved = np.linalg.norm(said - neutral, axis=2) * self.weights_ * present
        return self.columns(embeddings, shares(np.ones(present.shape[1]), moved))

    def rule_state(self) -> dict[str, np.ndarray]:
        return {"weights": self.weights_}

    def restore_rule(self, arrays: dict[str, np.ndarray]) -> None:
        self.weights_ = arrays["weights"]
