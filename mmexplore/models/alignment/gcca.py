"""Generalised CCA with missing cells: one hidden variable a row, which every present modality predicts."""

from __future__ import annotations

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.alignment.linear import LinearAlignment, Maps
from mmexplore.models.alignment.whitening import count_components, top_eigenpairs, whiten
from mmexplore.models.card import MethodCard
from mmexplore.runtime import RandomState


class GeneralisedCCA(LinearAlignment):
    """Masked GCCA (MAXVAR): T minimises the ridged error of regressing it on each modality *where it is present*.

    With K_m the presence of modality m on the diagonal and K = sum_m K_m, the columns of K^1/2 T are the top
    eigenvectors of sum_m K^-1/2 X_m C_m^-1 X_m' K^-1/2 / (n_m - 1), C_m = Sigma_m + r tr(Sigma_m)/d_m I (Carroll 1968;
    the constraint T' K T = I for missing rows: van de Velden and Takane 2012), and W_m = C_m^-1 X_m' T / (n_m - 1).
    Rows with a single modality shape C_m but say nothing about agreement, so they have no part in T. The n x n
    problem is solved as the P x P one of the stacked whitened modalities. With nothing missing it is
    `cca_zoo.linear.GCCA`, which refuses missing cells.

    r is `ridge`; `scale` multiplies each component by its mean correlation over the pairs of modalities.
    """

    name = "gcca"
    handles_missing = True
    card = MethodCard(
        title="Generalised CCA (GCCA, MAXVAR) with missing cells",
        summary="Supposes one hidden variable behind each item and looks for the one that all its modalities can "
        "predict best; an item that lacks some modalities is judged by those it has.",
        equation=r"\min_{T,\,W}\; \sum_m \left\lVert K_m\,(T - X_m W_m)\right\rVert_F^2 + r_m\lVert W_m\rVert_F^2 "
        r"\quad\text{s.t.}\quad T^\top\!\left(\textstyle\sum_m K_m\right) T = I",
        paper="Carroll 1968, Generalization of canonical correlation analysis to three or more sets of variables; "
        "van de Velden and Takane 2012, Generalized canonical correlation analysis with missing values",
        look_for="With few complete items it keeps what CCA on complete items would throw away: hide cells and watch "
        "the held-out correlations. With two modalities and nothing missing it finds CCA's directions.",
        missing="Fitted with holes: each item counts through the modalities it has (two or more). An absent cell "
        "stays zero.",
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
        count = white.present.sum(axis=1)
        shared = count >= 2
        stacked = np.empty((int(shared.sum()), white.width))
        for j, m in enumerate(white.names):
            weight = 1 / np.sqrt(count[shared] * max(1, white.present[:, j].sum() - 1))
            stacked[:, white.columns[m]] = white.scores[m][shared] * weight[:, None]
        k = count_components(self.n_components, embeddings.dims.values(), int(shared.sum()))
        # the right singular vectors of it are, modality by modality, the whitened weights C_m^1/2 W_m of the
        # regression onto T = K^-1/2 (left singular vectors)
        _, directions = top_eigenpairs(stacked.T @ stacked, k)
        return white.means, white.maps(directions, self.scale)
