"""Many dimensions -> the two or three that are drawn: PCA, UMAP, t-SNE. Same seed, same picture."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmexplore.data.embeddings import Embeddings, unit
from mmexplore.errors import UserError
from mmexplore.optional import require
from mmexplore.retrieval.gallery import check_shared, row_positions
from mmexplore.retrieval.search import nearest

METHODS = ("pca", "umap", "tsne")
TITLES = {"pca": "PCA", "umap": "UMAP", "tsne": "t-SNE"}
FEWEST = 5  # distinct points below which only PCA makes sense
_one_umap = threading.Lock()  # numba's thread pool must not be entered twice at once


@dataclass(frozen=True)
class Projection:
    """Where the items of one space lie on a map.

    Attributes:
        points: float32 [n, dims].
        rows: int [n], the position of each point in the embeddings (ascending): what charts carry as customdata.
        name: of the space ("image", "fused").
        method: "pca", "umap" or "tsne": what was really run (too few points for UMAP or t-SNE: "pca").
        n_all: rows of the data.  n_asked: those that were asked for (fewer: a sample).  n_absent: those of them left
            out because the modality is absent there.
        explained: share of the variance of each axis (PCA only), else None.
    """

    points: np.ndarray
    rows: np.ndarray
    name: str
    method: str
    n_all: int
    n_asked: int
    n_absent: int
    explained: tuple[float, ...] | None = None

    @property
    def dims(self) -> int:
        return self.points.shape[1]

    @property
    def note(self) -> str:
        """One plain sentence: how many points are drawn of how many rows, which sample, and what was left out."""
        text, them = f"{len(self.rows):,} of {self.n_all:,} rows drawn", ""
        if self.n_asked < self.n_all:
            text += f": a sample of {self.n_asked:,} that keeps the share of each class"
            them = "of them "
        left_out = f"; {self.n_absent:,} {them}left out because {self.name} is absent" if self.n_absent else ""
        return f"{text}{left_out}."


def project(
    vectors: np.ndarray, method: str = "pca", dims: int = 2, seed: int = 0, n_neighbors: int = 15, min_dist: float = 0.1
) -> np.ndarray:
    """Project vectors [N, d] to float32 [N, dims]; never fails on tiny N, duplicates or constant vectors.

    Rows are L2-normalised first (every space here is compared by cosine); UMAP and t-SNE give equal rows one and the
    same point. With fewer than 5 distinct rows they fall back to PCA.

    Args:
        method: "pca", "umap" (exact neighbours, PCA start) or "tsne" (PCA start).
        dims: 2 or 3.
        n_neighbors: UMAP's neighbourhood; for t-SNE the perplexity. Cut to what N allows.
        min_dist: UMAP only, 0..1.

    Raises:
        UserError: unknown method, dims not 2 or 3, or values that are not finite.
    """
    return _project(vectors, method, dims, seed, n_neighbors, min_dist)[0]


def project_space(
    vectors: np.ndarray,
    present: np.ndarray | None = None,
    rows: np.ndarray | None = None,
    name: str = "",
    method: str = "pca",
    dims: int = 2,
    seed: int = 0,
    n_neighbors: int = 15,
    min_dist: float = 0.1,
) -> Projection:
    """One map of one space: `vectors` [N, d] at `rows` (all when None; a sample otherwise) where `present`."""
    asked = np.unique(row_positions(rows, len(vectors)))
    kept = asked if present is None else asked[present[asked]]
    points, used, explained = _project(vectors[kept], method, dims, seed, n_neighbors, min_dist)
    return Projection(points, kept, name, used, len(vectors), len(asked), len(asked) - len(kept), explained)


def project_joint(
    embeddings: Embeddings,
    modalities: Sequence[str] | None = None,
    rows: np.ndarray | None = None,
    method: str = "pca",
    dims: int = 2,
    seed: int = 0,
    n_neighbors: int = 15,
    min_dist: float = 0.1,
) -> dict[str, Projection]:
    """Several modalities of ONE shared space on one map, fitted together: modality -> Projection.

    Raises:
        UserError: fewer than two modalities, or they do not lie in one space (`embeddings.spaces`).
    """
    names = list(embeddings.modalities if modalities is None else modalities)
    if len(names) < 2:
        raise UserError("a joint map needs two modalities", "latent space", "choose one more")
    check_shared(embeddings, names)
    asked = np.unique(row_positions(rows, len(embeddings)))
    kept = {m: asked[embeddings.present[m][asked]] for m in names}
    together = np.concatenate([embeddings.vectors[m][kept[m]] for m in names])
    points, used, explained = _project(together, method, dims, seed, n_neighbors, min_dist)
    parts = np.split(points, np.cumsum([len(kept[m]) for m in names])[:-1])
    return {
        m: Projection(part, kept[m], m, used, len(embeddings), len(asked), len(asked) - len(kept[m]), explained)
        for m, part in zip(names, parts, strict=True)
    }


def project_steps(
    steps: np.ndarray,
    rows: np.ndarray | None = None,
    name: str = "",
    method: str = "pca",
    dims: int = 2,
    seed: int = 0,
    n_neighbors: int = 15,
    min_dist: float = 0.1,
) -> list[Projection]:
    """One space at several times, `steps` [T + 1, N, d], on one map fitted to all of them: what moves there has moved.

    Rows are normalised as in `project`, so a vector that only grows stays where it is.
    """
    kept = np.unique(row_positions(rows, steps.shape[1]))
    points, used, explained = _project(np.concatenate(steps[:, kept]), method, dims, seed, n_neighbors, min_dist)
    n = steps.shape[1]
    return [Projection(part, kept, name, used, n, len(kept), 0, explained) for part in np.split(points, len(steps))]


def _project(
    vectors: np.ndarray, method: str, dims: int, seed: int, n_neighbors: int, min_dist: float
) -> tuple[np.ndarray, str, tuple[float, ...] | None]:
    """Points [N, dims], the method that was run, the explained shares."""
    if method not in METHODS:
        raise UserError(f"there is no projection called {method!r}", "", f"choose from {', '.join(METHODS)}")
    if dims not in (2, 3):
        raise UserError(f"a map has 2 or 3 dimensions, not {dims}", "", "choose 2 or 3")
    if not np.isfinite(vectors).all():
        raise UserError("some vectors hold values that are not finite", "latent space", "encode these items again")
    points = unit(vectors)
    if method == "pca":
        flat, explained = pca(points, dims)
        return flat, "pca", explained
    # Equal rows (one photo, five captions) are one point: they would be one another's only neighbours.
    codes, _ = pd.factorize(np.array([row.tobytes() for row in np.ascontiguousarray(points)], dtype=object))
    first = np.unique(codes, return_index=True)[1]
    if len(first) < FEWEST:
        flat, explained = pca(points, dims)
        return flat, "pca", explained
    start = pca(points[first], dims)[0]
    run = _umap if method == "umap" else _tsne
    return run(points[first], start, dims, seed, n_neighbors, min_dist)[codes].astype(np.float32), method, None


@dataclass(frozen=True)
class Plane:
    """Principal axes that stay as they are: later points are laid on them, and no other point moves.

    Attributes:
        mean: float32 [d].  axes: float64 [d, dims], zero where the data have no such axis.
        explained: share of the variance of each axis, 0..1.
    """

    mean: np.ndarray
    axes: np.ndarray
    explained: tuple[float, ...]

    def project(self, points: np.ndarray) -> np.ndarray:
        """Points [n, d] of the same space -> float32 [n, dims]."""
        return ((points - self.mean) @ self.axes).astype(np.float32)


def pca(points: np.ndarray, dims: int) -> tuple[np.ndarray, tuple[float, ...]]:
    """Principal components of points [N, d] -> (float32 [N, dims], share of the variance of each, 0..1).

    The sign is fixed (the greatest loading of each axis is positive). Axes that the data do not have are zero.
    """
    plane = fit_plane(points, dims)
    return plane.project(points), plane.explained


def fit_plane(points: np.ndarray, dims: int) -> Plane:
    """The principal axes of points [N, d], see `pca`."""
    from scipy.linalg import eigh

    n, width = points.shape
    fixed, shares = np.zeros((width, dims)), np.zeros(dims)
    mean = points.mean(axis=0, dtype=np.float64).astype(np.float32) if n else np.zeros(width, np.float32)
    centred = points - mean
    total = float((centred.astype(np.float64) ** 2).sum())
    if n < 2 or total < 1e-12 * n:
        return Plane(mean, fixed, tuple(shares))
    product = (centred.T @ centred if n >= width else centred @ centred.T).astype(np.float64)  # the smaller of the two
    values, axes = eigh(product, subset_by_index=[max(len(product) - dims, 0), len(product) - 1])
    values, axes = np.maximum(values[::-1], 0), axes[:, ::-1]
    if n < width:
        axes = centred.T.astype(np.float64) @ axes
        axes /= np.maximum(np.linalg.norm(axes, axis=0), 1e-12)
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])] < 0, -1, 1)
    real = values > 1e-10 * total
    found = axes.shape[1]
    fixed[:, :found] = np.where(real, axes, 0)
    shares[:found] = np.where(real, values / total, 0)
    return Plane(mean, fixed, tuple(float(s) for s in shares))


def _umap(points: np.ndarray, start: np.ndarray, dims: int, seed: int, n_neighbors: int, min_dist: float) -> np.ndarray:
    """UMAP of distinct unit rows on their exact neighbours (McInnes 2018)."""
    require("umap", "app", "UMAP")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from umap import UMAP

    k = int(np.clip(n_neighbors, 2, len(points) - 1))
    cosine, neighbours = nearest(points, points, k + 1)
    neighbours, distance = _self_first(neighbours, np.sqrt(np.maximum(2 - 2 * cosine, 0)))
    spread = start / max(float(np.abs(start).max()), 1e-12) * 10
    fit = UMAP(
        n_components=dims,
        n_neighbors=k,
        min_dist=float(np.clip(min_dist, 0, 0.99)),
        metric="euclidean",
        init=spread,
        random_state=seed,
        n_jobs=1,
        precomputed_knn=(neighbours[:, :k].astype(np.int32), distance[:, :k].astype(np.float32)),
    )
    with _one_umap, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "no search index": new points are never added to a map
        return fit.fit_transform(points)


def _self_first(neighbours: np.ndarray, distance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put each row itself first among its neighbours (rounding may have placed a near twin before it)."""
    own = neighbours == np.arange(len(neighbours))[:, None]
    own[~own.any(axis=1), -1] = True  # crowded out by near twins: it takes the last one's place
    order = np.argsort(~own, axis=1, kind="stable")
    neighbours, distance = np.take_along_axis(neighbours, order, 1), np.take_along_axis(distance, order, 1)
    neighbours[:, 0], distance[:, 0] = np.arange(len(neighbours)), 0
    return neighbours, distance


def _tsne(points: np.ndarray, start: np.ndarray, dims: int, seed: int, n_neighbors: int, min_dist: float) -> np.ndarray:
    """t-SNE of distinct unit rows (van der Maaten 2008), perplexity = `n_neighbors`."""
    from sklearn.manifold import TSNE

    perplexity = float(np.clip(n_neighbors, 2, max(2, (len(points) - 1) / 3)))
    spread = start / max(float(start[:, 0].std()), 1e-12) * 1e-4  # scikit-learn's own scale for a PCA start
    return TSNE(
        n_components=dims, perplexity=min(perplexity, len(points) - 1), init=spread, random_state=seed, n_jobs=1
    ).fit_transform(points)
