"""Principal axes: each modality's own axes of most variance, matched by their rank. A baseline that uses no pairs."""

from __future__ import annotations

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.models.alignment.linear import LinearAlignment, Maps
from mmexplore.models.card import MethodCard


class PrincipalAxes(LinearAlignment):
    """z_m = the first K principal components of modality m at variance 1, turned to positive skewness.

    Args:
        n_components: axes kept, K; fewer where a modality is narrower or has fewer rows.
    """

    name = "principal-axes"
    handles_missing = True
    card = MethodCard(
        title="Principal axes",
        summary="Lays the longest axis of one modality on the longest of the other, and so on: no pairs are looked at.",
        equation=r"z_m = (x_m - \mu_m) V_m S_m^{-1},\qquad X_m = U_m S_m V_m^\top",
        paper="Pearson 1901, On lines and planes of closest fit to systems of points in space",
        look_for="What an alignment gains by pairs is what it finds beyond this one.",
        missing="Each modality is fitted on the rows that have it. An absent cell stays zero.",
    )

    def __init__(self, n_components: int = 8) -> None:
        self.n_components = n_components

    def solve(self, embeddings: Embeddings, rows: np.ndarray, seed: int) -> tuple[Maps, Maps]:
        given = {m: embeddings.vectors[m][rows & there].astype(float) for m, there in embeddings.present.items()}
        means = {m: x.mean(axis=0) for m, x in given.items()}
        k = min(self.n_components, *(min(x.shape[1], len(x) - 1) for x in given.values()))
        if k < 1:
            raise UserError("needs two rows and one component at least", self.name, "give more of them")
        return means, {m: _axes(x - means[m], k) for m, x in given.items()}


def _axes(x: np.ndarray, k: int) -> np.ndarray:
    """Centred rows [n, d] -> [d, k]: `x` times it has variance 1 in each column, and skewness of one sign."""
    _, scale, axes = np.linalg.svd(x, full_matrices=False)
    maps = axes[:k].T * np.sqrt(len(x)) / np.maximum(scale[:k], 1e-9)
    return maps * np.where(((x @ maps) ** 3).sum(axis=0) < 0, -1.0, 1.0)
