"""What contributions look like where there is nothing to find: labels, or the pairing of modalities, permuted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmexplore.attribution.shapley import shapley
from mmexplore.attribution.value import Answers, donors, game, game_of
from mmexplore.data.embeddings import Embeddings
from mmexplore.models.fusion.base import Fusion
from mmexplore.runtime import rng


@dataclass(frozen=True)
class Null:
    """Mean contributions under a permutation, by draw.

    Attributes:
        values: float [draws, M].  permuted: "labels" or "pairing".
        low, high: float [M], the band that holds 95 % of the draws.
    """

    values: np.ndarray
    permuted: str

    @property
    def low(self) -> np.ndarray:
        return np.percentile(self.values, 2.5, axis=0)

    @property
    def high(self) -> np.ndarray:
        return np.percentile(self.values, 97.5, axis=0)


def null_band(
    fusion: Fusion,
    embeddings: Embeddings,
    baseline: str = "missing",
    draws: int = 20,
    seed: int = 0,
    measure: str = "probability",
) -> Null:
    """Mean Shapley values of the same fitted model when what it should find is not there.

    With labels known their order is permuted (an item's value is then the probability of a stranger's class); without,
    every modality is permuted on its own, so that the modalities of a row are strangers. `measure` as in `game`.
    """
    random = rng(seed)
    by_label = embeddings.labels is not None and fusion.objective_ in ("classification", "regression")
    answers = Answers(fusion, embeddings, baseline, draws=1, seed=seed)
    rows = []
    for draw in range(draws):
        if by_label:
            assert embeddings.labels is not None
            played = game_of(answers, random.permutation(embeddings.labels), measure)
        else:
            played = game(fusion, _strangers(embeddings, random), baseline, draws=1, seed=seed + draw, measure=measure)
        rows.append(shapley(played, orders=20, seed=seed + draw).mean())
    return Null(np.array(rows), "labels" if by_label else "pairing")


def _strangers(embeddings: Embeddings, random: np.random.Generator) -> Embeddings:
    vectors = {}
    for m, v in embeddings.vectors.items():
        present = embeddings.present[m]
        vectors[m] = np.where(present[:, None], v[donors(present, random)], 0).astype(np.float32)
    return embeddings.with_vectors(vectors, embeddings.spaces)
