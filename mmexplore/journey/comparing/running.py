"""Fits every method with every seed, times it, and lists with its reason what fails."""

from __future__ import annotations

import time
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


def run(
    course: Course, names: list[str], seeds: tuple[int, ...], progress: Progress | None, done: int, of: int
) -> tuple[Race, dict[str, Any]]:
    """The race, and each method as fitted with the first seed.

    Args:
        done, of: fits before this race, and of the whole job, for `progress`.
    """
    methods, runs, failed, kept = all_methods(), {name: [] for name in names}, {}, {}  # type: ignore[var-annotated]
    for seed in seeds:
        for name in names:
            title = methods[name].card.title
            if progress is not None:
                progress.update(done, of, f"{title}, seed {seed}")
            if name not in failed:
                try:
                    found, fitted = course.run(name, seed, epochs(progress, part=(done, of)))
                    runs[name].append(found)
                    kept.setdefault(name, fitted)
                except Cancelled:
                    raise
                except Exception as error:  # noqa: BLE001 - whatever it was: it is listed, and the others go on
                    failed[name] = Failed(name, title, one_sentence(error))
                    kept.pop(name, None)
            done += 1
    entries = [(b.name, b.title, "", True, b.runs) for b in course.baselines()]
    entries += [(n, methods[n].card.title, methods[n].family, False, runs[n]) for n in names if n not in failed]
    reference = next((r for name, _, _, baseline, r in entries if baseline and name == course.reference), None)
    lines = sorted(
        (_line(course, seeds[0], *entry, None if entry[0] == course.reference else reference) for entry in entries),
        key=lambda line: -line.score.score,
    )
    rows, n = course.scored
    race = Race(
        course.kind, course.metric, course.chance, rows, n, len(course.groups), course.reference, course.with_missing,
        tuple(lines), tuple(failed.values()), tuple(course.notes),
    )  # fmt: skip
    return race, kept


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
    """The runs of one competitor, a seed each, as a line of the table; the reference's seeds are the same ones."""
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
