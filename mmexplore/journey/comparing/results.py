"""What a race gives back: plain numbers, and the methods that were fitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.journey.comparing.setting import Setting
from mmexplore.models.alignment.base import Alignment
from mmexplore.scores.bootstrap import interval
from mmexplore.workspace.state import FittedFusion

CEILING = 0.99  # of at most 1: above it too little room is left to tell methods apart
INTERVAL = "95 % bootstrap over the held-out items, of the mean over the seeds; sd: between the seeds"


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
        name: the label of its entry, or the baseline's name.  method: the method's name ("" of a baseline).
        params: those of the entry that are not the method's defaults.
        n_seeds: how many fits it stands on: see `Race.n_seeds`.
        score: in the race's metric.  gain: over the race's reference, item by item; None for the reference itself.
        holes: the score with cells missing.  further: other metrics by name.
        n_parameters, fit_seconds, item_seconds: numbers learned; seconds of one fit, of one item; means over seeds.
        entropy: mean entropy of the modality weights, a share of its maximum (1 = even); None = no weights.
    """

    name: str
    title: str
    family: str
    baseline: bool
    n_seeds: int
    score: Measured
    gain: Measured | None = None
    holes: Measured | None = None
    further: dict[str, Measured] = field(default_factory=dict)
    n_parameters: int | None = None
    fit_seconds: float | None = None
    item_seconds: float | None = None
    entropy: float | None = None
    method: str = ""
    params: dict[str, Any] = field(default_factory=dict)

    def value(self, measure: str, metric: str) -> Measured | None:
        """Its value in this measure, where `metric` is the race's."""
        return self.score if measure == metric else self.further.get(measure)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; what was not measured is None."""
        answer: dict[str, Any] = {"name": self.name, "title": self.title, "family": self.family}
        answer |= {"method": self.method or None, "params": self.params}
        answer |= {"baseline": self.baseline, "seeds": self.n_seeds}
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
        metric: "accuracy", "r2", "recall@1", "disjoint mrr" (1 is the most); "" where there is no such race.
        chance: what no input at all scores.
        rows, n: the scored rows, as in `FusionScore`.  asked: how many answers that makes (queries, for retrieval).
        reference: the baseline that gains are taken over; None where there is none.
        with_missing: in words, what the score with holes is.  holes_metric: the measure that it is taken in.
        lines: best first, baselines among them.  failed: by name.
        notes: what else must be said (a sample that was drawn).
        n_seeds: all lines stand on the fits of the first so many seeds: those that every scored method has had.
    """

    kind: str
    metric: str
    chance: float
    rows: str
    n: int
    asked: int
    reference: str | None
    with_missing: str
    holes_metric: str
    lines: tuple[Line, ...]
    failed: tuple[Failed, ...]
    notes: tuple[str, ...] = ()
    n_seeds: int = 0

    @property
    def measures(self) -> list[str]:
        """The metric, then the others."""
        return [self.metric, *(self.lines[0].further if self.lines else ())]

    @property
    def saturated(self) -> list[str]:
        """The measures in which every method (two or more) is at the ceiling: there they cannot be told apart."""
        methods = [line for line in self.lines if not line.baseline]
        values = {m: [v.score for line in methods if (v := line.value(m, self.metric))] for m in self.measures}
        return [m for m, scores in values.items() if len(scores) > 1 and min(scores) >= CEILING]

    def as_dict(self) -> dict[str, Any]:
        names = ("metric", "chance", "rows", "n", "asked", "reference", "with_missing", "holes_metric", "saturated")
        about: dict[str, Any] = {k: getattr(self, k) for k in names}
        return about | {
            "ranked_seeds": self.n_seeds,
            "further": self.measures[1:],
            "interval": INTERVAL,
            "results": [line.as_dict() for line in self.lines],
            "failed": [vars(f) for f in self.failed],
            "notes": list(self.notes),
        }


def at_the_ceiling(measures: list[str], saturated: list[str]) -> str:
    """What a person is told where every method is at the ceiling of the measure they look at."""
    further = "Another measure" if set(measures) - set(saturated) else "Harder data, or the scores with holes,"
    return (
        f"Every method is at the ceiling of this measure ({CEILING:.0%} or more), so their order says nothing. "
        f"{further} may tell them apart."
    )


@dataclass(frozen=True)
class Comparison:
    """Both races (either may be absent), and each entry (by its label) as fitted with the first seed.

    `n_done` of `n_fits` fits are in it: all of them, unless the job is still at it or was stopped.
    `embeddings` and (where fusions were given aligned vectors) `aligned` are the vectors that they were fitted on.
    """

    setting: Setting
    seeds: tuple[int, ...]
    split: str
    races: tuple[Race, ...]
    fitted: dict[str, FittedFusion | tuple[Alignment, Embeddings]]
    embeddings: Embeddings
    n_done: int
    n_fits: int
    aligned: Embeddings | None = None

    @property
    def complete(self) -> bool:
        return self.n_done == self.n_fits

    @property
    def n_scored(self) -> int:
        """Methods with a score so far."""
        return sum(not line.baseline for race in self.races for line in race.lines)

    @property
    def come_far(self) -> str:
        """ "7 of 12 methods", and how many fits where each is fitted several times."""
        methods = f"{self.n_scored} of {len(self.setting.entries)} methods"
        return methods if len(self.seeds) == 1 else f"{methods}, {self.n_done:,} of {self.n_fits:,} fits"

    def as_dict(self) -> dict[str, Any]:
        """As `mmexplore compare --json` prints it."""
        s = self.setting
        about: dict[str, Any] = {"seeds": list(self.seeds), "split": self.split, "labels_per_class": s.labels_per_class}
        about |= {"fits": self.n_fits, "fits_done": self.n_done, "complete": self.complete}
        about |= {"missing": s.missing, "target": s.target, "source": s.source, "params": s.given}
        return about | {race.kind: race.as_dict() for race in self.races}


# Told what is known after each fit, in the working thread; what it is given never changes.
OnScored = Callable[[Comparison], None]
