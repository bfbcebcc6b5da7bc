"""Fits every entry with every seed, times it, and lists with its reason what fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from mmexplore.errors import Cancelled
from mmexplore.journey.asking import epochs
from mmexplore.journey.comparing.results import Failed, Line, Race, measured
from mmexplore.journey.comparing.setting import Entry
from mmexplore.models.estimator import OnEpoch
from mmexplore.server.jobs import Progress, one_sentence
from mmexplore.workspace.fits import name_of


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

    def run(self, entry: Entry, seed: int, on_epoch: OnEpoch | None) -> tuple[Run, Any]:
        """Fit an entry and judge it; also what the views can show of it."""
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
    """Who has come how far in one race; `race` is how it stands now.

    Everyone is judged over the seeds that all who are ranked have had: where a round is half through, its fits wait.
    """

    course: Course
    entries: Sequence[Entry]
    seeds: tuple[int, ...]
    fitted: dict[str, Any] = field(default_factory=dict)  # label -> as fitted with the first seed

    def __post_init__(self) -> None:
        methods = [name_of(e.cls) for e in self.entries]
        self.titles = {
            e.label: e.title(full=e.label != m or methods.count(m) > 1)
            for e, m in zip(self.entries, methods, strict=True)
        }
        self.baselines = {b.name: b for b in self.course.baselines()}
        self.runs: dict[str, list[Run]] = {}
        self.failed: dict[str, Failed] = {}
        self._lines: dict[tuple[str, bool], Line] = {}  # by name, and whether it is a baseline

    def score(self, entry: Entry, found: Run, fitted: Any) -> None:
        """One more fit of an entry, of the seed that follows."""
        self.runs.setdefault(entry.label, []).append(found)
        self.fitted.setdefault(entry.label, fitted)

    def fail(self, entry: Entry, error: Exception) -> None:
        """Out of the race, with its reason; what it has scored before is not half kept."""
        self.failed[entry.label] = Failed(entry.label, self.titles[entry.label], one_sentence(error))
        self.fitted.pop(entry.label, None)
        self.runs.pop(entry.label, None)
        self._lines.pop((entry.label, False), None)

    @property
    def n_shared(self) -> int:
        """How many seeds all who are ranked have had; every seed while nobody is."""
        return min(map(len, self.runs.values()), default=len(self.seeds))

    @property
    def race(self) -> Race:
        course, (rows, n), shared = self.course, self.course.scored, self.n_shared
        self._draw_up(shared)
        notes = list(course.notes)
        if shared < len(self.seeds):
            notes.append(f"Ranked over {shared} of {len(self.seeds)} seeds: those that all of these methods have had.")
        return Race(
            course.kind, course.metric, course.chance, rows, n, len(course.groups), course.reference,
            course.with_missing, course.holes_metric, tuple(best_first(self._lines.values())),
            tuple(self.failed.values()), tuple(notes), shared,
        )  # fmt: skip

    def _draw_up(self, shared: int) -> None:
        """Lines over the first `shared` seeds; those that stand on them already stay."""
        named: list[tuple[str, bool, list[Run]]] = [(b.name, True, b.runs) for b in self.baselines.values()]
        named += [(label, False, runs) for label, runs in self.runs.items()]
        entries, reference = {e.label: e for e in self.entries}, self.course.reference
        for name, baseline, runs in named:
            known = self._lines.get((name, baseline))
            if known is not None and known.n_seeds == shared:
                continue
            over = None
            if reference in self.baselines and not (baseline and name == reference):
                over = self.baselines[reference].runs[:shared]
            title = self.baselines[name].title if baseline else self.titles[name]
            line = _line(self.course, self.seeds[0], name, title, baseline, runs[:shared], over)
            if not baseline:
                cls = entries[name].cls
                line = replace(line, family=cls.family, method=name_of(cls), params=entries[name].given)
            self._lines[name, baseline] = line


def best_first(lines: Iterable[Line]) -> list[Line]:
    """By score; of equal ones the one that keeps more with holes."""
    return sorted(lines, key=lambda x: (-x.score.score, -(x.holes.score if x.holes else 0.0)))


def nobody(kind: str, entries: Sequence[Entry], error: Exception) -> Race:
    """A race that this data does not allow at all: every entry is listed with the reason."""
    reason = one_sentence(error)
    failed = tuple(Failed(e.label, e.title(full=e.label != e.method), reason) for e in entries)
    return Race(kind, "", 0.0, "", 0, 0, None, "", "", (), failed)


def run(standing: Standing, progress: Progress | None, done: int, of: int, told: Callable[[int], None]) -> None:
    """Fit and score every entry with every seed: all of them with the first, then all with the second ...

    Args:
        done, of: fits before this race, and of the whole job, for `progress`.
        told: called after each fit with how many the whole job has done.
    """
    for seed in standing.seeds:
        for entry in standing.entries:
            if progress is not None:
                progress.update(done, of, f"{standing.titles[entry.label]}, seed {seed}")
            if entry.label not in standing.failed:
                try:
                    standing.score(entry, *standing.course.run(entry, seed, epochs(progress, part=(done, of))))
                except Cancelled:
                    raise
                except Exception as error:  # noqa: BLE001 - whatever it was: it is listed, and the others go on
                    standing.fail(entry, error)
            done += 1
            told(done)


def _line(
    course: Course, seed: int, name: str, title: str, baseline: bool, runs: list[Run], reference: list[Run] | None
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
        "",
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
