"""A fair sample where everything would be too much to draw."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmexplore import runtime

QUANTILE_BINS = 10


def stratified_sample(labels: np.ndarray | int, n_max: int, seed: int = 0) -> np.ndarray:
    """At most `n_max` positions out of N, by label shares (largest remainder), seeded.

    Args:
        labels: classes [N] of any type (floats are cut into ten quantile bins; "" / NaN / None is a class of
            its own), or just N where there are no labels.
        n_max: positions to keep; everything is kept when N <= n_max.

    Returns:
        int [min(N, n_max)], ascending. Every class keeps at least one item when n_max allows that.
    """
    n = int(labels) if isinstance(labels, int | np.integer) else len(labels)
    n_max = max(0, int(n_max))
    if n <= n_max:
        return np.arange(n)
    strata = np.zeros(n, int) if isinstance(labels, int | np.integer) else _strata(np.asarray(labels))
    sizes = np.bincount(strata)
    quota = _quotas(sizes, n_max)
    draw = runtime.rng(seed).random(n)
    order = np.lexsort((draw, strata))  # by class, shuffled within
    place = np.arange(n) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # place within the class
    return np.sort(order[place < quota[strata[order]]])


def _strata(labels: np.ndarray) -> np.ndarray:
    """Class numbers 0.. of the labels; the unknown ones are a class."""
    if np.issubdtype(labels.dtype, np.floating):
        bins = pd.qcut(pd.Series(labels), QUANTILE_BINS, labels=False, duplicates="drop")
        return pd.factorize(bins.fillna(-1))[0]
    return pd.factorize(pd.Series(labels, dtype=object).fillna("").astype(str))[0]


def _quotas(sizes: np.ndarray, n_max: int) -> np.ndarray:
    """Items to keep of each class, in all `n_max`: one each where possible, the rest by size, largest remainder."""
    base = np.ones_like(sizes) if n_max >= len(sizes) else np.zeros_like(sizes)
    left, weight = n_max - base.sum(), sizes - base
    exact = left * weight / max(weight.sum(), 1)
    quota = base + np.floor(exact).astype(int)
    missing = n_max - quota.sum()
    quota[np.argsort(-(exact - np.floor(exact)), kind="stable")[:missing]] += 1
    return quota
