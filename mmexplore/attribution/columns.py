"""What each column of a table contributes: the value lost when that column alone is permuted or emptied.

As permutation importance (Breiman 2001; Fisher, Rudin & Dominici 2019, arXiv:1801.01489), but of one column inside one
modality of a fused model: the row is encoded again with the column changed, everything else stays.

    c_p = mean over items of  v(everything) - v(everything, column p changed)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mmexplore.attribution.value import answer_of, donors, scorer
from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.models.fusion.base import Fusion
from mmexplore.runtime import rng

#: what happens to the column
CHANGES = {
    "permuted": "the column of another item, averaged over several draws",
    "empty": "the cell is empty, as if nobody had filled it",
}


@dataclass(frozen=True)
class ColumnContributions:
    """Of the P columns of a tabular modality, over n items.

    Attributes:
        modality, columns: names.  meaning: what the value is.  change: key of CHANGES.  n: items it is measured on.
        mean: float [P].  low, high: float [P], its 95 % interval over the items.
        flips: float [P], share of items whose predicted class changes; None where the fusion is no classifier.
    """

    modality: str
    columns: tuple[str, ...]
    meaning: str
    change: str
    n: int
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    flips: np.ndarray | None


def column_contributions(
    fusion: Fusion,
    embeddings: Embeddings,
    modality: str,
    table: np.ndarray,
    columns: Sequence[str],
    encode: Callable[[np.ndarray], np.ndarray],
    change: str = "permuted",
    draws: int = 10,
    seed: int = 0,
) -> ColumnContributions:
    """Measured over the rows given that have the table.

    Args:
        embeddings: the rows as the fusion takes them.  table: str [N, P], their cells ("" = empty).
        encode: str [R, P] -> float32 [R, d], the modality's vectors as the fusion takes them.

    Raises:
        UserError: no such change, or no row has the table.
    """
    if change not in CHANGES:
        raise UserError(f"no change is called {change!r}", "column", f"choose one of: {', '.join(CHANGES)}")
    there = embeddings.present[modality]
    if not there.any():
        raise UserError("no row has it", modality, "choose rows that have the table")
    embeddings, table = embeddings.take(there), table[there]
    full = answer_of(fusion, embeddings)
    score, meaning = scorer(fusion, full, embeddings.labels)
    value, random = score(full), rng(seed)
    classifies = fusion.objective_ == "classification"
    lost, flips = np.zeros((len(columns), len(table))), np.zeros((len(columns), len(table)))
    for p in range(len(columns)):
        rounds = draws if change == "permuted" else 1
        for _ in range(rounds):
            changed = table.copy()
            changed[:, p] = table[donors(np.ones(len(table), bool), random), p] if change == "permuted" else ""
            vectors = embeddings.vectors | {modality: encode(changed).astype(np.float32)}
            answer = answer_of(fusion, embeddings.with_vectors(vectors, embeddings.spaces))
            lost[p] += (value - score(answer)) / rounds
            if classifies:
                flips[p] += (answer.argmax(axis=1) != full.argmax(axis=1)) / rounds
    spread = 1.96 * lost.std(axis=1, ddof=1 if len(table) > 1 else 0) / np.sqrt(len(table))
    mean = lost.mean(axis=1)
    return ColumnContributions(
        modality,
        tuple(columns),
        meaning,
        change,
        len(table),
        mean,
        mean - spread,
        mean + spread,
        flips.mean(axis=1) if classifies else None,
    )
