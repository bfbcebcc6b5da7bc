"""Fits every method with every seed, times it, and lists with its reason what fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from mmexplore.errors import Cancelled
from mmexplore.estimator import OnEpoch
from mmexplore.jobs import Progress, one_sentence
from mmexplore.journey.asking import epochs
from mmexplore.journey.comparing.results import Failed, Line, Race, measured
from mmexplore.methods import all_methods


@dataclass
class Run:
    """What one fit gave: metric -> a value for each item asked, [n]; the first metric is the score.

    holes: the same for the score with cells missing, or None.
    """

    values: dict[str, np.ndarray]
    holes: np.ndarray | None
    n_parameters: int | None = None
    fit_seconds: float | None = None
    item_seconds: float | None = None
    entropy: float | None = None


@dataclass
class Baseline:
    """A competitor that is part of the course, not of the choice: its runs, a seed each."""

    name: str
    title: str
    runs: list[Run] = field(default_factory=list)


class Course(Protocol):
    """Rows, holes and judgement that all methods of a race share."""

    kind: str
    metric: str
    reference: str | None
    with_missing: str
    holes_metric: str
    notes: list[str]

    def run(self, name: str, seed: int, on_epoch: OnEpoch | None) -> tuple[Run, Any]:
        """Fit a method and judge it; also what the views can show of it."""
        ...

    def baselines(self) -> list[Baseline]: ...

    @property
    def chance(self) -> float: ...

    @property
    def scored(self) -> tuple[str, int]:
        """How the rows are called, and how many there are."""
        ...

    @property
    def groups(self) -> np.ndarray:
        """[n], of each item asked."""
        ...

    @property
    def hole_groups(self) -> np.ndarray:
        """[n'], of each item asked with cells missing."""
        ...


@dataclass
class Standing:
    """Who has come how far in one race; `race` is how it stands now."""

    course: Course
    seeds: tuple[int, ...]
    fitted: dict[str, Any] = field(default_factory=dict)  # each method with the first seed

    def __post_init__(self) -> None:
        baselines = {b.name: b for b in self.course.baselines()}
        self.reference = baselines[self.course.reference].runs if self.course.reference in baselines else None
        self.runs: dict[str, list[Run]] = {}
        self.failed: dict[str, Failed] = {}
        self.lines = {b.name: self._line(b.name, b.title, "", True, b.runs) for b in baselines.values()}

    def score(self, name: str, found: Run, fitted: Any) -> None:
        """One more fit of a method, of the seed that follows."""
        method, runs = all_methods()[name], self.runs.setdefault(name, [])
        runs.append(found)
        self.fitted.setdefault(name, fitted)
        self.lines[name] = self._line(name, method.card.title, method.family, False, runs)

    def fail(self, name: str, error: Exception) -> None:
        """Out of the race, with its reason; what it has scored before is not half kept."""
        self.failed[name] = Failed(name, all_methods()[name].card.title, one_sentence(error))
        self.fitted.pop(name, None)
        self.lines.pop(name, None)

    def _line(self, name: str, title: str, family: str, baseline: bool, runs: list[Run]) -> Line:
        reference = None if name == self.course.reference or self.reference is None else self.reference[: len(runs)]
        return _line(self.course, self.seeds[0], name, title, family, baseline, runs, reference)

    @property
    def race(self) -> Race:
        course, (rows, n) = self.course, self.course.scored
        return Race(
            course.kind, course.metric, course.chance, rows, n, len(course.groups), course.reference,
            course.with_missing, course.holes_metric, tuple(best_first(self.lines.values())),
            tuple(self.failed.values()), tuple(course.notes),
        )  # fmt: skip


def best_first(lines: Iterable[Line]) -> list[Line]:
    """By score; of equal ones the one that keeps more with holes."""
    return sorted(lines, key=lambda x: (-x.score.score, -(x.holes.score if x.holes else 0.0)))


def nobody(kind: str, names: list[str], error: Exception) -> Race:
    """A race that this data does not allow at all: every method is listed with the reason."""
    reason, methods = one_sentence(error), all_methods()
    failed = tuple(Failed(name, methods[name].card.title, reason) for name in names)
    return Race(kind, "", 0.0, "", 0, 0, None, "", "", (), failed)


def run(
    standing: Standing,
    names: list[str],
    progress: Progress | None,
    done: int,
    of: int,
    told: Callable[[int], None],
) -> None:
    """Fit and score every method with every seed: all of them with the first, then all with the second ...

    Args:
        done, of: fits before this race, and of the whole job, for `progress`.
        told: called after each fit with how many the whole job has done.
    """
    for seed in standing.seeds:
        for name in names:
            if progress is not None:
                progress.update(done, of, f"{all_methods()[name].card.title}, seed {seed}")
            if name not in standing.failed:
                try:
                    standing.score(name, *standing.course.run(name, seed, epochs(progress, part=(done, of))))
                except Cancelled:
                    raise
                except Exception as error:  # noqa: BLE001 - whatever it was: it is listed, and the others go on
                    standing.fail(name, error)
            done += 1
            told(done)


def _line(
    course: Course,
    seed: int,
    name: str,
    title: str,
    family: str,
    baseline: bool,
    runs: list[Run],
    reference: list[Run] | None,
) -> Line:
    """The runs of one competitor, a seed each, as a line of the table; the reference's runs are of the same seeds."""
    values = {m: np.stack([r.values[m] for r in runs]) for m in runs[0].values}
    score = values[course.metric]
    gain = None
    if reference is not None:
        ahead = score - np.stack([r.values[course.metric] for r in reference])
        gain = measured(ahead, course.groups, seed)
    holes = None if any(r.holes is None for r in runs) else np.stack([r.holes for r in runs])  # type: ignore[misc]
    return Line(
        name,
        title,
        family,
        baseline,
        len(runs),
        measured(score, course.groups, seed),
        gain,
        None if holes is None else measured(holes, course.hole_groups, seed),
        {m: measured(v, course.groups, seed) for m, v in values.items() if m != course.metric},
        runs[0].n_parameters,
        _mean([r.fit_seconds for r in runs]),
        _mean([r.item_seconds for r in runs]),
        _mean([r.entropy for r in runs]),
    )


def _mean(values: list[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


class Clock:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self.began = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.began
