"""Grad-CAM of a similarity: which cells of a picture's last feature map raise it (Selvaraju et al. 2017).

The map of a cell p is the sum over channels k of (d similarity / d pooled_k) x A_pk / P. For a map that is pooled by
its mean that is the derivative of the similarity in the direction of the cell's own vector, A_p / P: one number a cell,
whatever lies between the pooled vector and the similarity (the bridge, a fitted alignment). It is taken by central
differences, for all cells and texts at once. No ReLU: a similarity does not change with the pooled vector's length, so
the map sums to zero, and shows what raises it against what lowers it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmexplore.data.embeddings import unit

#: pooled unit vectors [B, d] -> similarities to Q texts [B, Q]
Similarity = Callable[[np.ndarray], np.ndarray]
STEP = 1e-2


def pooled_grad_cam(cells: np.ndarray, similarity: Similarity) -> np.ndarray:
    """float [Q, P]: the Grad-CAM of each of Q similarities over the P cells of a map that is pooled by its mean.

    Args:
        cells: float32 [P, d], the vectors of the map, as the model has them (not normalised).
    """
    pooled = cells.mean(axis=0)
    moved = np.concatenate([pooled + STEP * cells, pooled - STEP * cells])
    found = similarity(unit(moved))
    up, down = np.split(found.astype(np.float64), 2)
    return ((up - down) / (2 * STEP) / len(cells)).T


def gradient(vector: np.ndarray, similarity: Similarity) -> np.ndarray:
    """float [Q, d]: the gradient of each similarity at a unit vector [d], by central differences.

    It is the way from a similarity that numpy computes back into a tower that torch differentiates.
    """
    step = STEP * np.eye(len(vector), dtype=np.float32)
    found = similarity(np.concatenate([vector + step, vector - step])).astype(np.float64)
    up, down = np.split(found, 2)
    return ((up - down) / (2 * STEP)).T
