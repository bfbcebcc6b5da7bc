"""How two spaces lie to one another: the modality gap, alignment and uniformity, CKA."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmexplore import runtime
from mmexplore.data.embeddings import unit
from mmexplore.latent.neighbours import NeighbourOverlap, continuity, mutual_knn, neighbour_overlap, trustworthiness
from mmexplore.retrieval.ranks import blocks

PROBE_ROWS = 2000
FEWEST_PROBED = 10  # rows a side below which a held-out accuracy says nothing


@dataclass(frozen=True)
class ModalityGap:
    """The gap between two clouds of unit vectors.

    Attributes:
        distance: ||mean of unit a - mean of unit b||, 0..2 (Liang 2022).
        direction: float32 [d], mean a - mean b.
        separability: balanced accuracy (0..1) of a linear probe told to tell the two modalities apart, on held-out
            pairs; chance is 0.5; NaN where there are too few pairs.
        n: rows of both clouds together.
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
    a, b = unit(a), unit(b)
    if len(a) == 0 or len(b) == 0:
        return ModalityGap(float("nan"), np.zeros(a.shape[1], np.float32), float("nan"), len(a) + len(b))
    direction = a.mean(axis=0, dtype=np.float64) - b.mean(axis=0, dtype=np.float64)
    separability = _probe(a, b, seed) if probe else float("nan")
    return ModalityGap(float(np.linalg.norm(direction)), direction.astype(np.float32), separability, len(a) + len(b))


def _probe(a: np.ndarray, b: np.ndarray, seed: int) -> float:
    """Balanced accuracy of logistic regression on 30 % held-out rows of each cloud."""
    from sklearn.linear_model import LogisticRegression

    if min(len(a), len(b)) < FEWEST_PROBED:
        return float("nan")
    random = runtime.rng(seed)
    first = random.permutation(len(a))[:PROBE_ROWS]
    second = first if len(a) == len(b) else random.permutation(len(b))[:PROBE_ROWS]
    tests = [max(1, round(0.3 * len(part))) for part in (first, second)]
    fit = np.concatenate([a[first[tests[0] :]], b[second[tests[1] :]]])
    side = np.repeat([0, 1], [len(first) - tests[0], len(second) - tests[1]])
    model = LogisticRegression(C=10.0, max_iter=200, class_weight="balanced").fit(fit, side)
    right = [(model.predict(a[first[: tests[0]]]) == 0).mean(), (model.predict(b[second[: tests[1]]]) == 1).mean()]
    return float(np.mean(right))


@dataclass(frozen=True)
class AlignmentUniformity:
    """Wang & Isola 2020: `alignment` = mean ||x - y||^2 of true pairs (0..4, low is close);
    `uniformity_a`, `uniformity_b` = log mean exp(-2 ||x - x'||^2) (low is spread over the sphere); `n` rows used."""

    alignment: float
    uniformity_a: float
    uniformity_b: float
    n: int


def alignment_uniformity(a: np.ndarray, b: np.ndarray, max_rows: int = 5000, seed: int = 0) -> AlignmentUniformity:
    """Alignment and uniformity of paired rows a, b [N, d] on the sphere; above `max_rows` a seeded sample.

    NaN where there is no row (alignment) or no pair of rows (uniformity).
    """
    if len(a) > max_rows:
        kept = np.sort(runtime.rng(seed).choice(len(a), max_rows, replace=False))
        a, b = a[kept], b[kept]
    a, b = unit(a), unit(b)
    alignment = float(((a - b) ** 2).sum(axis=1).mean()) if len(a) else float("nan")
    return AlignmentUniformity(alignment, _uniformity(a), _uniformity(b), len(a))


def _uniformity(points: np.ndarray) -> float:
    """log of the mean of exp(-2 ||x - x'||^2) over pairs of different unit rows."""
    n = len(points)
    if n < 2:
        return float("nan")
    total = 0.0
    for part in blocks(n, n):
        cosine = np.minimum(points[part] @ points.T, 1).astype(np.float64)
        kernel = np.exp(4 * cosine - 4)  # ||x - x'||^2 = 2 - 2 cos
        kernel[np.arange(len(kernel)), np.arange(part.start, part.stop)] = 0
        total += float(kernel.sum())
    return float(np.log(total / (n * (n - 1))))


def linear_cka(a: np.ndarray, b: np.ndarray, unbiased: bool = True) -> float:
    """Linear CKA of paired rows a [N, d1], b [N, d2]; 1 = same up to rotation and scale, about 0 = unrelated.

    Unbiased: with HSIC_1 of Song et al. 2012 (may be slightly negative). The biased form (Kornblith 2019), with
    which many papers report, is inflated where d is not small against N: 0.09 for unrelated rows at N = d = 500.
    NaN when N < 4 or a side is constant. Computed from the features: no N x N matrix is made.
    """
    if len(a) < 4:
        return float("nan")
    x, y = (v.astype(np.float64) - v.mean(axis=0, dtype=np.float64) for v in (a, b))
    hsic = _hsic if unbiased else _biased_hsic
    own_x, own_y = hsic(x, x), hsic(y, y)
    if own_x <= 1e-12 * (x**2).mean() ** 2 or own_y <= 1e-12 * (y**2).mean() ** 2:
        return float("nan")
    return float(hsic(x, y) / np.sqrt(own_x * own_y))


def _biased_hsic(x: np.ndarray, y: np.ndarray) -> float:
    """||x^T y||_F^2 / (n - 1)^2 of centred columns."""
    return float(((x.T @ y) ** 2).sum() / (len(x) - 1) ** 2)


def _hsic(x: np.ndarray, y: np.ndarray) -> float:
    """HSIC_1 of the linear kernels K = x x^T, L = y y^T with their diagonals set to zero.

    [tr(KL) + sum(K) sum(L) / ((n-1)(n-2)) - 2 / (n-2) * (K 1).(L 1)] / (n (n-3)); columns of x and y are centred,
    which changes nothing but keeps the sums small.
    """
    n = len(x)
    diagonal_x, diagonal_y = (x**2).sum(axis=1), (y**2).sum(axis=1)
    trace = ((x.T @ y) ** 2).sum() - diagonal_x @ diagonal_y
    rows_x, rows_y = x @ x.sum(axis=0) - diagonal_x, y @ y.sum(axis=0) - diagonal_y
    corrections = rows_x.sum() * rows_y.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * (rows_x @ rows_y)
    return float((trace + corrections) / (n * (n - 3)))


__all__ = [
    "AlignmentUniformity",
    "ModalityGap",
    "NeighbourOverlap",
    "alignment_uniformity",
    "continuity",
    "linear_cka",
    "modality_gap",
    "mutual_knn",
    "neighbour_overlap",
    "trustworthiness",
]
