"""Alignments that are one affine map a modality: z_m = (x_m - mean_m) W_m, then unit length."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from itertools import combinations
from typing import Annotated, Any

import numpy as np

from mmexplore.data.embeddings import Embeddings, unit
from mmexplore.data.split import draw_split, held_out_rows, train_rows
from mmexplore.errors import UserError
from mmexplore.models.alignment.base import Alignment
from mmexplore.models.alignment.rows import MIN_PAIRS, pair_rows, require_linked
from mmexplore.models.estimator import OnEpoch
from mmexplore.models.known import require_known
from mmexplore.models.param import Param

Maps = dict[str, np.ndarray]

Scale = Annotated[
    bool,
    Param(
        "Scale by correlation",
        "Multiply each number of the shared space by how well it correlates between the modalities, so that weak ones "
        "count little when items are compared. Switched off, all count alike.",
    ),
]


class LinearAlignment(Alignment):
    """Fits `solve` on train rows and holds one map a modality. What subclasses have as parameters is declared here.

    Attributes after `fit`:
        means_: modality -> float64 [d_m], means of the fitted rows.
        maps_: modality -> float64 [d_m, K].
        correlations_: float [K] or None: correlation of each component on rows that were not fitted on, the mean
            over pairs of modalities, in the order of the components. On the `test` rows (else `val`); without a
            split, of a second fit on 80 % of the groups, read on the other 20 %. None with fewer than ten such rows.
        train_correlations_: the same on the fitted rows.
    """

    #: False where the K outputs are not matched components (then there are no correlations to show)
    has_components = True
    n_components: Annotated[
        int | None,
        Param(
            "Components",
            "Numbers in each vector of the shared space, at most. More keep finer agreement and more noise. "
            "Automatic is 128, or fewer where the vectors are narrower or the pairs few.",
            low=1,
        ),
    ]
    ridge: Annotated[
        float,
        Param(
            "Ridge",
            "How much the fit is held back from trusting directions that agree by chance, in units of a modality's "
            "mean variance. Raise it with few pairs; 0 trusts the fitted pairs fully, which needs far more pairs than "
            "the vectors have numbers.",
            low=0,
            why="a negative ridge has no meaning",
        ),
    ]
    scale: Scale
    means_: Maps
    maps_: Maps

    @abstractmethod
    def solve(self, embeddings: Embeddings, rows: np.ndarray, seed: int) -> tuple[Maps, Maps]:
        """(means, maps) fitted on `rows` (bool [N])."""

    def _fit(self, embeddings: Embeddings, on_epoch: OnEpoch | None, seed: int) -> None:
        """Fit in closed form; `on_epoch` is called once, at the end."""
        train = train_rows(embeddings)
        require_linked(embeddings, train, self.name)
        self.means_, self.maps_ = self.solve(embeddings, train, seed)
        self.modalities_, self.dims_ = embeddings.modalities, embeddings.dims
        self.history_ = self.empty_history()
        self.correlations_ = self.train_correlations_ = None
        if self.has_components:
            self.train_correlations_ = component_correlations(embeddings, train, self.means_, self.maps_)
            self.correlations_ = self._held_out_correlations(embeddings, seed)
        if on_epoch is not None:
            on_epoch(1, 1, {})

    def _held_out_correlations(self, embeddings: Embeddings, seed: int) -> np.ndarray | None:
        if embeddings.splits is not None:
            return component_correlations(embeddings, held_out_rows(embeddings), self.means_, self.maps_)
        test = draw_split(embeddings, seed=seed) == "test"
        try:
            require_linked(embeddings, ~test, self.name)
        except UserError:  # enough to fit on, too few to part
            return None
        return component_correlations(embeddings, test, *self.solve(embeddings, ~test, seed))

    def transform(self, embeddings: Embeddings) -> Embeddings:
        require_known(embeddings, self.dims_, self.name)
        out = {}
        for m, x in embeddings.vectors.items():
            z = (x - self.means_[m].astype(np.float32)) @ self.maps_[m].astype(np.float32)
            out[m] = unit(z, embeddings.present[m])
        return embeddings.with_vectors(out, dict.fromkeys(out, f"aligned:{self.name}"))

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        arrays = {
            f"{part}.{j}": values[m]
            for part, values in (("mean", self.means_), ("map", self.maps_))
            for j, m in enumerate(self.modalities_)
        }
        for key in ("correlations_", "train_correlations_"):
            if getattr(self, key) is not None:
                arrays[key] = getattr(self, key)
        return arrays, {}

    def restore(self, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> None:
        self.means_ = {m: arrays[f"mean.{j}"] for j, m in enumerate(self.modalities_)}
        self.maps_ = {m: arrays[f"map.{j}"] for j, m in enumerate(self.modalities_)}
        self.correlations_ = arrays.get("correlations_")
        self.train_correlations_ = arrays.get("train_correlations_")


def component_correlations(
    embeddings: Embeddings, rows: np.ndarray, means: Mapping[str, np.ndarray], maps: Mapping[str, np.ndarray]
) -> np.ndarray | None:
    """float64 [K]: Pearson correlation of each component between two modalities, averaged over the pairs.

    Only pairs of modalities with at least MIN_PAIRS common rows within `rows` (bool [N]) count; None if none has.
    A component that is constant there counts as 0.
    """
    found = []
    for a, b in combinations(sorted(maps), 2):
        both = pair_rows(embeddings, [a, b], rows)
        if both.sum() < MIN_PAIRS:
            continue
        za, zb = ((embeddings.vectors[m][both] - means[m]) @ maps[m] for m in (a, b))
        za, zb = za - za.mean(0), zb - zb.mean(0)
        scale = np.sqrt((za**2).sum(0) * (zb**2).sum(0))
        found.append(np.divide((za * zb).sum(0), scale, out=np.zeros_like(scale), where=scale > 0))
    return np.mean(found, axis=0) if found else None
