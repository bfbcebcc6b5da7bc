"""Ridge map: predict one modality's vectors from each of the others."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.models.alignment.linear import LinearAlignment, Maps
from mmexplore.models.alignment.rows import MIN_PAIRS, pair_rows
from mmexplore.models.alignment.whitening import centre
from mmexplore.models.card import MethodCard
from mmexplore.models.param import Param
from mmexplore.models.ridge import ridge
from mmexplore.runtime import RandomState


class RidgeMap(LinearAlignment):
    """Ridge regression of every modality onto a reference: W = (Sigma_xx + r I)^-1 Sigma_xy, mean variance 1.

    The shared space is the reference's own (centred), so its width is the reference's. r is `ridge`.
    """

    name = "ridge-map"
    has_components = False
    card = MethodCard(
        title="Ridge map (least squares onto a reference)",
        summary="Learns to predict the vector of one modality from each of the others; what is predicted is compared "
        "with what is there.",
        equation=r"W_m = \left(\Sigma_{mm} + r\,\tfrac{\operatorname{tr}\Sigma_{mm}}{d_m} I\right)^{-1}"
        r"\Sigma_{m,\mathrm{ref}}",
        paper="Mikolov 2013, Exploiting similarities among languages for machine translation; Hoerl and Kennard 1970, "
        "Ridge regression",
        look_for="Predictions are pulled towards the mean, so a few items of the reference become hubs that many "
        "queries find. Exchange the reference: the two directions are different maps.",
        missing="Each modality is fitted on the rows that have it and the reference. An absent cell stays zero.",
    )

    reference: Annotated[
        str | None,
        Param(
            "Reference",
            "The modality whose vectors the others are mapped onto. Automatic is the one that most train items "
            "have, and of equals the narrowest, which has the fewest numbers to predict.",
        ),
    ]

    def __init__(self, ridge: float = 1.0, reference: str | None = None, *, random_state: RandomState = 0) -> None:
        self.ridge = ridge
        self.reference = reference
        self.random_state = random_state

    def solve(self, embeddings: Embeddings, rows: np.ndarray, seed: int) -> tuple[Maps, Maps]:
        names = sorted(embeddings.modalities)
        if self.reference is not None and self.reference not in names:
            raise UserError(
                f"there is no modality {self.reference!r} to map onto", self.name, f"choose one of {', '.join(names)}"
            )
        target = self.reference or min(
            names, key=lambda m: (-int(pair_rows(embeddings, [m], rows).sum()), embeddings.dims[m], m)
        )
        means, maps = {}, {}
        for m in names:
            both = pair_rows(embeddings, [m, target], rows)
            if both.sum() < MIN_PAIRS:
                raise UserError(
                    f"only {int(both.sum())} rows have it together with {target}, at least {MIN_PAIRS} are needed",
                    f"modality {m}",
                    "choose another reference",
                )
            x, means[m], scale = centre(embeddings.vectors[m][both], f"modality {m}")
            if m == target:
                maps[m] = np.diag(1 / scale)
                continue
            y, _, _ = centre(embeddings.vectors[target][both], f"modality {target}")
            maps[m] = ridge(x, y, self.ridge * (len(x) - 1)) / scale[:, None]
        return means, maps
