"""Whitened modalities: centred, in one unit, with a ridged covariance of one; what the CCA family starts from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.models.alignment.rows import pair_rows

DEFAULT_COMPONENTS = 128
# a column that deviates this many times the median column is in another unit
UNLIKE_UNITS = 10.0
# directions with less than this share of the largest variance are noise of the arithmetic, not of the data
RANK_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Whitened:
    """Each modality as H_m = (X_m - mean_m) W_m with W_m' (Sigma_m + r I) W_m = I on the rows where it is present.

    Attributes:
        names: modalities, sorted: the order given by the person never matters.
        means: modality -> [d_m].  whiteners: modality -> W_m [d_m, rank_m].
        scores: modality -> H_m, float64 [N, rank_m]; zeros where it is absent and outside the fitted rows.
        present: bool [N, M], within the fitted rows.
        columns: modality -> its slice of the P = sum of ranks stacked columns.
    """

    names: list[str]
    means: dict[str, np.ndarray]
    whiteners: dict[str, np.ndarray]
    scores: dict[str, np.ndarray]
    present: np.ndarray
    columns: dict[str, slice]

    @property
    def width(self) -> int:
        """P."""
        return self.columns[self.names[-1]].stop

    @cached_property
    def between(self) -> np.ndarray:
        """Covariances between modalities [P, P], each over the rows that have both; zeros within a modality."""
        out = np.zeros((self.width, self.width))
        for (i, a), (j, b) in combinations(enumerate(self.names), 2):
            both = self.present[:, i] & self.present[:, j]
            if both.sum() > 1:
                block = cross_covariance(self.scores[a], self.scores[b], both)
                out[self.columns[a], self.columns[b]] = block
                out[self.columns[b], self.columns[a]] = block.T
        return out

    def maps(self, directions: np.ndarray, scale: bool) -> dict[str, np.ndarray]:
        """Modality -> map [d_m, K] of whitened `directions` [P, K], brought to sum_m w' (Sigma_m + r I) w = M.

        With `scale`, times the mean correlation over the pairs (never below 0).
        """
        m = len(self.names)
        directions = directions * np.sqrt(m / np.maximum((directions**2).sum(axis=0), 1e-300))
        if scale:
            correlation = (directions * (self.between @ directions)).sum(axis=0) / (m * (m - 1))
            directions = directions * np.maximum(correlation, 0)
        return {m: self.whiteners[m] @ directions[self.columns[m]] for m in self.names}


def whiten(embeddings: Embeddings, rows: np.ndarray, ridge: float) -> Whitened:
    """Whiten every modality on its present rows within `rows` (bool [N]); `ridge` in units of its mean variance."""
    names = sorted(embeddings.modalities)
    means, whiteners, scores = {}, {}, {}
    for m in names:
        here = pair_rows(embeddings, [m], rows)
        x, means[m], scale = centre(embeddings.vectors[m][here], f"modality {m}")
        whitener = ridge_whitener(x, ridge)
        whiteners[m] = whitener / scale[:, None]
        scores[m] = np.zeros((len(here), whitener.shape[1]))
        scores[m][here] = x @ whitener
    edges = np.cumsum([0, *(scores[m].shape[1] for m in names)]).tolist()
    columns = {m: slice(a, b) for m, (a, b) in zip(names, pairwise(edges), strict=True)}
    present = np.stack([pair_rows(embeddings, [m], rows) for m in names], axis=1)
    return Whitened(names, means, whiteners, scores, present, columns)


def count_components(wanted: int | None, widths: Iterable[int], n_rows: int) -> int:
    """How many components there can be: `wanted` (None = 128), at most the second largest width and `n_rows` - 1.

    A component needs two modalities: so of two it is the narrower that bounds, of more a narrow one does not.
    """
    return max(1, min(wanted or DEFAULT_COMPONENTS, sorted(widths)[-2], n_rows - 1))


def centre(x: np.ndarray, where: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of float [n, d] as (float64 [n, d] centred and scaled, mean [d], what it was divided by [d]).

    An encoder's numbers share one unit, and are divided by one number: the root of their mean variance. Where a
    column deviates UNLIKE_UNITS times the median column (a table of measurements), each is divided by its own
    standard deviation, or the column with the largest unit would be all that a ridge lets through.

    Raises:
        UserError: all rows are equal.
    """
    x = x.astype(np.float64)
    mean = x.mean(axis=0)
    x -= mean
    deviation = np.sqrt(np.einsum("nd,nd->d", x, x) / (len(x) - 1))
    varies = deviation > 1e-12 * np.maximum(1.0, np.abs(mean))
    if not varies.any():
        raise UserError("all its vectors are the same", where, "leave it out or encode it again")
    if deviation.max() > UNLIKE_UNITS * np.median(deviation[varies]):
        scale = np.where(varies, deviation, np.inf)
    else:
        scale = np.full(x.shape[1], np.sqrt((deviation**2).mean()))
    x /= scale
    return x, mean, scale


def cross_covariance(a: np.ndarray, b: np.ndarray, both: np.ndarray) -> np.ndarray:
    """[d_a, d_b]: covariance of float64 [N, d_a] and [N, d_b] over the rows `both` (bool [N]).

    In the other rows one of the two must be zero: then they add nothing to the product and need no copy.
    """
    n = int(both.sum())
    return (a.T @ b - n * np.outer(a[both].mean(axis=0), b[both].mean(axis=0))) / (n - 1)


def ridge_whitener(x: np.ndarray, ridge: float) -> np.ndarray:
    """float64 [d, rank]: W with W' (Sigma + r I) W = I, for centred rows float64 [n, d] of mean variance 1."""
    n, d = x.shape
    if n >= d:
        variance, basis = np.linalg.eigh(x.T @ x / (n - 1))
    else:
        _, s, vt = np.linalg.svd(x, full_matrices=False)
        variance, basis = s**2 / (n - 1), vt.T
    keep = variance > variance.max() * RANK_TOLERANCE
    return basis[:, keep] / np.sqrt(variance[keep] + ridge)


def top_eigenpairs(symmetric: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k largest eigenvalues, descending, and their unit eigenvectors [p, k]."""
    from scipy.linalg import eigh

    p = len(symmetric)
    values, vectors = eigh(symmetric, subset_by_index=[max(0, p - k), p - 1])
    return values[::-1], vectors[:, ::-1]
