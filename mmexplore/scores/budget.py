"""A label budget: all but a few labels hidden, to see how a method does with little to learn from."""

from __future__ import annotations

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import train_rows
from mmexplore.errors import UserError
from mmexplore.models.targets import known_labels
from mmexplore.runtime import rng
from mmexplore.scores.score import scored_rows


def keep_labels(embeddings: Embeddings, per_class: int, seed: int = 0) -> Embeddings:
    """The same rows with `per_class` labels of each class (of a numeric target: in all) among those to learn from.

    The scored rows keep theirs, every other row loses it, `val` rows too where they are not the scored ones: a method
    that stops early on labels would have seen them. Rows without a label stay: what needs none learns from them.

    Raises:
        UserError: fewer than one label, or there are no labels.
    """
    if embeddings.labels is None:
        raise UserError("there are no labels to count", "label budget", "give a label column, or leave it out")
    if per_class < 1:
        raise UserError(f"{per_class} labels are too few to learn from", "label budget", "give 1 or more")
    classes = embeddings.target_kind == "classification"
    labels = embeddings.labels.copy()
    known = known_labels(labels)
    scored, which = scored_rows(embeddings, known)
    kept = np.zeros(len(embeddings), bool)
    lot = rng(seed).random(len(embeddings))
    train = np.flatnonzero(known & train_rows(embeddings))
    strata = labels[train].astype(str) if classes else np.zeros(len(train), int)
    for stratum in np.unique(strata):
        rows = train[strata == stratum]
        kept[rows[np.argsort(lot[rows], kind="stable")[:per_class]]] = True
    if which != "all":  # without a split the rows that are scored are those that are fitted
        kept[scored] = True
    labels[~kept] = "" if classes else np.nan
    return embeddings.with_labels(labels)
