"""What a race gives back: plain numbers, and the methods that were fitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmexplore.alignment.base import Alignment
from mmexplore.embeddings import Embeddings
from mmexplore.fusion.score import interval
from mmexplore.workspace import FittedFusion

INTERVAL = "95 % bootstrap over the held-out items, of the mean over the seeds; sd: between the seeds"


@dataclass(frozen=True)
class Setting:
    """What is compared.

    Attributes:
        methods: names.  n_seeds: fits of each, with the workspace's seed and those that follow it.
        labels_per_class: a label budget; None = every label.
        missing: share of the cells that are taken away for the score with holes, above 0, up to 1.
        target, source: as in `journey.fuse`.
        params: method -> parameters other than its defaults.
    """

    methods: tuple[str, ...]
    n_seeds: int = 3
    labels_per_class: int | None = None
    missing: float = 0.5
    target: str | None = None
    source: str = "encoded"
    params: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """A mean with its 95 % interval (bootstrap over groups of items) and the sd between seeds (None: one seed)."""

    score: float
    interval: list[float]
    sd: float | None = None


def measured(values: np.ndarray, groups: np.ndarray, seed: int) -> Measured:
    """Values [S, n], a row a seed, an item a column; groups [n]."""
    sd = float(values.mean(1).std(ddof=1)) if len(values) > 1 else None
    return Measured(float(values.mean()), interval(values.mean(0), groups, seed), sd)


@dataclass(frozen=True)
class Line:
    """One competitor.

    Attributes:
        score: in the race's metric.  gain: over the race's reference, item by item; None for the reference itself.
        holes: the score with cells missing.  further: other metrics by name.
        n_parameters, fit_seconds, item_seconds: numbers learned; seconds of one fit, of one item; means over seeds.
        entropy: mean entropy of the modality weights, a share of its maximum (1 = even); None = no weights.
    """

    name: str
    title: str
    family: str
    baseline: bool
    score: Measured
    gain: Measured | None = None
    holes: Measured | None = None
    further: dict[str, Measured] = field(default_factory=dict)
    n_parameters: int | None = None
    fit_seconds: float | None = None
    item_seconds: float | None = None
    entropy: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; what was not measured is None."""
        answer: dict[str, Any] = {"name": self.name, "title": self.title, "family": self.family}
        answer |= {"baseline": self.baseline}
        for name, value in (("score", self.score), ("gain", self.gain), ("score_with_missing", self.holes)):
            answer[name] = None if value is None else value.score
            answer[f"{name}_interval"] = None if value is None else value.interval
            answer[f"{name}_sd"] = None if value is None else value.sd
        for name, value in self.further.items():
            answer |= {name: value.score, f"{name}_interval": value.interval}
        return answer | {
            "parameters": self.n_parameters,
            "fit_seconds": self.fit_seconds,
            "seconds_per_item": self.item_seconds,
            "weight_entropy": self.entropy,
        }


@dataclass(frozen=True)
class Failed:
    """A method that this data does not allow, and why, in one sentence."""

    name: str
    title: str
    reason: str


@dataclass(frozen=True)
class Race:
    """Competitors judged on the same rows.

    Attributes:
        kind: "fusion" or "alignment".
        metric: "accuracy", "r2", "recall@1" (all 0..1).  chance: what no input at all scores.
        rows, n: the scored rows, as in `FusionScore`.  asked: how many answers that makes (queries, for retrieval).
        reference: the baseline that gains are taken over; None where there is none.
        with_missing: in words, what the score with holes is.
        lines: best first, baselines among them.  failed: by name.
        notes: what else must be said (a sample that was drawn).
    """

    kind: str
    metric: str
    chance: float
    rows: str
    n: int
    asked: int
    reference: str | None
    with_missing: str
    lines: tuple[Line, ...]
    failed: tuple[Failed, ...]
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        about = {k: getattr(self, k) for k in ("metric", "chance", "rows", "n", "asked", "reference", "with_missing")}
        return about | {
            "interval": INTERVAL,
            "results": [line.as_dict() for line in self.lines],
            "failed": [vars(f) for f in self.failed],
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Comparison:
    """Both races (either may be absent), and each method as fitted with the first seed.

    `embeddings` and (where fusions were given aligned vectors) `aligned` are the vectors that they were fitted on.
    """

    setting: Setting
    seeds: tuple[int, ...]
    split: str
    races: tuple[Race, ...]
    fitted: dict[str, FittedFusion | tuple[Alignment, Embeddings]]
    embeddings: Embeddings
    aligned: Embeddings | None = None

    def as_dict(self) -> dict[str, Any]:
        """As `mmexplore compare --json` prints it."""
        s = self.setting
        about: dict[str, Any] = {"seeds": list(self.seeds), "split": self.split, "labels_per_class": s.labels_per_class}
        about |= {"missing": s.missing, "target": s.target, "source": s.source, "params": s.params}
        return about | {race.kind: race.as_dict() for race in self.races}
