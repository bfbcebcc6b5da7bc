"""Every subset of the modalities by itself: which one is the worst to be left with."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mmexplore.robustness.judge import Ask, Judge
from mmexplore.scores.bootstrap import interval
from mmexplore.server.progress import Progress

#: above this many modalities only the single drops are asked: 2^M - 1 subsets would be too many
MAX_EXACT = 6


@dataclass(frozen=True)
class Subset:
    """What is known when only some modalities are shown.

    Attributes:
        shown: names, in the order of the data.
        score, interval: over all judged items; one with none of `shown` gets the method's answer to nothing.
        n_with: items that have at least one of `shown`.  score_with: the score over those alone.
    """

    shown: tuple[str, ...]
    score: float
    interval: list[float]
    n_with: int
    score_with: float


def subsets_of(names: list[str], present: np.ndarray) -> list[tuple[str, ...]]:
    """Non-empty subsets of which some item (present bool [n, M]) has a part: all of them up to MAX_EXACT modalities,
    above that everything and everything but one."""
    m = len(names)
    sizes = range(1, m + 1) if m <= MAX_EXACT else (m - 1, m)
    all_of_them = [s for size in sizes for s in combinations(names, size)]
    return [s for s in all_of_them if present[:, [names.index(name) for name in s]].any()]


def subset_scores(judge: Judge, ask: Ask, seed: int = 0, progress: Progress | None = None) -> list[Subset]:
    """Every subset, the worst first (of equals the larger: it should have known better)."""
    whole, answer = judge.whole, []
    for shown in subsets_of(whole.modalities, whole.mask):
        if progress is not None:
            progress.check()
        hidden = ~np.isin(whole.modalities, shown)
        left = whole.hide(np.broadcast_to(hidden, whole.mask.shape))
        rates, has = ask(left), np.asarray(left.mask.any(axis=1))
        answer.append(
            Subset(
                shown,
                float(rates.mean()),
                interval(rates, whole.groups, seed),
                int(has.sum()),
                float(rates[has].mean()),
            )
        )
    return sorted(answer, key=lambda s: (s.score, -len(s.shown), s.shown))
