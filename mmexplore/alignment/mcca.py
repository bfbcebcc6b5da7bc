"""Multiset CCA: the directions in which two or more modalities vary together."""

from __future__ import annotations

import numpy as np

from mmexplore.alignment.linear import LinearAlignment, Maps, centre, count_components
from mmexplore.alignment.rows import pair_rows
from mmexplore.card import MethodCard
from mmexplore.embeddings import Embeddings

# directions with less than this share of the largest variance are noise of the arithmetic, not of the data
RANK_TOLERANCE = 1e-10


class MultisetCCA(LinearAlignment):
    """Sum of correlations over all pairs of modalities, each pair over the rows that have both.

    A v = lambda B v with A the between-modality covariances (of the rows in which both are present) and B the
    ridged within-modality ones (Kettenring 1971). With no cell missing this is `cca_zoo.linear.MCCA`, and with two
    modalities CCA; libraries refuse missing cells, so the eigenproblem is solved here.

    Args:
        n_components: K; None = the smallest of 128, the widths and the number of rows less one.
        ridge: r >= 0, in units of a modality's mean variance.
        scale: multiply each component by its mean correlation lambda / (M - 1).
    """

    name = "mcca"
    handles_missing = True
    card = MethodCard(
        title="Multiset CCA (MCCA)",
        summary="CCA for any number of modalities: it looks for one set of directions in which every pair of "
                "modalities agrees as much as possible.",
        equation=r"\max_{w}\; \sum_{i\neq j} w_i^\top \Sigma_{ij} w_j \quad\text{s.t.}\quad \sum_i "
                 r"w_i^\top\!\left(\Sigma_{ii} + r\,\tfrac{\operatorname{tr}\Sigma_{ii}}{d_i} I\right) w_i = M",
        paper="Kettenring 1971, Canonical analysis of several sets of variables",
        look_for="The mean correlation over the pairs, held-out beside fitted. It rewards what most modalities share: "
                 "something that only two of five have in common comes late or not at all. With two modalities it "
                 "is CCA.",
        missing="Fitted with holes: every pair of modalities uses the rows that have both. An absent cell stays zero.",
    )

    def __init__(self, n_components: int | None = None, ridge: float = 1.0, scale: bool = True) -> None:
        self.n_components = n_components
        self.ridge = ridge
        self.scale = scale

    def solve(self, embeddings: Embeddings, rows: np.ndarray, seed: int) -> tuple[Maps, Maps]:
        names = sorted(embeddings.modalities)
        whitened, means, whiteners = {}, {}, {}
        for m in names:
            here = pair_rows(embeddings, [m], rows)
            x, means[m], spread = centre(embeddings.vectors[m][here], f"modality {m}")
            whitener = ridge_whitener(x, self.ridge)
            whiteners[m] = whitener / spread
            whitened[m] = np.zeros((len(here), whitener.shape[1]))
            whitened[m][here] = x @ whitener
        starts = np.cumsum([0, *(whitened[m].shape[1] for m in names)])
        between = np.zeros((starts[-1], starts[-1]))
        for i, a in enumerate(names):
            for j, b in enumerate(names[:i]):
                n_both = int(pair_rows(embeddings, [a, b], rows).sum())
                if n_both > 1:  # rows that lack one of the two are zeros and add nothing
                    block = whitened[a].T @ whitened[b] / (n_both - 1)
                    between[starts[i] : starts[i + 1], starts[j] : starts[j + 1]] = block
        values, vectors = top_eigenpairs(between + between.T, count_components(
            self.n_components, embeddings.dims.values(), int(rows.sum())))
        vectors = vectors * np.sqrt(len(names))
        if self.scale:
            vectors = vectors * np.maximum(values / (len(names) - 1), 0)
        return means, {m: whiteners[m] @ vectors[a:b] for m, a, b in zip(names, starts, starts[1:], strict=False)}


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
