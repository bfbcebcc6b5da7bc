"""Is an order of importance true? Parts are hidden (deletion) or shown (insertion) in it, and the score is watched.

Petsiuk et al. 2018, "RISE" (arXiv:1806.07421); for words, comprehensiveness and sufficiency of DeYoung et al. 2020,
"ERASER". A good order makes the score fall fast when its first parts are hidden (a small area under the curve) and rise
fast when they are shown (a large one). Neither area says anything alone: it stands beside random orders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mmexplore.runtime import rng


@dataclass(frozen=True)
class Faithfulness:
    """The curves of one or more orders and of random ones.

    Attributes:
        shares: float [S], share (0..1) of the parts that are hidden (deletion) or shown (insertion).
        deletion, insertion: name of an order -> score [S].
        random_deletion, random_insertion: float [R, S]. Every random order is there with its reverse, so that their
            mean margin is 0 by construction.
        baseline: what stood in for what was hidden.
        evaluations: how many scores were computed.
    """

    shares: np.ndarray
    deletion: dict[str, np.ndarray]
    insertion: dict[str, np.ndarray]
    random_deletion: np.ndarray
    random_insertion: np.ndarray
    baseline: str
    evaluations: int

    def areas(self, name: str) -> tuple[float, float]:
        """(deletion, insertion): mean score along the curve of this order; small and large are good."""
        return self._area(self.deletion[name]), self._area(self.insertion[name])

    def margin(self, name: str) -> float:
        """Insertion area less deletion area, in units of the score. 0 = as good as a random order; below: worse."""
        deletion, insertion = self.areas(name)
        return insertion - deletion

    @property
    def random_margins(self) -> np.ndarray:
        """float [R]: the margin of each random order."""
        pairs = zip(self.random_deletion, self.random_insertion, strict=True)
        return np.array([self._area(i) - self._area(d) for d, i in pairs])

    def beaten(self, name: str) -> float:
        """Share (0..1) of the random orders with a smaller margin (a tie counts half)."""
        mine, theirs = self.margin(name), self.random_margins
        return float(((theirs < mine) + (theirs == mine) / 2).mean())

    def _area(self, curve: np.ndarray) -> float:
        return float(np.trapezoid(curve, self.shares))

    def as_dict(self) -> dict:
        """For JSON: areas, margins and the random orders' spread."""
        margins = self.random_margins
        orders = {}
        for name in self.deletion:
            deletion, insertion = self.areas(name)
            orders[name] = {
                "deletion": deletion,
                "insertion": insertion,
                "margin": insertion - deletion,
                "beats_random": self.beaten(name),
            }
        return {
            "baseline": self.baseline,
            **orders,
            "random": {
                "deletion": float(np.mean([self._area(c) for c in self.random_deletion])),
                "insertion": float(np.mean([self._area(c) for c in self.random_insertion])),
                "margin_low": float(np.quantile(margins, 0.025)),
                "margin_high": float(np.quantile(margins, 0.975)),
                "orders": len(margins),
            },
        }


def faithfulness(
    importances: Mapping[str, np.ndarray],
    score: Callable[[np.ndarray], np.ndarray],
    baseline: str,
    steps: int = 7,
    n_random: int = 8,
    seed: int = 0,
) -> Faithfulness:
    """Deletion and insertion of P parts in the order of each importance, and in random orders.

    Args:
        importances: name -> float [P]; the largest is hidden (or shown) first.
        score: keep bool [B, P] -> [B]: the score with only these parts. Asked once for each distinct row.
        steps: at most so many steps from all to none.
        n_random: random orders, an even number: each comes with its reverse.
    """
    n = len(next(iter(importances.values())))
    counts = np.unique(np.round(np.linspace(0, n, min(steps, n) + 1)).astype(int))
    draw = rng(seed)
    half = [draw.permutation(n) for _ in range(max(1, n_random // 2))]
    orders = [np.argsort(-np.asarray(i), kind="stable") for i in importances.values()]
    orders += [o for one in half for o in (one, one[::-1])]
    places = np.empty((len(orders), n), int)
    for row, order in zip(places, orders, strict=True):
        row[order] = np.arange(n)
    first = places[:, None, :] < counts[None, :, None]  # [orders, S, P]: among the first so many
    keep = np.concatenate([~first, first])
    distinct, which = np.unique(keep.reshape(-1, n), axis=0, return_inverse=True)
    scores = np.asarray(score(distinct), float)[which].reshape(2, len(orders), len(counts))
    names = list(importances)
    return Faithfulness(
        shares=counts / n,
        deletion={m: scores[0, j] for j, m in enumerate(names)},
        insertion={m: scores[1, j] for j, m in enumerate(names)},
        random_deletion=scores[0, len(names) :],
        random_insertion=scores[1, len(names) :],
        baseline=baseline,
        evaluations=len(distinct),
    )
