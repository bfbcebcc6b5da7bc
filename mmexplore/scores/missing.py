"""Holes drawn at random: the same ones for every method that is asked with the same seed."""

from __future__ import annotations

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.runtime import rng


def draw_missing(embeddings: Embeddings, share: float, seed: int = 0) -> np.ndarray:
    """bool [N, M], the cells to take away with `embeddings.hide`: each present cell with probability `share`.

    Every row keeps one of its present modalities, the one whose lot was the highest, so that somewhat less than `share`
    goes missing. The lots are drawn by row and by the alphabetical place of the modality: the holes of a larger share
    hold those of a smaller one, and the order in which modalities are listed changes nothing.

    Args:
        share: 0 to 1; at 1 one modality a row is left.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must be from 0 to 1, not {share}")
    names = embeddings.modalities
    lots = rng(seed).random((len(embeddings), len(names)))
    lots = lots[:, [sorted(names).index(m) for m in names]]
    lots = np.where(embeddings.mask, lots, -1.0)
    kept = (lots >= share) | (lots == lots.max(axis=1, keepdims=True))
    return embeddings.mask & ~kept
