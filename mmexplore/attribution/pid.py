"""Redundancy, uniqueness, synergy: the information that two variables have of a third, in four parts.

    I(A, B; Y) = R + U_A + U_B + S        I(A; Y) = R + U_A        I(B; Y) = R + U_B        [bits]

The split of Bertschinger, Rauh, Olbrich, Jost & Ay (2014; "BROJA"): among all distributions q with the same pairs
(A, Y) and (B, Y) as p, the one that tells least of Y has no synergy, so R + U_A + U_B = min_q I_q(A, B; Y).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmexplore.optional import require
from mmexplore.runtime import rng

STEPS, SCALINGS, LAST_SCALINGS, SETTLED = 1000, 2, 100, 1e-7  # of `decompose`

#: gates whose answer is known: joint probabilities [A, B, Y] of fair, independent (RDN: equal) bits
GATES: dict[str, np.ndarray] = {
    "XOR": np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]]]) / 4,
    "AND": np.array([[[1, 0], [1, 0]], [[1, 0], [0, 1]]]) / 4,
    "RDN": np.array([[[1, 0], [0, 0]], [[0, 0], [0, 1]]]) / 2,
    "UNQ": np.array([[[1, 0], [1, 0]], [[0, 1], [0, 1]]]) / 4,
}

GATE_FILE = Path(__file__).with_name("gates.json")


def gate_parts() -> dict[str, Pid]:
    """The exact parts of each gate as they come with mmexplore, made by scripts/make_gates.py with `exact`."""
    kept = json.loads(GATE_FILE.read_text(encoding="utf-8"))
    return {name: Pid(parts[0], (parts[1], parts[2]), parts[3]) for name, parts in kept.items()}


def part_names(a: str, b: str) -> list[str]:
    """The four parts in plain words, in the order in which arrays hold them."""
    return ["redundancy (either would do)", f"unique to {a}", f"unique to {b}", "synergy (only both together)"]


@dataclass(frozen=True)
class Pid:
    """Bits; `unique` is (of A, of B)."""

    redundancy: float
    unique: tuple[float, float]
    synergy: float

    @property
    def total(self) -> float:
        """I(A, B; Y)."""
        return self.redundancy + sum(self.unique) + self.synergy

    def as_array(self) -> np.ndarray:
        """float [4] in the order of `part_names`."""
        return np.array([self.redundancy, *self.unique, self.synergy])


def exact(joint: np.ndarray) -> Pid:
    """By the library `dit` (`PID_BROJA`), for small tables with structure: gates, a few states a side.

    Of its solvers admUI (Banerjee, Rauh & Montufar 2018) is asked: it starts from a fixed point, where the default
    starts at random and stopped early in 2 of 30 tries at XOR. Where admUI does not settle (tables without zeros),
    dit goes on to that one by itself, here with a seed; then the synergy may come out too small. Its time grows
    steeply with the sides; `decompose` is for tables of counts.

    Args:
        joint: counts or probabilities [A, B, Y].

    Raises:
        UserError: dit is not installed.
    """
    require("dit", "information", "the exact decomposition")
    from dit import Distribution
    from dit.pid import PID_BROJA

    joint = np.asarray(joint, np.float64)
    seen = np.argwhere(joint > 0)
    names = [tuple(map(str, cell)) for cell in seen]
    found = PID_BROJA(Distribution(names, joint[joint > 0] / joint.sum()), [[0], [1]], [2], method="admui", rng=rng(0))
    first, second, both, either = (((0,),), ((1,),), ((0, 1),), ((0,), (1,)))
    return Pid(
        float(found.get_pi(either)),
        (float(found.get_pi(first)), float(found.get_pi(second))),
        float(found.get_pi(both)),
    )


def decompose(joint: np.ndarray) -> np.ndarray:
    """The same for many tables at once, [..., A, B, Y] -> bits [..., 4] in the order of `part_names`.

    min_q I_q(A, B; Y) = min over q and r of sum_y p(y) KL(q(. | y) || r) is taken by turns: r = the mean of the
    q(. | y), then q(. | y) = r scaled to p(a | y) and p(b | y) (Sinkhorn). Both sets are convex, so the turns go to the
    minimum (Csiszar & Tusnady 1984). Cells of no weight stay so.
    """
    joint = np.asarray(joint, np.float64)
    p = joint / joint.sum(axis=(-3, -2, -1), keepdims=True)
    p = np.moveaxis(p, -1, -3)  # [..., Y, A, B]
    p_y = p.sum(axis=(-2, -1))
    known = np.where(p_y > 0, p_y, 1)[..., None]
    of_a, of_b = p.sum(axis=-1) / known, p.sum(axis=-2) / known  # p(a | y), p(b | y)
    weighed = p_y[..., None]
    r = np.swapaxes(weighed * of_a, -1, -2) @ of_b  # [..., A, B]
    left, right = np.ones_like(of_a), np.ones_like(of_b)  # q(a, b | y) = left r right; kept from step to step
    for step in range(STEPS):
        before = r
        left, right = _scaled(of_a, of_b, r, left, right, SCALINGS)
        r = r * (np.swapaxes(weighed * left, -1, -2) @ right)
        if step % 20 == 19 and np.abs(r - before).max() < SETTLED:
            break
    left, right = _scaled(of_a, of_b, r, left, right, LAST_SCALINGS)
    q = left[..., :, None] * r[..., None, :, :] * right[..., None, :]
    q = p_y[..., None, None] * q
    cells = (*p.shape[:-2], -1)
    first, second = _information(p.sum(axis=-1)), _information(p.sum(axis=-2))
    everything, union = _information(p.reshape(cells)), _information(q.reshape(cells))
    union = np.clip(union, np.maximum(first, second), everything)  # what rounding may break
    return np.stack([first + second - union, union - second, union - first, everything - union], axis=-1)


def _scaled(
    of_a: np.ndarray, of_b: np.ndarray, r: np.ndarray, left: np.ndarray, right: np.ndarray, times: int
) -> tuple[np.ndarray, np.ndarray]:
    """Factors [..., Y, A] and [..., Y, B] that give left r right the sides p(a | y) and p(b | y)."""
    for _ in range(times):
        left = _ratio(of_a, right @ np.swapaxes(r, -1, -2))
        right = _ratio(of_b, left @ r)
    return left, right


def _ratio(wanted: np.ndarray, found: np.ndarray) -> np.ndarray:
    return np.divide(wanted, found, out=np.zeros_like(wanted), where=found > 0)


def _information(p: np.ndarray) -> np.ndarray:
    """Mutual information in bits of the last two axes [..., Y, X]."""
    alone = p.sum(axis=-1, keepdims=True) * p.sum(axis=-2, keepdims=True)
    log = np.log2(np.divide(p, alone, out=np.ones_like(p), where=(p > 0) & (alone > 0)))
    return (p * log).sum(axis=(-2, -1))


def table_of(a: np.ndarray, b: np.ndarray, y: np.ndarray, sides: tuple[int, int, int]) -> np.ndarray:
    """Counts [A, B, Y] of codes [N] each."""
    cell = np.ravel_multi_index((a, b, y), sides)
    return np.bincount(cell, minlength=int(np.prod(sides))).reshape(sides).astype(np.float64)
