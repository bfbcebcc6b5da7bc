"""Many dimensions -> the two or three that are drawn: PCA, UMAP, t-SNE. Same seed, same picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmexplore.embeddings import Embeddings

METHODS = ("pca", "umap", "tsne")


@dataclass(frozen=True)
class Projection:
    """Where the items of one space lie on a map.

    Attributes:
        points: float32 [n, dims].
        rows: int [n], the position of each point in the embeddings (ascending): what charts carry as customdata.
        name: of the space ("image", "fused").
        method: "pca", "umap" or "tsne": what was really run (too few points for UMAP or t-SNE: "pca").
        n_asked: rows that were asked for.  n_absent: those left out because the modality is absent there.
        explained: share of the variance of each axis (PCA only), else None.
    """

    points: np.ndarray
    rows: np.ndarray
    name: str
    method: str
    n_asked: int
    n_absent: int
    explained: tuple[float, ...] | None = None

    @property
    def dims(self) -> int:
        return self.points.shape[1]

    @property
    def note(self) -> str:
        """One plain sentence: how many points are drawn of how many, and what was left out."""
        return ""


def project(vectors: np.ndarray, method: str = "pca", dims: int = 2, seed: int = 0, n_neighbors: int = 15,
            min_dist: float = 0.1) -> np.ndarray:
    """Project vectors [N, d] to float32 [N, dims]; never fails on tiny N, duplicates or constant vectors.

    Rows are L2-normalised first (every space here is compared by cosine), equal rows get one and the same point.

    Args:
        method: "pca", "umap" (exact neighbours, PCA start) or "tsne" (PCA start).
        dims: 2 or 3.
        n_neighbors: UMAP's neighbourhood; for t-SNE the perplexity. Cut to what N allows.
        min_dist: UMAP only, 0..1.

    Raises:
        UserError: unknown method, dims not 2 or 3, or values that are not finite.
    """


def project_space(vectors: np.ndarray, present: np.ndarray | None = None, rows: np.ndarray | None = None,
                  name: str = "", method: str = "pca", dims: int = 2, seed: int = 0, n_neighbors: int = 15,
                  min_dist: float = 0.1) -> Projection:
    """One map of one space: `vectors` [N, d] at `rows` (all when None; a sample otherwise) where `present`."""


def project_joint(embeddings: Embeddings, modalities: Sequence[str] | None = None, rows: np.ndarray | None = None,
                  method: str = "pca", dims: int = 2, seed: int = 0, n_neighbors: int = 15,
                  min_dist: float = 0.1) -> dict[str, Projection]:
    """Several modalities of ONE shared space on one map, fitted together: modality -> Projection.

    Raises:
        UserError: fewer than two modalities, or they do not lie in one space (`embeddings.spaces`).
    """
