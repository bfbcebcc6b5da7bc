"""Which rows a fit may see: the split that the data has, or one that is drawn; a group is never parted."""

from __future__ import annotations

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.runtime import rng


def train_rows(embeddings: Embeddings) -> np.ndarray:
    """bool [N]: the `train` rows, or all where there is no split."""
    return np.ones(len(embeddings), bool) if embeddings.splits is None else embeddings.in_split("train")


def held_out_rows(embeddings: Embeddings) -> np.ndarray:
    """bool [N]: the `test` rows, else the `val` rows; all False where there are neither."""
    test = embeddings.in_split("test")
    return test if test.any() else embeddings.in_split("val")


def draw_split(embeddings: Embeddings, held_out: float = 0.2, seed: int = 0) -> np.ndarray:
    """A seeded train / test split that never parts a group; by label shares where there are classes.

    Returns:
        object array of "train" / "test", [N]; `held_out` of the groups are test (at least one of each
        where there are two groups or more).
    """

    groups, first, inverse = np.unique(embeddings.groups.astype(str), return_index=True, return_inverse=True)
    strata = np.zeros(len(groups), int)
    if embeddings.target_kind == "classification" and embeddings.labels is not None:
        strata = np.unique(embeddings.labels[first].astype(str), return_inverse=True)[1]
    random = rng(seed)
    draw, offset = random.random(len(groups)), random.random(strata.max() + 1)
    # Systematic sampling: within a stratum the shuffled groups stand at (k + u) / size, evenly over [0, 1),
    # so the smallest `held_out` of all positions hold the same share of every stratum.
    position = np.empty(len(groups))
    for s in np.unique(strata):
        member = np.flatnonzero(strata == s)
        order = member[np.argsort(draw[member])]
        position[order] = (np.arange(len(order)) + offset[s]) / len(order)
    n_test = min(max(1, round(held_out * len(groups))), len(groups) - 1) if len(groups) > 1 else 0
    test = np.zeros(len(groups), bool)
    test[np.argsort(position, kind="stable")[:n_test]] = True
    return np.where(test[inverse], "test", "train").astype(object)
