"""Ridge maps that fill in an absent modality: what a plain regression makes of the others."""

from __future__ import annotations

from itertools import permutations
from typing import Self

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import train_rows
from mmexplore.models.alignment.ridge_map import RidgeMap
from mmexplore.models.alignment.rows import MIN_PAIRS, pair_rows


class RidgeFill:
    """A `RidgeMap` from every modality onto every other; what several given ones say is averaged.

    The bar that a generative model must pass: it has the same `reconstruct`.

    Args:
        ridge: as in `RidgeMap`.

    Attributes after `fit`:
        modalities_: names.  maps_: (from, onto) -> (mean of from, map [d_from, d_onto], mean of onto).
    """

    name = "ridge-maps"

    def __init__(self, ridge: float = 1.0) -> None:
        self.ridge = ridge

    def fit(self, embeddings: Embeddings) -> Self:
        """Fit on the train rows that have both. Two modalities with fewer than MIN_PAIRS such rows get no map."""
        train = train_rows(embeddings)
        self.modalities_ = embeddings.modalities
        self.means_ = {m: _mean(embeddings, m, train) for m in self.modalities_}
        self.maps_: dict[tuple[str, str], tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        for m, onto in permutations(self.modalities_, 2):
            both = pair_rows(embeddings, [m, onto], train)
            if both.sum() >= MIN_PAIRS:
                fitted = RidgeMap(self.ridge, reference=onto).fit(embeddings.only([m, onto]).take(both))
                scale = 1 / np.diag(fitted.maps_[onto])  # the map gives the reference in units of its spread
                self.maps_[m, onto] = (fitted.means_[m], fitted.maps_[m] * scale, fitted.means_[onto])
        return self

    def reconstruct(self, embeddings: Embeddings) -> dict[str, np.ndarray]:
        """Every modality, float32 [N, d_m] in its own units, from what is present.

        What is present is itself. Where nothing else is present, or nothing that has a map, it is the train mean.
        """
        answer = {}
        for onto in self.modalities_:
            total, count = np.zeros((len(embeddings), len(self.means_[onto]))), np.zeros(len(embeddings))
            for m in embeddings.modalities:
                if (m, onto) in self.maps_:
                    mean, weight, centre = self.maps_[m, onto]
                    present = embeddings.present[m]
                    total[present] += (embeddings.vectors[m][present] - mean) @ weight + centre
                    count += present
            filled = np.where(count[:, None] > 0, total / np.maximum(count, 1)[:, None], self.means_[onto])
            if onto in embeddings.vectors:
                filled = np.where(embeddings.present[onto][:, None], embeddings.vectors[onto], filled)
            answer[onto] = filled.astype(np.float32)
        return answer


def _mean(embeddings: Embeddings, modality: str, train: np.ndarray) -> np.ndarray:
    """Mean of a modality over the train rows that have it; zeros where none does."""
    rows = train & embeddings.present[modality]
    vectors = embeddings.vectors[modality]
    return vectors[rows].mean(axis=0, dtype=np.float64) if rows.any() else np.zeros(vectors.shape[1])
