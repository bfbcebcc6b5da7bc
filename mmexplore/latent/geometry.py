"""How two spaces lie to one another: the gap, agreement of neighbourhoods, alignment, CKA, fidelity of a map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmexplore.embeddings import Embeddings


@dataclass(frozen=True)
class ModalityGap:
    """The gap between two clouds of unit vectors.

    Attributes:
        distance: ||mean of unit a - mean of unit b||, 0..2 (Liang 2022).
        direction: float32 [d], mean a - mean b.
        separability: balanced accuracy (0..1) of a linear probe told to tell the two modalities apart, on held-out
            pairs; chance is 0.5; NaN where there are too few pairs.
        n: pairs of rows used.
    """

    distance: float
    direction: np.ndarray
    separability: float
    n: int


def modality_gap(a: np.ndarray, b: np.ndarray, probe: bool = True, seed: int = 0) -> ModalityGap:
    """The modality gap between a [Na, d] and b [Nb, d], rows L2-normalised first (Liang et al. 2022).

    The linear probe (logistic regression, at most 2,000 rows a side) is scored on held-out rows; when Na == Nb, row
    i of a and row i of b stand on the same side of that split.
    """


@dataclass(frozen=True)
class AlignmentUniformity:
    """Wang & Isola 2020: `alignment` = mean ||x - y||^2 of true pairs (0..4, low is close);
    `uniformity_a`, `uniformity_b` = log mean exp(-2 ||x - x'||^2) (low is spread over the sphere)."""

    alignment: float
    uniformity_a: float
    uniformity_b: float


def alignment_uniformity(a: np.ndarray, b: np.ndarray, max_rows: int = 5000, seed: int = 0) -> AlignmentUniformity:
    """Alignment and uniformity of paired rows a, b [N, d] on the sphere; above `max_rows` a seeded sample."""


def trustworthiness(high: np.ndarray, low: np.ndarray, k: int = 10, max_queries: int = 2000, seed: int = 0) -> float:
    """Share (0..1) of map neighbours [N, 2|3] that are true neighbours in the space [N, d] (Venna & Kaski 2001).

    Rows of `high` are L2-normalised. Above `max_queries` rows the mean is taken over that many sampled rows, each
    against all others. NaN when N < 4; k is cut below N / 2.
    """


def continuity(high: np.ndarray, low: np.ndarray, k: int = 10, max_queries: int = 2000, seed: int = 0) -> float:
    """Share (0..1) of true neighbours that stayed neighbours on the map: trustworthiness with the spaces exchanged."""


def linear_cka(a: np.ndarray, b: np.ndarray) -> float:
    """Unbiased linear CKA of paired rows a [N, d1], b [N, d2] (Song 2012's HSIC); 1 = same up to rotation, about 0 =
    unrelated (may be slightly negative). NaN when N < 4 or a side is constant."""


def mutual_knn(a: np.ndarray, b: np.ndarray, k: int = 10, max_queries: int = 2000, seed: int = 0) -> float:
    """Mean share (0..1) of each row's k nearest rows in a [N, d1] that are also among its k nearest in b [N, d2]
    (Huh 2024). Chance is k / (N - 1)."""


@dataclass(frozen=True)
class NeighbourOverlap:
    """Where the neighbours in the fused space come from.

    Attributes:
        k: neighbours looked at.
        share: modality -> share (0..1) of the k nearest in the fused space that are also among the k nearest in that
            modality alone, mean over the queries.
        interval: modality -> 95 % interval of that mean (over the queries).
        chance: modality -> k / (N_m - 1).
        n_rows: modality -> N_m, rows where it is present.   n_queries: modality -> rows the mean is over (a seeded
            sample where there are many).
        together: share (0..1) found in several (all) modalities at once; `new`: found in none, only in the fused space.
    """

    k: int
    share: dict[str, float]
    interval: dict[str, tuple[float, float]]
    chance: dict[str, float]
    n_rows: dict[str, int]
    n_queries: dict[str, int]
    together: float
    new: float

    @property
    def note(self) -> str:
        """One plain sentence that says over how many rows this was measured."""
        return ""


def neighbour_overlap(fused: np.ndarray, embeddings: Embeddings, k: int = 10, max_queries: int = 2000,
                      seed: int = 0) -> NeighbourOverlap:
    """How much of the fused neighbourhood comes from each modality (cosine neighbours, exact).

    Args:
        fused: float [N, d], row i of `embeddings`.
        embeddings: the unimodal vectors; a modality is compared over the rows where it is present.
        max_queries: rows whose neighbourhoods are compared (each against all rows), drawn with `seed`.
    """
