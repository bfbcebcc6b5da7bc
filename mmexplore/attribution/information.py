"""Redundancy, uniqueness and synergy of two modalities of real data, through what each of them says of the label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmexplore.attribution.pid import Pid, decompose, table_of
from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.models.experts.held_out import fit_held_out
from mmexplore.models.standardise import fit_standard
from mmexplore.runtime import rng
from mmexplore.scores.bootstrap import group_codes, resamples

STATES = 10  # a label or an answer has at most so many values: a table of 10 x 10 x 10 is filled by thousands of rows
OTHER = "(other)"
FOLDS = 5

#: how vectors become a word that can be counted
WORDS = {
    "classifier": "the class that a linear classifier of the modality alone answers, on rows it was not fitted to",
    "cluster": "the cluster that the item lies in (k-means of the modality alone, which sees no label)",
}
LIMITS = {
    "classifier": "A classifier of one modality keeps only what that modality alone tells of the label, so what is "
    "known only together (synergy) is mostly lost before it is counted.",
    "cluster": "A cluster keeps what is large in the vectors, whether it matters or not, so fine differences are lost "
    "before they are counted.",
}


@dataclass(frozen=True)
class Information:
    """What two modalities tell of the label, in bits, estimated from `n` rows.

    Attributes:
        a, b: the modalities.  words: key of WORDS.
        found: the plug-in estimate.  alone: bits that the words of a and of b tell, each without the other.
        low, high: float [4] in the order of `pid.part_names`: 95 % basic bootstrap interval, by group. It leans
            against the plug-in's upward bias, so it may lie below the estimate.
        null: float [4], the 95th percentile of the same with the labels permuted: what is below it may be nothing.
        entropy: bits that there are to be told.  states: values of a's words, of b's, of the label.
        classes: the label's values that were counted one by one; the others were one ("" = unknown takes no part).
    """

    a: str
    b: str
    words: str
    found: Pid
    alone: tuple[float, float]
    low: np.ndarray
    high: np.ndarray
    null: np.ndarray
    entropy: float
    states: tuple[int, int, int]
    classes: list[str]
    n: int


def information(
    embeddings: Embeddings, a: str, b: str, words: str = "classifier", draws: int = 200, seed: int = 0
) -> Information:
    """Estimate over the rows that have both modalities and a known class.

    Args:
        draws: bootstrap samples; a quarter as many permutations of the labels.

    Raises:
        UserError: unknown modality or words, one modality twice, no classes, or fewer than 20 rows.
    """
    for m in (a, b):
        if m not in embeddings.vectors:
            raise UserError(f"there is no modality called {m!r}", "", f"choose from {', '.join(embeddings.modalities)}")
    if a == b:
        raise UserError("needs two different modalities", "information", "choose another one")
    if words not in WORDS:
        raise UserError(f"there are no words called {words!r}", "information", f"choose from {', '.join(WORDS)}")
    if embeddings.target_kind != "classification" or embeddings.labels is None:
        raise UserError("needs classes to be told", "information", "choose a label column")
    rows = embeddings.present[a] & embeddings.present[b] & (embeddings.labels.astype(str) != "")
    both = embeddings.only([a, b]).take(rows)
    if len(both) < 20 or len(np.unique(both.labels.astype(str))) < 2:  # type: ignore[union-attr]
        raise UserError("too few rows have both modalities and a class", "information", "choose other modalities")
    assert both.labels is not None
    y, classes = _few(both.labels.astype(str))
    said_a, said_b = _answers(both, y, len(classes), seed) if words == "classifier" else _clusters(both, seed)
    sides = (int(said_a.max()) + 1, int(said_b.max()) + 1, len(classes))
    joint = table_of(said_a, said_b, y, sides)
    parts = decompose(joint)
    random = rng(seed)
    again = decompose(_resampled(said_a, said_b, y, sides, both.groups, draws, random))
    high, low = (2 * parts - np.percentile(again, q, axis=0) for q in (2.5, 97.5))
    strangers = decompose(
        np.stack([table_of(said_a, said_b, random.permutation(y), sides) for _ in range(max(10, draws // 4))])
    )
    share = np.bincount(y) / len(y)
    return Information(
        a=a,
        b=b,
        words=words,
        found=Pid(parts[0], (parts[1], parts[2]), parts[3]),
        alone=(parts[0] + parts[1], parts[0] + parts[2]),
        low=np.maximum(low, 0),
        high=np.maximum(high, 0),
        null=np.percentile(strangers, 95, axis=0),
        entropy=float(-(share[share > 0] * np.log2(share[share > 0])).sum()),
        states=sides,
        classes=classes,
        n=len(both),
    )


def _few(labels: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Codes [N] and names of at most STATES values: the most frequent ones, the rest as one."""
    counts = pd.Series(labels).value_counts()
    names = sorted(counts.index) if len(counts) <= STATES else [*sorted(counts.index[: STATES - 1]), OTHER]
    place = {name: i for i, name in enumerate(names)}
    return np.array([place.get(label, len(names) - 1) for label in labels]), names


def _answers(both: Embeddings, y: np.ndarray, n_classes: int, seed: int) -> list[np.ndarray]:
    """For each of the two modalities, the class answered for each row by a classifier that never saw it."""
    standard = fit_standard(both, np.arange(len(both)))
    xs, present = standard.apply(both)
    held_out = fit_held_out(xs, present, y, both.groups, n_classes, FOLDS, seed)
    return [held_out.said[:, standard.names.index(m)].argmax(axis=1) for m in both.modalities]


def _clusters(both: Embeddings, seed: int) -> list[np.ndarray]:
    """For each of the two modalities, the cluster of each row; fewer clusters than STATES where rows are few."""
    from sklearn.cluster import KMeans

    standard = fit_standard(both, np.arange(len(both)))
    xs, _ = standard.apply(both)
    k = int(np.clip(len(both) // 25, 2, STATES))
    return [
        KMeans(k, n_init=3, random_state=seed).fit_predict(xs[standard.names.index(m)]).astype(int)
        for m in both.modalities
    ]


def _resampled(
    a: np.ndarray,
    b: np.ndarray,
    y: np.ndarray,
    sides: tuple[int, int, int],
    groups: np.ndarray,
    draws: int,
    random: np.random.Generator,
) -> np.ndarray:
    """Tables [draws, A, B, Y] of groups drawn with replacement."""
    group = group_codes(groups)
    cell, size = np.ravel_multi_index((a, b, y), sides), int(np.prod(sides))
    drawn = (times for block in resamples(int(group.max()) + 1, draws, random) for times in block)
    return np.stack([np.bincount(cell, times[group], size).reshape(sides) for times in drawn])
