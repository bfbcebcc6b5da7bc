"""What a similarity means in this data: where it lies between random pairs and true pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmexplore import runtime
from mmexplore.data.embeddings import Embeddings, unit
from mmexplore.errors import UserError
from mmexplore.retrieval.gallery import check_shared, row_positions


@dataclass(frozen=True)
class Reading:
    """One similarity read off the thermometer.

    Attributes:
        score: the similarity.
        random_higher: share (0..1) of random pairs that score at least as high.
        true_lower: share (0..1) of true pairs that score lower (its percentile among true pairs).
        sentence: both in plain words ("a random pair scores higher in 3 of 100 cases").
    """

    score: float
    random_higher: float
    true_lower: float
    sentence: str


@dataclass(frozen=True)
class Thermometer:
    """Similarities of true and of random pairs of two modalities, each ascending.

    `separation` is the chance (0..1) that a true pair scores above a random pair (area under the ROC curve; a tie
    counts half).
    """

    src: str
    dst: str
    true: np.ndarray
    random: np.ndarray
    separation: float

    def read(self, score: float) -> Reading:
        """Where `score` lies between the two distributions."""
        n = len(self.random)
        higher = float(1 - np.searchsorted(self.random, score, side="left") / n)
        lower = float(np.searchsorted(self.true, score, side="left") / len(self.true))
        sentence = (
            f"A random pair scores higher in {_cases(higher, n)}; "
            f"a true pair scores lower in {_cases(lower, len(self.true))}."
        )
        return Reading(float(score), higher, lower, sentence)


def _cases(share: float, n: int) -> str:
    """A share counted from n cases, in words: never finer than what n can tell."""
    if share == 0:
        return f"fewer than 1 of {n:,} cases"
    if share == 1:
        return f"all of {n:,} cases"
    for base in (100, 1000, 10_000, 100_000):
        count = round(share * base)
        if (1 <= count < base and (base == 100 or count < 10)) or base >= n:
            return f"{min(max(count, 1), base - 1):,} of {base:,} cases"
    return f"1 of {n:,} cases"


def thermometer(
    embeddings: Embeddings, src: str, dst: str, rows: np.ndarray | None = None, n_random: int = 20000, seed: int = 0
) -> Thermometer:
    """The two distributions over `rows` (all when None) where both modalities are present.

    True pairs: the rows, each distinct pair of items once. Random pairs: `n_random` seeded draws of two rows of
    different groups.

    Raises:
        UserError: not in one space, or fewer than two groups with both modalities.
    """
    check_shared(embeddings, [src, dst])
    both = np.unique(row_positions(rows, len(embeddings)))
    both = both[embeddings.present[src][both] & embeddings.present[dst][both]]
    names, group = np.unique(embeddings.groups[both].astype(str), return_inverse=True)
    if len(names) < 2:
        raise UserError(f"fewer than two groups have both {src} and {dst}", "thermometer", "choose more rows")
    left, right = unit(embeddings.vectors[src][both]), unit(embeddings.vectors[dst][both])
    keys = np.stack([embeddings.content[m][both].astype(str) for m in (src, dst)], axis=1)
    distinct = np.unique(keys, axis=0, return_index=True)[1]
    true = np.sort(np.einsum("nd,nd->n", left[distinct], right[distinct]))
    random = runtime.rng(seed)
    i = random.integers(0, len(both), n_random)
    # A row of another group, drawn evenly: rows sorted by group, skipping the run of the row's own group.
    order = np.argsort(group, kind="stable")
    sizes = np.bincount(group)
    begin = np.cumsum(sizes) - sizes
    place = (random.random(n_random) * (len(both) - sizes[group[i]])).astype(int)
    place += np.where(place >= begin[group[i]], sizes[group[i]], 0)
    drawn = np.sort(_dots(left, right, i, order[place]))
    below = np.searchsorted(drawn, true, "left") + np.searchsorted(drawn, true, "right")
    return Thermometer(src, dst, true, drawn, float(below.mean() / (2 * n_random)))


def _dots(left: np.ndarray, right: np.ndarray, i: np.ndarray, j: np.ndarray, block: int = 20_000) -> np.ndarray:
    """Inner products of rows i of `left` with rows j of `right`, [n], in blocks."""
    parts = [slice(s, s + block) for s in range(0, len(i), block)]
    return np.concatenate([np.einsum("nd,nd->n", left[i[p]], right[j[p]]) for p in parts])
