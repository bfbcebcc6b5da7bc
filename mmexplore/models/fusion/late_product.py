"""Product of experts: the modalities' evidence adds up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.card import MethodCard
from mmexplore.models.estimator import OnEpoch
from mmexplore.models.experts.experts import log_softmax
from mmexplore.models.experts.held_out import HeldOutExperts
from mmexplore.models.experts.simplex import fit_simplex, with_random_subsets
from mmexplore.models.fusion.late import LateFusion, shares


def product(said: np.ndarray, present: np.ndarray, strength: np.ndarray, log_prior: np.ndarray) -> np.ndarray:
    """log p(y | x) = log pi(y) + sum over present m of b_m (log p_m(y) - log pi(y)) + const.

    With every b_m = 1 this is exact where the modalities are independent given the class.

    Args:
        said: log p_m, [N, M, C].  present: bool [N, M].  strength: b [M].  log_prior: log pi [C].
    """
    evidence = (said - log_prior) * (strength * present)[:, :, None]
    return log_softmax(log_prior + evidence.sum(1))


@dataclass(eq=False, repr=False)
class LateProductFusion(LateFusion):
    """Weights w on the simplex and a common factor s, b_m = s M w_m, fitted on the held-out log-loss.

    For numbers: the product of Gaussian experts, each as certain as its held-out error allows.
    """

    name = "late-product"
    gives_weights: ClassVar[bool] = True
    card = MethodCard(
        title="Product of experts (late fusion)",
        summary="One classifier for each modality; their evidence is added up, each counted by how far it proved "
        "right on items it had not seen.",
        equation=r"\log p(y\mid x) = \log \pi(y) + s M \sum_{m\ \text{present}} w_m "
        r"\left(\log p_m(y) - \log \pi(y)\right) + \text{const},\quad w \in \Delta",
        paper="Genest & Zidek 1986, Combining Probability Distributions (logarithmic pool); Hinton 2002, Training "
        "Products of Experts",
        look_for="The bar that every learned fusion must pass. One wrong and very certain expert hurts: compare with "
        "the weighted sum where a modality is noisy.",
        missing="An absent expert is silent, the others keep their strength. Nothing present: the class shares of the "
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
        if self.objective_ == "regression":
            certainty = 1 / np.maximum(held_out.errors, 1e-12)
            self.weights_, self.factor_ = certainty / certainty.sum(), 1.0
            return self.empty_history()
        said, shown, target = with_random_subsets(held_out.said, present, y, seed)
        each = np.arange(len(target))

        def loss(weights: np.ndarray, factor: float) -> float:
            return float(-product(said, shown, factor * m * weights, self.prior_)[each, target].mean())

        self.weights_, self.factor_ = fit_simplex(loss, m, n)
        return self.empty_history()

    def rule(self, said: np.ndarray, present: np.ndarray) -> np.ndarray:
        if self.objective_ == "regression":
            return (said * shares(self.weights_, present)[:, :, None]).sum(1)
        return product(said, present, self.factor_ * len(self.weights_) * self.weights_, self.prior_)

    def modality_weights(self, embeddings: Embeddings) -> np.ndarray | None:
        _, present = self.standard_.apply(embeddings)
        return self.columns(embeddings, shares(self.weights_, present))

    def contribution_norms(self, embeddings: Embeddings) -> np.ndarray | None:
        said, present = self.said(embeddings)
        evidence = (said - self.prior_) * (self.weights_ * present)[:, :, None]
        if self.objective_ == "classification":  # what shifts every class alike says nothing
            evidence -= evidence.mean(2, keepdims=True)
        return self.columns(embeddings, shares(np.ones(present.shape[1]), np.linalg.norm(evidence, axis=2)))

    def rule_state(self) -> dict[str, np.ndarray]:
        return {"weights": self.weights_, "factor": np.array([self.factor_])}

    def restore_rule(self, arrays: dict[str, np.ndarray]) -> None:
        self.weights_, self.factor_ = arrays["weights"], float(arrays["factor"][0])
