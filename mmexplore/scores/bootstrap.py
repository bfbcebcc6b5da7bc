"""The bootstrap: how sure a number is that was measured on groups of items (Efron 1979, percentile interval).

Whole groups are drawn with replacement, because rows of one group are no independent evidence: five captions of one
photo say what one says.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mmexplore.runtime import rng

DRAWS = 1000
FEWEST_DRAWS = 200
#: numbers held at a time: blocks of draws are cut to it
_BLOCK = 4_000_000
_ENDS = (2.5, 97.5)


def group_codes(groups: np.ndarray) -> np.ndarray:
    """int [N], 0 .. G - 1: groups in the order of their names (of their numbers where they are integers)."""
    names = groups if groups.dtype.kind in "iu" else groups.astype(str)
    return np.unique(names, return_inverse=True)[1]


def n_draws(n_groups: int) -> int:
    """1,000; fewer (at least 200) above 10,000 groups, where the interval is narrow and each draw is dear."""
    return int(np.clip(DRAWS * 10_000 // n_groups, FEWEST_DRAWS, DRAWS))


def resamples(n_groups: int, draws: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """How often each group was drawn, float [B, n_groups], in blocks of B draws until there are `draws`.

    The draws do not depend on how they are cut into blocks.
    """
    size = max(1, _BLOCK // max(n_groups, 1))
    for start in range(0, draws, size):
        n = min(size, draws - start)
        drawn = random.integers(0, n_groups, (n, n_groups)) + n_groups * np.arange(n)[:, None]
        yield np.bincount(drawn.ravel(), minlength=n * n_groups).reshape(n, n_groups).astype(float)


def intervals(values: np.ndarray, groups: np.ndarray, seed: int = 0) -> np.ndarray:
    """95 % intervals [K, 2] of the means of K measures `values` [K, N] over the same items, drawn together."""
    codes = group_codes(groups)
    counts = np.bincount(codes)
    sums = np.stack([np.bincount(codes, v) for v in [*values, np.ones(len(codes))]], axis=1)  # [G, K + 1]
    total = np.concatenate([times @ sums for times in resamples(len(counts), n_draws(len(counts)), rng(seed))])
    return np.percentile(total[:, :-1] / total[:, -1:], _ENDS, axis=0).T


def interval(values: np.ndarray, groups: np.ndarray, seed: int = 0) -> list[float]:
    """95 % interval [low, high] of the mean of `values` [N]; whole groups are drawn."""
    return intervals(np.asarray(values)[None], groups, seed)[0].tolist()


def median_interval(values: np.ndarray, groups: np.ndarray, seed: int = 0) -> list[float]:
    """95 % interval [low, high] of the (lower) median of `values` [N]; whole groups are drawn, as `intervals` draws."""
    codes = group_codes(groups)
    order = np.argsort(values)
    owner, n_groups, medians = codes[order], int(codes.max()) + 1, []
    for block in resamples(n_groups, n_draws(n_groups), rng(seed)):
        for times in block:  # one at a time: [B, N] would be slower where rows are many
            reached = times[owner].cumsum()
            medians.append(values[order[np.searchsorted(reached, reached[-1] / 2)]])
    return np.percentile(medians, _ENDS).tolist()
