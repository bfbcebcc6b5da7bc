"""A fair sample where everything would be too much to draw."""

from __future__ import annotations

import numpy as np


def stratified_sample(labels: np.ndarray | int, n_max: int, seed: int = 0) -> np.ndarray:
    """At most `n_max` positions out of N, by label shares (largest remainder), seeded.

    Args:
        labels: classes [N] of any type (floats are cut into ten quantile bins; "" / NaN / None is a class of
            its own), or just N where there are no labels.
        n_max: positions to keep; everything is kept when N <= n_max.

    Returns:
        int [min(N, n_max)], ascending. Every class keeps at least one item when n_max allows that.
    """
