"""Which rows a measure of a fitted method is taken on: those that the fit has not seen, where there are any."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmexplore.embeddings import Embeddings
from mmexplore.errors import UserError

LEAST_GROUPS = 2  # with a single one there is nothing to be told apart from


def rows_to_measure(estimator: Any, embeddings: Embeddings, strict: bool = False) -> tuple[np.ndarray, str]:
    """(bool [N], "281 held-out items"): the rows the fit has not seen; all of them, "1,406 fitted items", where those
    make fewer than two groups.

    Args:
        strict: refuse in place of measuring fitted items.

    Raises:
        UserError: `strict`, and there are no rows that the fit has not seen.
    """
    unseen = ~seen_rows(estimator, embeddings)
    if len(np.unique(embeddings.groups[unseen].astype(str))) >= LEAST_GROUPS:
        return unseen, f"{int(unseen.sum()):,} held-out items"
    if strict:
        raise UserError(
            "the fit has seen all of these items",
            type(estimator).__name__,
            "give embeddings with a `test` split or other items, or leave strict=True out",
        )
    return np.ones(len(embeddings), bool), f"{len(embeddings):,} fitted items"


def seen_rows(estimator: Any, embeddings: Embeddings) -> np.ndarray:
    """bool [N]: as the estimator says; by the splits (train and val are seen, everything without a split) else."""
    if hasattr(estimator, "seen"):
        return np.asarray(estimator.seen(embeddings))
    return np.ones(len(embeddings), bool) if embeddings.splits is None else embeddings.in_split("train", "val")
