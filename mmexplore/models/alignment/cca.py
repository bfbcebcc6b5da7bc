"""Ridge CCA: the directions in which two modalities vary together."""

from __future__ import annotations

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.alignment.linear import LinearAlignment, Maps
from mmexplore.models.alignment.mcca import MultisetCCA
from mmexplore.models.alignment.rows import pair_rows
from mmexplore.models.alignment.whitening import centre, count_components
from mmexplore.models.card import MethodCard
from mmexplore.runtime import RandomState


class RidgeCCA(LinearAlignment):
    """Canonical correlation analysis with a ridge, of two modalities; of more, multiset CCA with the same settings.

    Maximises corr(X1 w1, X2 w2) with w_i' (Sigma_ii + r tr(Sigma_ii)/d_i I) w_i = 1 (Hotelling 1936; Vinod 1976),
    solved by `cca_zoo.linear.RidgeCCA` on the train rows in which both modalities are present.

    r is `ridge`. There are at most as many components as the smallest of 128, the widths and the number of pairs less
    one, and fewer where the vectors have a lower rank.
    """

    name = "cca"
    card = MethodCard(
        title="Ridge canonical correlation analysis (CCA)",
        summary="Turns each modality so that matching items land on the same spot: it looks for the directions in "
        "which the two vary together, and a ridge keeps it from believing in accidents.",
        equation=r"\max_{w_1,w_2}\; w_1^\top \Sigma_{12} w_2 \quad\text{s.t.}\quad "
        r"w_i^\top\!\left(\Sigma_{ii} + r\,\tfrac{\operatorname{tr}\Sigma_{ii}}{d_i} I\right) w_i = 1",
        paper="Hotelling 1936, Relations between two sets of variates; Vinod 1976, Canonical ridge and econometrics "
        "of joint production",
        look_for="Held-out correlations beside those on the fitted pairs: a wide gap means too few pairs, raise the "
        "ridge. Where the two encoders already share a space (CLIP), CCA usually makes retrieval worse, "
        "because it relearns from few pairs what millions taught: compare with the vectors as they are.",
        missing="Fitted on the rows in which both are present; each modality is mapped on its own, so any subset "
        "may be present later. An absent cell stays zero.",
    )

    def __init__(
        self, n_components: int | None = None, ridge: float = 1.0, scale: bool = True, *, random_state: RandomState = 0
    ) -> None:
        self.n_components = n_components
        self.ridge = ridge
        self.scale = scale
        self.random_state = random_state

    def solve(self, embeddings: Embeddings, rows: np.ndarray, seed: int) -> tuple[Maps, Maps]:
        if len(embeddings.modalities) > 2:
            return MultisetCCA(self.n_components, self.ridge, self.scale).solve(embeddings, rows, seed)
        from cca_zoo.linear import RidgeCCA as Solver

        names = sorted(embeddings.modalities)
        both = pair_rows(embeddings, names, rows)
        x, means, scales = zip(*(centre(embeddings.vectors[m][both], f"modality {m}") for m in names), strict=True)
        views = same_moments(*x)
        # With the mean variance at 1, Sigma + r tr(Sigma)/d I is (1 + r) times cca-zoo's (1 - c) Sigma + c I.
        solver = Solver(
            n_components=count_components(self.n_components, embeddings.dims.values(), int(both.sum())),
            shrinkage=self.ridge / (1 + self.ridge),
            center=False,
        ).fit(list(views))
        weights = solver.weights_
        if self.scale:
            scores = [v @ w for v, w in zip(views, weights, strict=True)]
            correlation = (scores[0] * scores[1]).sum(axis=0) / (len(views[0]) - 1)
            weights = [w * np.maximum(correlation, 0) for w in weights]
        return (
            dict(zip(names, means, strict=True)),
            {m: w / s[:, None] for m, w, s in zip(names, weights, scales, strict=True)},
        )


def same_moments(x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """Two centred views [n, p], [n, q] as p + q rows with the same covariances, where there are more rows than that.

    CCA sees nothing but covariances; so 30,000 captions cost the solver no more time and memory than 2,000.
    """
    n, p = x.shape
    rows = p + y.shape[1]
    if n <= rows:
        return [x, y]
    moments = np.block([[x.T @ x, x.T @ y], [y.T @ x, y.T @ y]])
    values, vectors = np.linalg.eigh(moments)
    root = np.sqrt(np.maximum(values, 0) * (rows - 1) / (n - 1))[:, None] * vectors.T
    return [root[:, :p], root[:, p:]]
