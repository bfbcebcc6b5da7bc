"""Fusions and generative models without labels: does a view with a modality hidden find its full view?"""

from __future__ import annotations

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import train_rows
from mmexplore.journey.comparing.fusions import FusionRace
from mmexplore.journey.comparing.results import CEILING
from mmexplore.journey.comparing.running import Baseline, Clock, Run
from mmexplore.journey.comparing.setting import Entry, Setting
from mmexplore.journey.fusing import rows_name
from mmexplore.models.estimator import OnEpoch
from mmexplore.models.standardise import fit_standard
from mmexplore.scores.evaluation import view_rows
from mmexplore.scores.score import scored_rows
from mmexplore.scores.view_scores import (
    Hits,
    Transforms,
    contrastive_chance,
    contrastive_hits,
    disjoint_chance,
    hole_hits,
    score_of_hits,
)
from mmexplore.workspace.state import FittedFusion, Workspace

METRIC, HARDER = "recall@1", "disjoint mrr"
FURTHER = (METRIC, "recall@10", HARDER, "disjoint recall@10")
SIDE_BY_SIDE = "side by side"


class SideBySide:
    """The standardised vectors beside one another, nothing learned; zeros where absent."""

    def __init__(self, embeddings: Embeddings) -> None:
        self.standard = fit_standard(embeddings, np.flatnonzero(train_rows(embeddings)))

    def transform(self, embeddings: Embeddings) -> np.ndarray:
        return np.hstack(self.standard.apply(embeddings)[0])


class ViewRace(FusionRace):
    """Judged on held-out rows: a view with one modality dropped finds its full view (see `fusion.view_scores`).

    Where even vectors that learned nothing do that, it ranks nobody (emoji: side by side 0.998, ten methods 0.96 to
    1.00). Then one modality has to find the view made of all the others (0.21 to 0.44), which would in turn be all
    chance where the modalities share little (planted: 0.02). The baseline decides, before any method has run.
    """

    holes_metric = METRIC
    reference: str | None = SIDE_BY_SIDE

    def __init__(self, workspace: Workspace, setting: Setting, seeds: tuple[int, ...]) -> None:
        super().__init__(workspace, setting, seeds)
        self.rows, self.which = view_rows(self.embeddings, seeds[0])
        self.test = self.embeddings.take(self.rows)
        self.hole_groups = self.test.groups
        without = f"a row with {setting.missing:.0%} of its cells taken away, one left at least,"
        self.with_missing = f"{without} finds itself (recall@1)"
        plain = SideBySide(self.embeddings)
        hits = contrastive_hits(plain, self.test)
        easy = float(hits[METRIC][0].mean())
        self.metric, self.chance = METRIC, contrastive_chance(self.test)
        if easy >= CEILING:
            self.metric, self.chance = HARDER, disjoint_chance(self.test)
            self.notes.append(
                f"With nothing learned, {100 * easy:.1f} % of the items are recognised with a modality hidden: too "
                "easy to rank by. So more is asked: one modality alone looks for the view made of all the others."
            )
        self.groups = hits[METRIC][1]
        self.plain = [self._run_of(plain, hits, seed) for seed in seeds]
        every = len(scored_rows(self.embeddings, np.asarray(self.embeddings.mask.any(1)))[0])
        if every > len(self.rows):
            self.notes.append(f"{len(self.rows):,} of the {every:,} held-out rows were drawn for this.")

    @property
    def scored(self) -> tuple[str, int]:
        return rows_name(self.workspace, self.which), len(self.rows)

    def run(self, entry: Entry, seed: int, on_epoch: OnEpoch | None) -> tuple[Run, FittedFusion]:
        fusion, seconds = self.fit(entry, self.embeddings, "contrastive", seed, on_epoch)
        clock = Clock()
        fusion.transform(self.test)
        per_item = clock.seconds / len(self.test)
        hits = contrastive_hits(fusion, self.test)
        found = self._run_of(fusion, hits, seed)
        found.n_parameters, found.fit_seconds, found.item_seconds = fusion.n_parameters(), seconds, per_item
        found.entropy = self.entropy(fusion, self.rows)
        score = score_of_hits(hits, self.test, self.scored[0], seed)
        return found, FittedFusion(fusion, score, seed, None, self.setting.source)

    def baselines(self) -> list[Baseline]:
        return [Baseline(SIDE_BY_SIDE, "Vectors side by side, nothing learned", self.plain)]

    def _run_of(self, fusion: Transforms, hits: Hits, seed: int) -> Run:
        holes = hole_hits(fusion, self.test, self.holes(seed)[self.rows])
        return Run({name: hits[name][0] for name in dict.fromkeys((self.metric, *FURTHER))}, holes)
