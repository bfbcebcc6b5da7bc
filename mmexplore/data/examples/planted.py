"""Planted data: synthetic vectors in which the true weight of each modality is known by construction.

Every item has a few fair bits. Its label names them; the vectors hold them with Gaussian noise:

    x_m = Q_m [bits of modality m times their amplitudes, 0 ... 0] + s_m e        e ~ N(0, I), Q_m a random rotation

`pairs/planted_truth.py` says which bits there are and computes what each modality is worth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mmexplore.data.dataset import Kind, PairedDataset
from mmexplore.data.examples.planted_truth import Design, Truth, truth_of
from mmexplore.errors import UserError
from mmexplore.runtime import rng

MOST_MODALITIES = 6  # the truth looks at every subset under every pattern of noise
NARROWEST = 16  # with fewer dimensions the length of a vector would not tell how noisy it is

#: options of `design` that plant one kind of part, each with an order of the modalities to be recovered
KINDS: dict[str, dict[str, Any]] = {
    "redundant": {"unique": 0.0, "synergistic": 0.0, "noise": (0.7, 1.2, 2.5)},
    "unique": {"redundant": 0.0, "synergistic": 0.0, "unique": (2.5, 1.2, 0.4)},
    "synergistic": {"redundant": 0.0, "unique": (0.8, 0.0, 0.0), "synergistic": 4.0},
}

TITLE = "Planted: the true weights are known"
SUMMARY = (
    "Synthetic vectors in three modalities with redundant, unique and synergistic parts: the weight of each modality "
    "is known by construction, for the whole data set and for each item."
)
SOURCE = "Made by mmexplore"
LICENCE = "CC0"


def design(
    modalities: Sequence[str] = ("sight", "sound", "touch"),
    redundant: float = 1.5,
    unique: float | Sequence[float] | Mapping[str, float] = (3.0, 0.7, 0.0),
    synergistic: float = 4.0,
    synergy_between: tuple[str, str] | None = None,
    noise: float | Sequence[float] | Mapping[str, float] = 1.0,
    unreliable: float | Sequence[float] | Mapping[str, float] = 0.15,
    noisier: float = 4.0,
) -> Design:
    """A checked `Design`; one number stands for all modalities, a list goes in their order.

    Args:
        modalities: names, 1 to 6.
        redundant, unique, synergistic: amplitudes of the parts, 0..10; 0 leaves the part out.
        synergy_between: the two modalities of the xor; None = the last two (no synergy with one modality).
        noise: standard deviation of the noise of a modality, 0.05..20.
        unreliable: share of the items on which a modality is noisier, 0..1.
        noisier: how many times as noisy it is then, 1..100.

    Raises:
        UserError: a value out of range, names that repeat, or nothing planted at all.
    """
    names = tuple(modalities)
    if not 1 <= len(names) <= MOST_MODALITIES or len(set(names)) != len(names) or not all(names):
        raise UserError(f"need 1 to {MOST_MODALITIES} different names", "modalities", 'for example "sight", "sound"')
    if synergy_between is None:
        synergy_between = (names[-2], names[-1]) if len(names) > 1 else None
    elif len(set(synergy_between)) != 2 or not set(synergy_between) <= set(names):
        raise UserError("the xor needs two different modalities", "synergy_between", f"choose among {', '.join(names)}")
    planned = Design(
        modalities=names,
        redundant=_in_range("redundant", redundant, 0, 10),
        unique=_each("unique", unique, names, 0, 10),
        synergistic=_in_range("synergistic", synergistic, 0, 10),
        synergy_between=synergy_between,
        noise=_each("noise", noise, names, 0.05, 20),
        unreliable=_each("unreliable", unreliable, names, 0, 1),
        noisier=_in_range("noisier", noisier, 1, 100),
    )
    if not planned.parts:
        raise UserError("nothing is planted", "planted", "give at least one part an amplitude above 0")
    return planned


def planted(
    n: int = 2000, *, dim: int = 16, missing: float = 0.0, seed: int = 0, **options
) -> tuple[PairedDataset, dict[str, float]]:
    """Planted data and its true weights, modality -> share of the information, summing to 1.

    Args:
        n: items, 1..200,000.
        dim: width of the vectors, 16..1,024.
        missing: share of the cells left empty, 0..0.9. The truth is that of complete items.
        seed: of everything random; the same seed gives the same data.
        options: of `design`.

    The data set has these columns: `bit_<part>` (each bit of the label, "0" or "1"), `reliability_<modality>` (1 on a
    clean item, 1 / noisier on a noisy one) and `truth_<modality>` (the true weight on items with this pattern of
    noise). `planted_truth.truth_of(design(...))` has more: bits of every part and of every subset of the modalities.

    Raises:
        UserError: a value out of range.
    """
    plan = design(**options)
    n, dim = _whole("n", n, 1, 200_000), _whole("dim", dim, NARROWEST, 1024)
    missing = _in_range("missing", missing, 0, 0.9)
    random = rng(seed)
    rotations = {m: _rotation(dim, random) for m in plan.modalities}
    bits = _draw_bits(plan, n, random)
    noisy = {m: random.random(n) < plan.unreliable[m] for m in plan.modalities}
    empty = _draw_empty(plan, n, missing, random)
    cells = {}
    for m in plan.modalities:
        signal = np.zeros((n, dim))
        for place, (name, amplitude) in enumerate(held_by(plan, m).items()):
            signal[:, place] = amplitude * bits[name]
        spread = plan.noise[m] * np.where(noisy[m], plan.noisier, 1.0)
        vectors = (signal @ rotations[m].T + spread[:, None] * random.standard_normal((n, dim))).astype(np.float32)
        cells[m] = tuple(None if gone else vector for gone, vector in zip(empty[m], vectors, strict=True))
    ids = np.array([f"item-{i:06d}" for i in range(n)], dtype=object)
    dataset = PairedDataset(
        name="planted",
        ids=ids,
        kinds=dict.fromkeys(plan.modalities, Kind.VECTOR),
        cells=cells,
        groups=ids.copy(),
        labels=_labels(plan, bits, n),
        columns=_columns(plan, bits, noisy),
        source=f"{SOURCE}. {LICENCE}.",
    )
    return dataset, truth_of(plan).weights


def held_by(plan: Design, modality: str) -> dict[str, float]:
    """The bits that lie in a modality, in the order of its first dimensions (before rotation) -> amplitude."""
    found = {"redundant": plan.redundant} if plan.redundant else {}
    if plan.unique[modality]:
        found[f"unique:{modality}"] = plan.unique[modality]
    if "synergistic" in plan.parts and plan.synergy_between and modality in plan.synergy_between:
        found[f"half:{modality}"] = plan.synergistic
    return found


def _draw_bits(plan: Design, n: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Part or half of the xor -> float [N] of -1 and +1."""
    names = [part for part in plan.parts if part != "synergistic"]
    halves = [f"half:{m}" for m in plan.synergy_between or ()] if "synergistic" in plan.parts else []
    bits = {name: random.choice([-1.0, 1.0], size=n) for name in [*names, *halves]}
    if halves:
        bits["synergistic"] = bits[halves[0]] * bits[halves[1]]
    return bits


def _draw_empty(plan: Design, n: int, missing: float, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Modality -> bool [N], cells to leave empty; every item keeps at least one."""
    empty = random.random((n, len(plan.modalities))) < missing
    kept = random.integers(len(plan.modalities), size=n)
    empty[np.arange(n), kept] &= ~empty.all(axis=1)
    return {m: empty[:, i] for i, m in enumerate(plan.modalities)}


def _labels(plan: Design, bits: dict[str, np.ndarray], n: int) -> np.ndarray:
    """str [N], the bits of the label in the order of the parts: "0110"."""
    written = [np.where(bits[part] > 0, "1", "0") for part in plan.parts]
    return np.array(["".join(row) for row in zip(*written, strict=True)], dtype=object).reshape(n)


def _columns(plan: Design, bits: dict[str, np.ndarray], noisy: dict[str, np.ndarray]) -> pd.DataFrame:
    columns: dict[str, np.ndarray] = {}
    for part in plan.parts:
        columns[f"bit_{part.replace(':', '_')}"] = np.where(bits[part] > 0, "1", "0").astype(object)
    for m in plan.modalities:
        columns[f"reliability_{m}"] = np.where(noisy[m], 1 / plan.noisier, 1.0)
    patterns = np.stack([noisy[m] for m in plan.modalities], axis=1)  # [N, M]
    kinds, which = np.unique(patterns, axis=0, return_inverse=True)
    truths: list[Truth] = []
    for kind in kinds:
        truths.append(
            truth_of(plan, frozenset(m for m, is_noisy in zip(plan.modalities, kind, strict=True) if is_noisy))
        )
    for m in plan.modalities:
        columns[f"truth_{m}"] = np.array([truth.weights[m] for truth in truths])[which.reshape(-1)]
    return pd.DataFrame(columns)


def _rotation(dim: int, random: np.random.Generator) -> np.ndarray:
    """An orthonormal matrix [dim, dim], uniformly random (QR of a Gaussian matrix with the signs settled)."""
    q, r = np.linalg.qr(random.standard_normal((dim, dim)))
    return q * np.sign(np.diag(r))


# -- checks ------------------------------------------------------------------------


def _in_range(name: str, value: float, low: float, high: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise UserError(f"{value!r} is not a number", name, f"give a number from {low:g} to {high:g}") from None
    if not low <= number <= high:
        raise UserError(f"{number:g} is out of range", name, f"give a number from {low:g} to {high:g}")
    return number


def _whole(name: str, value: int, low: int, high: int) -> int:
    number = _in_range(name, value, low, high)
    if number != int(number):
        raise UserError(f"{number:g} is not a whole number", name, f"give one from {low:,} to {high:,}")
    return int(number)


def _each(
    name: str,
    value: float | Sequence[float] | Mapping[str, float],
    modalities: tuple[str, ...],
    low: float,
    high: float,
) -> dict[str, float]:
    """Modality -> number, from one number, a list in their order, or a mapping (0 or the lowest where absent)."""
    if isinstance(value, Mapping):
        if unknown := set(value) - set(modalities):
            raise UserError(f"there is no modality {', '.join(sorted(unknown))}", name, f"use {', '.join(modalities)}")
        if name == "noise" and set(value) != set(modalities):
            raise UserError("some modalities have no noise given", name, "give one number a modality")
        value = [value.get(m, 0.0) for m in modalities]
    elif isinstance(value, Sequence | np.ndarray):
        if len(value) != len(modalities):
            raise UserError(
                f"{len(value)} numbers for {len(modalities)} modalities", name, "give one number a modality"
            )
    else:
        value = [value] * len(modalities)
    return {m: _in_range(f"{name} of {m}", v, low, high) for m, v in zip(modalities, value, strict=True)}
