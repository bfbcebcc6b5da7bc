"""A score, its bootstrap interval, and the rows it was taken on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.scores.bootstrap import interval


@dataclass
class FusionScore:
    """A score and what it must be seen beside. Plain values only: `FusionScore(**asdict(score))` gives it back.

    Attributes:
        metric: "accuracy" (0..1), "r2", "recall@1" (0..1; a view with one modality dropped finds its full view).
        score, interval: the fused score and its 95 % bootstrap interval (drawn by group), [lo, hi].
        baselines: name -> {"score", "interval"}: each modality's name alone, "early concat", "late product".
        chance: what an answer without any input scores.
        rows: "test", "held-out" (the `val` rows) or "all" (there is no split: the rows it was fitted on).
        n: how many rows that is.
        details: further numbers of the same rows, by name.
    """

    metric: str
    score: float
    interval: list[float]
    baselines: dict[str, dict[str, Any]]
    chance: float
    rows: str
    n: int
    details: dict[str, float] = field(default_factory=dict)


def scored_rows(embeddings: Embeddings, usable: np.ndarray) -> tuple[np.ndarray, str]:
    """(positions, "test" | "held-out" | "all"): test rows where there are usable ones, else val rows, else all."""
    for which, names in (("test", ("test",)), ("held-out", ("val", "dev"))):
        rows = np.flatnonzero(usable & embeddings.in_split(*names))
        if len(rows):
            return rows, which
    rows = np.flatnonzero(usable)
    if len(rows) == 0:
        raise UserError("there is no row to score", "evaluate", "give test rows with a label and a modality")
    return rows, "all"


def entry(values: np.ndarray, groups: np.ndarray, seed: int) -> dict[str, Any]:
    return {"score": float(values.mean()), "interval": interval(values, groups, seed)}
