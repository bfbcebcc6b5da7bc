"""Who lies next to whom: overlap of neighbourhoods between spaces, and fidelity of a map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmexplore import runtime
from mmexplore.data.embeddings import Embeddings, unit
from mmexplore.retrieval.ranks import blocks
from mmexplore.retrieval.search import nearest


def _queries(n: int, max_queries: int, seed: int) -> np.ndarray:
    """All n positions, or a seeded sample of `max_queries`, ascending."""
    return np.arange(n) if n <= max_queries else np.sort(runtime.rng(seed).choice(n, max_queries, replace=False))


def _neighbours(points: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    """int [Q, k]: the k nearest other rows (by cosine; unit rows expected) of the rows `queries`."""
    found = nearest(points, points[queries], k + 1)[1]
    own = found == queries[:, None]
    own[~own.any(axis=1), -1] = True  # crowded out by twins: drop the farthest instead
    return found[~own].reshape(len(queries), -1)


def _shared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """bool [Q, k]: is each neighbour of `a` [Q, k] also in the same row of `b` [Q, k]?"""
    return (a[:, :, None] == b[:, None, :]).any(axis=2)


def mutual_knn(a: np.ndarray, b: np.ndarray, k: int = 10, max_queries: int = 2000, seed: int = 0) -> float:
    """Mean share (0..1) of each row's k nearest rows in a [N, d1] that are also among its k nearest in b [N, d2]
    (Huh 2024), by cosine. Chance is k / (N - 1). NaN when N < 2; k is cut to N - 1."""
    if len(a) < 2:
        return float("nan")
    k, asked = min(k, len(a) - 1), _queries(len(a), max_queries, seed)
    return float(_shared(_neighbours(unit(a), asked, k), _neighbours(unit(b), asked, k)).mean())


@dataclass(frozen=True)
class NeighbourOverlap:
    """Where the neighbours in the fused space come from.

    Attributes:
        k: neighbours looked at.
        share: modality -> share (0..1) of the k nearest in the fused space that are also among the k nearest in that
            modality alone, mean over the queries; NaN where the modality has fewer than two rows.
        interval: modality -> 95 % interval of that mean (over the queries).
        chance: modality -> k / (N_m - 1).
        n_rows: modality -> N_m, rows where it is present.   n_queries: modality -> rows the mean is over (a seeded
            sample where there are many).
        together: share (0..1) found in every modality at once; `new`: found in none, only in the fused space. Both
            over the rows that have every modality; NaN where there are fewer than two.
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
        over = "; ".join(f"{m}: {self.n_queries[m]:,} of {self.n_rows[m]:,} rows" for m in self.share)
        return f"The {self.k} nearest rows of each were compared ({over})."


def neighbour_overlap(
    fused: np.ndarray, embeddings: Embeddings, k: int = 10, max_queries: int = 2000, seed: int = 0
) -> NeighbourOverlap:
    """How much of the fused neighbourhood comes from each modality (cosine neighbours, exact).

    Args:
        fused: float [N, d], row i of `embeddings`.
        embeddings: the unimodal vectors; a modality is compared over the rows where it is present.
        max_queries: rows whose neighbourhoods are compared (each against all rows), drawn with `seed`.
    """
    fused = unit(fused)
    share, interval, chance, n_rows, n_queries = {}, {}, {}, {}, {}
    for m in embeddings.modalities:
        rows = np.flatnonzero(embeddings.present[m])
        found = _overlap(fused, embeddings, [m], rows, k, max_queries, seed)[0]
        each = found.mean(axis=1) if found.size else np.array([np.nan])
        half = 1.96 * float(each.std(ddof=1)) / np.sqrt(len(each)) if len(each) > 1 else 0.0
        share[m] = float(each.mean())
        interval[m] = (float(max(share[m] - half, 0.0)), float(min(share[m] + half, 1.0)))
        chance[m] = min(k, len(rows) - 1) / (len(rows) - 1) if len(rows) > 1 else float("nan")
        n_rows[m], n_queries[m] = len(rows), len(found)
    whole = np.flatnonzero(embeddings.mask.all(axis=1))
    found = _overlap(fused, embeddings, embeddings.modalities, whole, k, max_queries, seed)
    together, new = (found.all(axis=0).mean(), (~found.any(axis=0)).mean()) if found.size else (np.nan, np.nan)
    return NeighbourOverlap(k, share, interval, chance, n_rows, n_queries, float(together), float(new))


def _overlap(
    fused: np.ndarray,
    embeddings: Embeddings,
    modalities: list[str],
    rows: np.ndarray,
    k: int,
    max_queries: int,
    seed: int,
) -> np.ndarray:
    """bool [M, Q, k]: is the fused neighbour (among `rows`) also one in modality m?"""
    k, asked = min(k, len(rows) - 1), _queries(len(rows), max_queries, seed)
    if k < 1:
        return np.zeros((len(modalities), 0, 0), bool)
    near = _neighbours(fused[rows], asked, k)
    return np.stack([_shared(near, _neighbours(unit(embeddings.vectors[m][rows]), asked, k)) for m in modalities])


def trustworthiness(high: np.ndarray, low: np.ndarray, k: int = 10, max_queries: int = 2000, seed: int = 0) -> float:
    """Share (0..1) of map neighbours [N, 2|3] that are true neighbours in the space [N, d] (Venna & Kaski 2001).

    Rows of `high` are L2-normalised. Above `max_queries` rows the mean is taken over that many sampled rows, each
    against all others. NaN when N < 4; k is cut below N / 2.
    """
    return _fidelity(unit(high), np.asarray(low, np.float32), k, max_queries, seed)


def continuity(high: np.ndarray, low: np.ndarray, k: int = 10, max_queries: int = 2000, seed: int = 0) -> float:
    """Share (0..1) of true neighbours that stayed neighbours on the map: trustworthiness with the spaces exchanged."""
    return _fidelity(np.asarray(low, np.float32), unit(high), k, max_queries, seed)


def _fidelity(truth: np.ndarray, shown: np.ndarray, k: int, max_queries: int, seed: int) -> float:
    """1 - 2 / (n k (2 n - 3 k - 1)) sum of max(0, r(i, j) - k): j of the k nearest in `shown`, r rank in `truth`."""
    n = len(truth)
    k = min(k, (n - 1) // 2)
    if n < 4 or k < 1:
        return float("nan")
    asked, penalty = _queries(n, max_queries, seed), 0.0
    for part in blocks(len(asked), n * 4):
        rows = asked[part]
        near = np.argsort(_distances(shown, rows), axis=1, kind="stable")[:, :k]
        order = np.argsort(_distances(truth, rows), axis=1, kind="stable")
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.broadcast_to(np.arange(1, n + 1), order.shape), axis=1)
        penalty += np.maximum(np.take_along_axis(rank, near, axis=1) - k, 0).sum()
    return float(1 - 2 * penalty * (n / len(asked)) / (n * k * (2 * n - 3 * k - 1)))


def _distances(points: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Squared distances [Q, N] of some rows to all rows; a row's to itself is infinite."""
    centred = points - points.mean(axis=0)
    length = (centred**2).sum(axis=1)
    squared = length[rows][:, None] + length - 2 * centred[rows] @ centred.T
    squared[np.arange(len(rows)), rows] = np.inf
    return squared
