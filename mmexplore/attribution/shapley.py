"""Shapley values of modalities: each one's average gain over all orders in which modalities can be shown.

    phi_m = sum over S without m of |S|! (M - |S| - 1)! / M! * (v(S + m) - v(S))

Shapley (1953). Efficiency: sum_m phi_m = v(all) - v(none); the residual is kept and shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial

import numpy as np

from mmexplore.attribution.value import Game
from mmexplore.runtime import rng

#: above this many modalities orders are sampled: 2^M sets would be too many
MAX_EXACT = 6


@dataclass(frozen=True)
class Contributions:
    """Measured contributions of M modalities to N items.

    Attributes:
        modalities: names.  values: float [N, M], phi in units of the game's value; 0 for an absent modality.
        full, empty: float [N], v(all) and v(none).
        error: float [N, M], standard error of sampled values; None where they are exact.
        mean_error: float [M], that of their mean over items; None where they are exact.
        meaning, baseline: what the value is, and what stood in for a hidden modality.
    """

    modalities: list[str]
    values: np.ndarray
    full: np.ndarray
    empty: np.ndarray
    error: np.ndarray | None
    meaning: str
    baseline: str
    mean_error: np.ndarray | None = None

    @property
    def residual(self) -> np.ndarray:
        """float [N]: v(all) - v(none) - sum of phi; 0 up to rounding."""
        return self.full - self.empty - self.values.sum(axis=1)

    @property
    def shares(self) -> np.ndarray:
        """float [N, M]: |phi_m| / sum |phi| (as MM-SHAP, Parcalabescu 2023); 0 where nothing contributes."""
        size = np.abs(self.values)
        total = size.sum(axis=1, keepdims=True)
        return size / np.where(total > 0, total, 1)

    def mean(self, rows: np.ndarray | None = None) -> np.ndarray:
        """float [M]: mean phi over `rows` (all when None)."""
        return self.values[slice(None) if rows is None else rows].mean(axis=0)


def shapley(game: Game, orders: int = 200, seed: int = 0) -> Contributions:
    """Exact up to MAX_EXACT modalities (2^M evaluations); above, `orders` random orders and their standard error."""
    m = len(game.modalities)
    if m <= MAX_EXACT:
        values, full, empty = _exact(game, m)
        error = mean_error = None
    else:
        values, error, mean_error, full, empty = _sampled(game, m, orders, seed)
    values = np.where(game.present, values, 0.0)
    return Contributions(game.modalities, values, full, empty, error, game.meaning, game.baseline, mean_error)


def _exact(game: Game, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    sets = [np.array([code >> j & 1 for j in range(m)], bool) for code in range(2**m)]
    worth = [np.asarray(game.value(s), np.float64) for s in sets]
    values = np.zeros((len(worth[0]), m))
    for code, shown in enumerate(sets):
        size = int(shown.sum())
        for j in np.flatnonzero(~shown):
            weight = factorial(size) * factorial(m - size - 1) / factorial(m)
            values[:, j] += weight * (worth[code | 1 << int(j)] - worth[code])
    return values, worth[-1], worth[0]


def _sampled(game: Game, m: int, orders: int, seed: int) -> tuple[np.ndarray, ...]:
    """Castro, Gomez & Tejada (2009): the mean marginal gain over random orders; no set is asked twice."""
    random = rng(seed)
    known: dict[bytes, np.ndarray] = {}

    def worth(shown: np.ndarray) -> np.ndarray:
        key = shown.tobytes()
        if key not in known:
            known[key] = np.asarray(game.value(shown), np.float64)
        return known[key]

    none, everything = np.zeros(m, bool), np.ones(m, bool)
    total = np.zeros((len(worth(none)), m))
    squares = np.zeros_like(total)
    means = np.zeros((orders, m))  # over the items: they share the orders, so their errors do not average out
    for order in range(orders):
        shown = none.copy()
        before = worth(none)
        for j in random.permutation(m):
            shown = shown.copy()
            shown[j] = True
            after = worth(shown)
            total[:, j] += after - before
            squares[:, j] += (after - before) ** 2
            means[order, j] = np.where(game.present[:, j], after - before, 0).mean()
            before = after
    mean = total / orders
    variance = np.maximum(squares / orders - mean**2, 0) * orders / max(orders - 1, 1)
    spread = means.std(axis=0, ddof=1 if orders > 1 else 0)
    return mean, np.sqrt(variance / orders), spread / np.sqrt(orders), worth(everything), worth(none)
