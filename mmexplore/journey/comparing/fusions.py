"""Fusions and generative models on a labelled task: one exam a seed, the same for all."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.journey.asking import make
from mmexplore.journey.comparing.running import Baseline, Clock, Run
from mmexplore.journey.comparing.setting import Entry, Setting
from mmexplore.journey.fusing import fusion_input, mean_entropy, rows_name
from mmexplore.models.estimator import OnEpoch
from mmexplore.models.fusion.base import Fusion, default_objective
from mmexplore.scores.baselines import fit_baselines
from mmexplore.scores.budget import keep_labels
from mmexplore.scores.evaluation import score_of_rates
from mmexplore.scores.exam import MOST_BASELINE_ROWS, Exam, exam, predicted
from mmexplore.scores.missing import draw_missing
from mmexplore.workspace.state import FittedFusion, Workspace

LATE = "late product"  # the bar of the field: one plain classifier a modality, their answers multiplied
TITLES = {"early concat": "Vectors side by side, one regression", LATE: "One regression a modality, multiplied"}


class FusionRace:
    """What both fusion races share: the vectors, the seeds, and how a fit is timed."""

    kind = "fusion"

    def __init__(self, workspace: Workspace, setting: Setting, seeds: tuple[int, ...]) -> None:
        self.workspace, self.setting, self.seeds = workspace, setting, seeds
        self.embeddings = fusion_input(workspace, setting.target, setting.source)
        self.notes: list[str] = []

    def holes(self, seed: int) -> np.ndarray:
        """bool [N, M]: the cells that are taken away, the same for every method."""
        return draw_missing(self.embeddings, self.setting.missing, seed)

    def fit(
        self, entry: Entry, embeddings: Embeddings, objective: str, seed: int, on_epoch: OnEpoch | None
    ) -> tuple[Fusion, float]:
        """The fitted method and its seconds."""
        fusion = make(entry.method, entry.params, "fusion", objective=objective, random_state=seed)
        clock = Clock()
        fusion.fit(embeddings, on_epoch=on_epoch)
        return fusion, clock.seconds

    def entropy(self, fusion: Fusion, rows: np.ndarray) -> float | None:
        """Mean entropy of the weights on the scored rows; None without weights."""
        scored = self.embeddings.take(rows)
        weights = fusion.modality_weights(scored)
        return None if weights is None else mean_entropy(weights, scored.mask)


@dataclass(frozen=True)
class Task:
    """What all methods get with one seed: the same labels, the same rows as they are and with the same holes.

    others: name -> rates of a baseline on the rows as they are, and with holes.
    """

    given: Embeddings
    exam: Exam
    whole: Embeddings
    holed: Embeddings
    others: dict[str, tuple[np.ndarray, np.ndarray]]


def set_task(embeddings: Embeddings, objective: str, budget: int | None, holes: np.ndarray, seed: int) -> Task:
    """Labels hidden, rows chosen, baselines fitted and asked."""
    given = embeddings if budget is None else keep_labels(embeddings, budget, seed)
    asked = exam(given, objective, seed)
    whole = given.take(asked.rows)
    holed = whole.hide(holes[asked.rows])
    plain = fit_baselines(given, asked.targets, asked.fitted)
    before, after = ({n: asked.rate(said) for n, said in plain.answers(test).items()} for test in (whole, holed))
    return Task(given, asked, whole, holed, {name: (before[name], after[name]) for name in before})


class LabelRace(FusionRace):
    """Judged by accuracy, or R^2 for a numeric target."""

    reference: str | None = LATE

    def __init__(self, workspace: Workspace, setting: Setting, seeds: tuple[int, ...]) -> None:
        super().__init__(workspace, setting, seeds)
        self.objective = default_objective(self.embeddings)
        budget = setting.labels_per_class
        self.tasks = {s: set_task(self.embeddings, self.objective, budget, self.holes(s), s) for s in seeds}
        self.exam = self.tasks[seeds[0]].exam
        self.metric = self.holes_metric = self.exam.metric
        self.groups = self.embeddings.groups[self.exam.rows]
        self.hole_groups = self.groups
        self.with_missing = f"the same rows with {setting.missing:.0%} of their cells taken away, one left at least"
        if len(self.exam.fitted) == MOST_BASELINE_ROWS:
            self.notes.append(f"The baselines learn from {MOST_BASELINE_ROWS:,} rows drawn from those to learn from.")

    @property
    def scored(self) -> tuple[str, int]:
        return rows_name(self.workspace, self.exam.which), len(self.exam.rows)

    @property
    def chance(self) -> float:
        return float(np.mean([task.exam.chance for task in self.tasks.values()]))

    def run(self, entry: Entry, seed: int, on_epoch: OnEpoch | None) -> tuple[Run, FittedFusion]:
        task = self.tasks[seed]
        fusion, seconds = self.fit(entry, task.given, self.objective, seed, on_epoch)
        clock = Clock()
        whole = task.exam.rate(predicted(fusion, task.whole, task.exam.targets))
        per_item = clock.seconds / len(task.whole)
        holed = task.exam.rate(predicted(fusion, task.holed, task.exam.targets))
        entropy = self.entropy(fusion, task.exam.rows)
        found = Run({self.metric: whole}, holed, fusion.n_parameters(), seconds, per_item, entropy)
        others = {name: rates[0] for name, rates in task.others.items()}
        score = score_of_rates(task.exam, whole, others, self.groups, seed)
        score = replace(score, rows=rows_name(self.workspace, score.rows))
        s = self.setting
        return found, FittedFusion(fusion, score, seed, s.target or "label", s.source, s.labels_per_class)

    def baselines(self) -> list[Baseline]:
        return [
            Baseline(
                name,
                TITLES.get(name, f"{name} alone"),
                [Run({self.metric: task.others[name][0]}, task.others[name][1]) for task in self.tasks.values()],
            )
            for name in self.tasks[self.seeds[0]].others
        ]
