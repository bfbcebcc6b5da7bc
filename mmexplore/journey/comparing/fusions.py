"""Fusions and generative models on a labelled task: one exam a seed, the same for all."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from mmexplore.embeddings import Embeddings
from mmexplore.estimator import OnEpoch
from mmexplore.fusion.base import Fusion, default_objective
from mmexplore.fusion.budget import keep_labels
from mmexplore.fusion.exam import MOST_BASELINE_ROWS
from mmexplore.fusion.missing import draw_missing
from mmexplore.fusion.sitting import Sitting
from mmexplore.journey.asking import make
from mmexplore.journey.comparing.results import Setting
from mmexplore.journey.comparing.running import Baseline, Clock, Run
from mmexplore.journey.fusing import fusion_input, mean_entropy, rows_name
from mmexplore.methods import fusion_methods
from mmexplore.workspace import FittedFusion, Workspace

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
        self, name: str, embeddings: Embeddings, objective: str, seed: int, on_epoch: OnEpoch | None
    ) -> tuple[Fusion, float]:
        """The fitted method and its seconds."""
        fusion = make(fusion_methods(), name, self.setting.params.get(name), "fusion")
        clock = Clock()
        fusion.fit(embeddings, objective=objective, on_epoch=on_epoch, seed=seed)
        return fusion, clock.seconds

    def entropy(self, fusion: Fusion, rows: np.ndarray) -> float | None:
        """Mean entropy of the weights on the scored rows; None without weights."""
        scored = self.embeddings.take(rows)
        weights = fusion.modality_weights(scored)
        return None if weights is None else mean_entropy(weights, scored.mask)


class LabelRace(FusionRace):
    """Judged by accuracy, or R^2 for a numeric target."""

    reference: str | None = LATE

    def __init__(self, workspace: Workspace, setting: Setting, seeds: tuple[int, ...]) -> None:
        super().__init__(workspace, setting, seeds)
        self.objective = default_objective(self.embeddings)
        budget = setting.labels_per_class
        self.given = {
            seed: self.embeddings if budget is None else keep_labels(self.embeddings, budget, seed) for seed in seeds
        }
        self.sittings = {
            seed: Sitting(given, self.objective, seed, holes=self.holes(seed)) for seed, given in self.given.items()
        }
        self.sitting = self.sittings[seeds[0]]
        self.metric, self.groups = self.sitting.metric, self.sitting.groups
        self.hole_groups = self.groups
        self.with_missing = f"the same rows with {setting.missing:.0%} of their cells taken away, one left at least"
        if len(self.sitting.exam.fitted) == MOST_BASELINE_ROWS:
            self.notes.append(f"The baselines learn from {MOST_BASELINE_ROWS:,} rows drawn from those to learn from.")

    @property
    def scored(self) -> tuple[str, int]:
        return rows_name(self.workspace, self.sitting.which), len(self.sitting.rows)

    @cached_property
    def chance(self) -> float:
        return float(np.mean([sitting.chance for sitting in self.sittings.values()]))

    def run(self, name: str, seed: int, on_epoch: OnEpoch | None) -> tuple[Run, FittedFusion]:
        sitting, given = self.sittings[seed], self.given[seed]
        fusion, seconds = self.fit(name, given, self.objective, seed, on_epoch)
        clock = Clock()
        rates = sitting.rates(fusion)
        per_item = clock.seconds / len(sitting.asked)
        found = self._run_of(rates, sitting)
        found.n_parameters, found.fit_seconds, found.item_seconds = fusion.n_parameters(), seconds, per_item
        found.entropy = self.entropy(fusion, sitting.rows)
        score = sitting.score(rates)
        score = replace(score, rows=rows_name(self.workspace, score.rows))
        target = self.setting.target or "label"
        fitted = FittedFusion(fusion, score, seed, target, self.setting.source, self.setting.labels_per_class)
        return found, fitted

    def baselines(self) -> list[Baseline]:
        entries = [Baseline(name, TITLES.get(name, f"{name} alone")) for name in self.sitting.baselines]
        for baseline in entries:
            baseline.runs = [
                self._run_of(sitting.baselines[baseline.name], sitting) for sitting in self.sittings.values()
            ]
        return entries

    def _run_of(self, rates: np.ndarray, sitting: Sitting) -> Run:
        n = len(sitting.rows)
        return Run({self.metric: rates[:n]}, rates[n:])
