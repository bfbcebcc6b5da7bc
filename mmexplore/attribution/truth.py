"""Estimates of what modalities weigh, beside the truth that planted data carries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmexplore.attribution.shapley import shapley
from mmexplore.attribution.value import game
from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.models.fusion.base import Fusion

COLUMN = "truth_"  # columns of planted data: the item's true weight of each modality
TIE = 0.02  # true shares nearer than this have no order to be recovered


@dataclass(frozen=True)
class BesideTruth:
    """What one fitted method says of M modalities, and what is true.

    Attributes:
        method: its name.  modalities: names.  rows: how many items were measured.
        truth: float [M], true shares of the information, summing to 1.
        measured: float [M], mean Shapley values in bits (negative ones as 0) as shares.
        learned: float [M], mean weights of the method's own; None where it has none.
        told: bits that the method's answers tell of the label; below what was planted where it has not learned a part.
    """

    method: str
    modalities: list[str]
    rows: int
    truth: np.ndarray
    measured: np.ndarray
    learned: np.ndarray | None
    told: float

    def estimates(self) -> dict[str, np.ndarray]:
        """Name of the estimate -> shares [M]."""
        found = {"Shapley, measured": self.measured}
        return found if self.learned is None else found | {"weights, learned": self.learned}


def true_shares(embeddings: Embeddings) -> np.ndarray | None:
    """float [M]: mean true weight of each modality; None where the data does not carry the truth."""
    names = [f"{COLUMN}{m}" for m in embeddings.modalities]
    if not set(names) <= set(map(str, embeddings.columns)):
        return None
    return embeddings.columns[names].to_numpy(float).mean(axis=0)


def beside_truth(fusion: Fusion, embeddings: Embeddings, seed: int = 0) -> BesideTruth:
    """Measure a classifier over the held-out rows (all, where there are none) of planted data.

    Raises:
        UserError: the data does not carry the truth, or the fusion is no classifier.
    """
    if true_shares(embeddings) is None:
        raise UserError("the true weights are not known", "planted truth", "open the planted example")
    if fusion.objective_ != "classification":
        raise UserError("the truth is what tells the label", fusion.card.title, "fuse towards the label")
    rows = embeddings.in_split("test", "val")
    held_out = embeddings.take(rows) if rows.any() else embeddings
    truth = true_shares(held_out)
    assert truth is not None
    found = shapley(game(fusion, held_out, seed=seed, measure="information"), seed=seed)
    learned = fusion.modality_weights(held_out)
    return BesideTruth(
        method=fusion.name,
        modalities=embeddings.modalities,
        rows=len(held_out),
        truth=truth,
        measured=shares(found.mean()),
        learned=None if learned is None else learned.mean(axis=0),
        told=float((found.full - found.empty).mean()),
    )


def shares(values: np.ndarray) -> np.ndarray:
    """Values [M] as shares of their sum, negative ones as 0; even where nothing is left."""
    kept = np.maximum(values, 0)
    total = kept.sum()
    return kept / total if total > 0 else np.full(len(kept), 1 / len(kept))


def ranking_right(estimate: np.ndarray, truth: np.ndarray, tie: float = TIE) -> bool:
    """Does the estimate [M] order every two modalities as the truth [M]? True shares within `tie` have no order."""
    ahead = truth[:, None] - truth[None, :] > tie
    return bool((np.subtract.outer(estimate, estimate)[ahead] > 0).all())
