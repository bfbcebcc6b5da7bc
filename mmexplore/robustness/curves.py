"""Score against the share of items that lost a modality: a curve, its intervals, and the area under it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mmexplore.scores.bootstrap import interval, intervals


@dataclass(frozen=True)
class Curve:
    """One method, one modality that goes missing.

    Attributes:
        method: its name, or that of a reference.  modality: what is taken away (`holes.ANY`: any cell).
        shares: float [S], ascending.
        score: float [S], mean over the judged items and the draws of holes.
        low, high: float [S], 95 % bootstrap interval over the items (whole groups) of the mean over the draws.
        by_draw: float [R, S], the score of each draw.
        area, area_interval: mean height of the curve over the shares (trapezia over the width), and its interval.
        reference: is it something to compare with, not a chosen method?
        note: what a reader must know of it ("the best at each share: image, then text").
        item_area: float [n], each item's part of `area`, for comparing two curves item by item.
    """

    method: str
    modality: str
    shares: np.ndarray
    score: np.ndarray
    low: np.ndarray
    high: np.ndarray
    by_draw: np.ndarray
    area: float
    area_interval: list[float]
    reference: bool = False
    note: str = ""
    item_area: np.ndarray = field(default_factory=lambda: np.zeros(0), repr=False)


def area(shares: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Mean height of curves [S, ...] over the shares [S] by the trapezoidal rule; a constant curve has its constant."""
    width = float(shares[-1] - shares[0])
    if width == 0:
        return np.asarray(heights, float).mean(axis=0)
    return np.trapezoid(heights, shares, axis=0) / width


def curve(
    method: str,
    modality: str,
    shares: np.ndarray,
    rates: np.ndarray,
    groups: np.ndarray,
    seed: int = 0,
    reference: bool = False,
    note: str = "",
) -> Curve:
    """The curve of rates [R, S, n]: how well each of n items was answered, for R draws of holes and S shares."""
    mean = rates.mean(axis=0)  # [S, n]
    low, high = intervals(mean, groups, seed).T
    items = area(shares, mean)
    return Curve(
        method,
        modality,
        shares,
        mean.mean(axis=1),
        low,
        high,
        rates.mean(axis=2),
        float(items.mean()),
        interval(items, groups, seed),
        reference,
        note,
        items,
    )


def difference(a: Curve, b: Curve, groups: np.ndarray, seed: int = 0) -> tuple[float, list[float]]:
    """Area of `a` minus area of `b`, and its 95 % bootstrap interval: the same items and holes, so pairs are drawn."""
    gain = a.item_area - b.item_area
    return float(gain.mean()), interval(gain, groups, seed)
