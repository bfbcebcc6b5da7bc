"""What a similarity means in this data: where it lies between random pairs and true pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmexplore.embeddings import Embeddings


@dataclass(frozen=True)
class Reading:
    """One similarity read off the thermometer.

    Attributes:
        score: the similarity.
        random_higher: share (0..1) of random pairs that score at least as high.
        true_lower: share (0..1) of true pairs that score lower (its percentile among true pairs).
        sentence: both in plain words ("a random pair scores higher in 3 of 100 cases").
    """

    score: float
    random_higher: float
    true_lower: float
    sentence: str


@dataclass(frozen=True)
class Thermometer:
    """Similarities of true and of random pairs of two modalities, each ascending.

    `separation` is the chance (0..1) that a true pair scores above a random pair (area under the ROC curve).
    """

    src: str
    dst: str
    true: np.ndarray
    random: np.ndarray
    separation: float

    def read(self, score: float) -> Reading:
        """Where `score` lies between the two distributions."""


def thermometer(embeddings: Embeddings, src: str, dst: str, rows: np.ndarray | None = None, n_random: int = 20000,
                seed: int = 0) -> Thermometer:
    """The two distributions over `rows` (all when None) where both modalities are present.

    True pairs: the rows. Random pairs: `n_random` seeded draws of two rows of different groups.

    Raises:
        UserError: not in one space, or fewer than two groups with both modalities.
    """
