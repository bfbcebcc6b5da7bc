"""What each modality of planted data is truly worth, computed from its construction.

The label is a tuple of independent fair bits, and each bit is one *part* of the design (see `pairs/planted.py`):

- redundant: bit R, in every modality;  unique: bit U_m, in modality m alone;
- synergistic: bit A xor B, with A in one modality and B in another; neither alone says anything of it.

A bit b in {-1, +1} lies in modality m as a b + s_m e, with e standard normal noise, so it has the signal-to-noise
ratio g = (a / s_m)^2. Several sights of one bit add their ratios (their sum is sufficient). With z standard normal,

    one bit         I(g)       = 1 - E log2(1 + exp(-2 g - 2 sqrt(g) z))        accuracy Phi(sqrt g)
    xor of two      I(g, h)    = E log2(1 + tanh(g + sqrt(g) z) tanh(h + sqrt(h) z'))
                                                                   accuracy p q + (1 - p)(1 - q)

An item may be noisy in a modality (s_m is larger); the values below are averages over these patterns, for one who
knows them. With `noisier` = 3 or more the vectors themselves tell (their length does), and one who sees nothing but
the vectors loses less than 0.01 bit (the tests measure it); nearer to 1 the loss is larger. As the bits and their
noises are independent, the parts add up exactly:

    v(S) = I(label; vectors of the modalities in S) = sum over parts of I_part(S)      [bits]

The truth is the Shapley value of v, divided by v(all): phi_m = sum over S without m of
|S|! (M-|S|-1)! / M! (v(S + m) - v(S)), Shapley (1953). It is never negative, as v never falls. The same for the
accuracy of the best possible classifier (which is the product of the bits' accuracies) stands beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product

import numpy as np

Subset = frozenset[str]


@dataclass(frozen=True)
class Design:
    """How planted data is made; all amplitudes and noises are in the same unit.

    modalities: names, 1 to 6.  redundant: amplitude of the shared bit (0 = no such bit).
    unique: modality -> amplitude of its own bit.  synergistic: amplitude of the two halves of the xor.
    synergy_between: the two modalities that hold them.  noise: modality -> standard deviation, above 0.
    unreliable: modality -> share of the items (0..1) on which it is `noisier` times as noisy.
    """

    modalities: tuple[str, ...]
    redundant: float
    unique: Mapping[str, float]
    synergistic: float
    synergy_between: tuple[str, str] | None
    noise: Mapping[str, float]
    unreliable: Mapping[str, float]
    noisier: float = 4.0

    @property
    def parts(self) -> list[str]:
        """The bits of the label, in order: "redundant", "unique:<modality>", "synergistic"."""
        found = ["redundant"] if self.redundant else []
        found += [f"unique:{m}" for m in self.modalities if self.unique[m]]
        return [*found, "synergistic"] if self.synergistic and self.synergy_between else found


@dataclass(frozen=True)
class Truth:
    """The answer.

    weights: modality -> share of the information, summing to 1.
    weights_by_accuracy: the same of the best classifier's accuracy above chance.
    information: subset of modalities -> bits that it tells of the label.  accuracy: subset -> best accuracy, 0..1.
    parts: part -> bits that all modalities together tell of it.
    shares: part -> modality -> bits of the part credited to the modality (Shapley); sums to `parts`.
    """

    weights: dict[str, float]
    weights_by_accuracy: dict[str, float]
    information: dict[Subset, float]
    accuracy: dict[Subset, float]
    parts: dict[str, float]
    shares: dict[str, dict[str, float]]


def truth_of(design: Design, noisy: frozenset[str] | None = None) -> Truth:
    """The truth of the whole design, or of the items whose noisy modalities are exactly `noisy`."""
    names = design.modalities
    subsets = [frozenset(s) for size in range(len(names) + 1) for s in combinations(names, size)]
    patterns = _patterns(design) if noisy is None else [(1.0, noisy)]
    bits = {part: dict.fromkeys(subsets, 0.0) for part in design.parts}
    accuracy = dict.fromkeys(subsets, 0.0)
    for share, noisy_ones in patterns:
        for subset in subsets:
            right = 1.0
            for part in design.parts:
                told, part_right = _part(design, part, subset, noisy_ones)
                bits[part][subset] += share * told
                right *= part_right
            accuracy[subset] += share * right
    shares = {part: shapley(names, bits[part].__getitem__) for part in design.parts}
    everything = frozenset(names)
    return Truth(
        weights=_shares({m: sum(shares[p][m] for p in design.parts) for m in names}),
        weights_by_accuracy=_shares(shapley(names, accuracy.__getitem__)),
        information={s: sum(bits[p][s] for p in design.parts) for s in subsets},
        accuracy=accuracy,
        parts={p: bits[p][everything] for p in design.parts},
        shares=shares,
    )


def shapley(names: tuple[str, ...], value: Callable[[Subset], float]) -> dict[str, float]:
    """Exact Shapley values by all 2^M subsets; they sum to value(all) - value(none)."""
    m = len(names)
    result = {}
    for name in names:
        others = [n for n in names if n != name]
        total = 0.0
        for size in range(m):
            weight = math.factorial(size) * math.factorial(m - size - 1) / math.factorial(m)
            for chosen in combinations(others, size):
                subset = frozenset(chosen)
                total += weight * (value(subset | {name}) - value(subset))
        result[name] = total
    return result


def _patterns(design: Design) -> list[tuple[float, frozenset[str]]]:
    """(share of the items, which modalities are noisy on them); the shares sum to 1."""
    found = []
    for flags in product((False, True), repeat=len(design.modalities)):
        noisy = frozenset(m for m, flag in zip(design.modalities, flags, strict=True) if flag)
        share = math.prod(design.unreliable[m] if m in noisy else 1 - design.unreliable[m] for m in design.modalities)
        if share > 0:
            found.append((share, noisy))
    return found


def _part(design: Design, part: str, subset: Subset, noisy: frozenset[str]) -> tuple[float, float]:
    """(bits, best accuracy) of one part as the modalities in `subset` tell it."""

    def ratio(modality: str, amplitude: float) -> float:
        spread = design.noise[modality] * (design.noisier if modality in noisy else 1.0)
        return (amplitude / spread) ** 2 if modality in subset else 0.0

    if part == "redundant":
        return _one_bit(sum(ratio(m, design.redundant) for m in design.modalities))
    if part == "synergistic":
        assert design.synergy_between is not None
        first, second = sorted(ratio(m, design.synergistic) for m in design.synergy_between)
        return _xor(first, second)
    modality = part.removeprefix("unique:")
    return _one_bit(ratio(modality, design.unique[modality]))


def _shares(credit: dict[str, float]) -> dict[str, float]:
    """Divided by their sum; where nothing tells anything, all alike."""
    total = sum(credit.values())
    return {m: c / total if total > 1e-12 else 1 / len(credit) for m, c in credit.items()}


# -- integrals over the noise: the trapezoid rule, which for smooth integrands under a Gaussian is exact to rounding


def _normal(points: int) -> tuple[np.ndarray, np.ndarray]:
    """Places and weights of the integral over a standard normal variable."""
    z = np.linspace(-9.0, 9.0, points)
    weights = np.exp(-0.5 * z**2)
    return z, weights / weights.sum()


@lru_cache(maxsize=4096)
def _one_bit(ratio: float) -> tuple[float, float]:
    z, weights = _normal(2001)
    lost = np.logaddexp(0.0, -2 * ratio - 2 * math.sqrt(ratio) * z) / math.log(2)
    return max(0.0, 1.0 - float(weights @ lost)), _right(ratio)


@lru_cache(maxsize=4096)
def _xor(first: float, second: float) -> tuple[float, float]:
    p, q = _right(first), _right(second)
    right = p * q + (1 - p) * (1 - q)
    if first == 0 or second == 0:
        return 0.0, 0.5
    z, weights = _normal(721)
    # log((1 + tanh x tanh y) / 2) = logaddexp(x + y, -x - y) - logaddexp(x, -x) - logaddexp(y, -y), never log 0
    x, y = first + math.sqrt(first) * z, second + math.sqrt(second) * z
    both = np.logaddexp(x[:, None] + y[None, :], -x[:, None] - y[None, :])
    told = weights @ both @ weights - weights @ np.logaddexp(x, -x) - weights @ np.logaddexp(y, -y)
    return max(0.0, 1.0 + float(told) / math.log(2)), right


def _right(ratio: float) -> float:
    """P(a + s e > 0) with (a / s)^2 = ratio."""
    return 0.5 * math.erfc(-math.sqrt(ratio / 2))
