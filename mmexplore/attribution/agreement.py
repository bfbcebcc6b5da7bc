"""Does what the model says of its modalities agree with what is measured?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmexplore.attribution.shapley import Contributions

#: below this rank correlation over the items the two are said to disagree
WEAK = 0.3


@dataclass(frozen=True)
class Agreement:
    """Learned weights against measured contributions.

    Attributes:
        per_modality: float [M], Spearman correlation over the items of alpha_m with phi_m (NaN where one is constant).
        same_first: share of the items (with two modalities or more) where both name the same modality as first.
        by_chance: what `same_first` would be if the weights of the items were dealt out at random.
    """

    modalities: list[str]
    per_modality: np.ndarray
    same_first: float
    by_chance: float


def agreement(learned: np.ndarray, measured: Contributions, present: np.ndarray) -> Agreement:
    """Compare weights [N, M] (rows sum to 1) with Shapley values; only present cells count.

    `by_chance` is the product of how often each modality comes first in either, summed.
    """
    m = learned.shape[1]
    per_modality = np.array([spearman(learned[present[:, j], j], measured.values[present[:, j], j]) for j in range(m)])
    several = present.sum(axis=1) > 1
    if not several.any():
        return Agreement(measured.modalities, per_modality, float("nan"), float("nan"))
    said = np.where(present, learned, -np.inf)[several].argmax(axis=1)
    found = np.where(present, measured.values, -np.inf)[several].argmax(axis=1)
    shares = [np.bincount(first, minlength=m) / len(first) for first in (said, found)]
    return Agreement(measured.modalities, per_modality, float((said == found).mean()), float(shares[0] @ shares[1]))


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Rank correlation of two float arrays [N]; NaN where fewer than three values or one of them is constant."""
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    from scipy.stats import rankdata  # takes seconds to import: not before it is needed

    return float(np.corrcoef(rankdata(a), rankdata(b))[0, 1])


def sentence(found: Agreement, learned: np.ndarray, flips: np.ndarray | None) -> str:
    """What to make of it, in plain words.

    Args:
        learned: float [M], mean learned weights.  flips: float [M], share of items whose answer changes when the
            modality is removed (`perceptual`), where known.
    """
    top = int(np.argmax(learned))
    name = found.modalities[top]
    said = f"The weights say {name} {learned[top]:.2f}"
    if flips is not None:
        said += f"; removing {name} changes the answer in {100 * flips[top]:.0f} % of the items"
        strongest = int(np.argmax(flips))
        if strongest != top:
            said += f", removing {found.modalities[strongest]} in {100 * flips[strongest]:.0f} %"
    known = found.per_modality[~np.isnan(found.per_modality)]
    rank = float(known.mean()) if len(known) else float("nan")
    if np.isnan(rank):
        return said + ". The weights hardly vary from item to item, so they cannot say which item needs which modality."
    verdict = "disagree" if rank < WEAK else "agree"
    return f"{said}. From item to item weight and measured contribution {verdict} (rank correlation {rank:.2f})."
