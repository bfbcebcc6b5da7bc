"""Multiset CCA: the directions in which two or more modalities vary together."""

from __future__ import annotations

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.alignment.linear import LinearAlignment, Maps
from mmexplore.models.alignment.whitening import count_components, top_eigenpairs, whiten
from mmexplore.models.card import MethodCard
from mmexplore.runtime import RandomState


class MultisetCCA(LinearAlignment):
    """Sum of correlations over all pairs of modalities, each pair over the rows that have both.

    A v = lambda B v with A the between-modality covariances (of the rows in which both are present) and B the
    ridged within-modality ones (Kettenring 1971). With no cell missing this is `cca_zoo.linear.MCCA`, and with two
    modalities CCA; libraries refuse missing cells, so the eigenproblem is solved here.

    r is `ridge`; `scale` multiplies each component by its mean correlation lambda / (M - 1).
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

    def __init__(
        self, n_components: int | None = None, ridge: float = 1.0, scale: bool = True, *, random_state: RandomState = 0
    ) -> None:
        self.n_components = n_components
        self.ridge = ridge
        self.scale = scale
        self.random_state = random_state

    def solve(self, embeddings: Embeddings, rows: np.ndarray, seed: int) -> tuple[Maps, Maps]:
        white = whiten(embeddings, rows, self.ridge)
        k = count_components(self.n_components, embeddings.dims.values(), int(rows.sum()))
        _, directions = top_eigenpairs(white.between, k)
        return white.means, white.maps(directions, self.scale)
