"""Alignments: each fitted on the train rows and judged by retrieval, every direction, on rows it has not seen."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import held_out_rows, train_rows
from mmexplore.errors import UserError
from mmexplore.journey.asking import make
from mmexplore.journey.comparing.running import Baseline, Clock, Run
from mmexplore.journey.comparing.setting import Entry, Setting
from mmexplore.journey.evaluating import retrieval_reports
from mmexplore.journey.fusing import rows_name
from mmexplore.journey.realigning import all_comparable_before, as_one_space
from mmexplore.models.alignment.base import Alignment
from mmexplore.models.estimator import OnEpoch
from mmexplore.retrieval.metrics import RetrievalReport
from mmexplore.scores.missing import draw_missing
from mmexplore.workspace.fits import title_of
from mmexplore.workspace.state import Workspace

MAX_QUERIES = 2000  # asked in each direction; always against every held-out item
RECALLS = {"recall@1": 1, "recall@5": 5, "recall@10": 10}
AS_THEY_ARE = "as they are"


class AlignmentRace:
    """Judged by recall over the queries of all directions; with holes: fitted on train rows with cells missing."""

    kind, metric = "alignment", "recall@1"
    holes_metric = metric

    def __init__(self, workspace: Workspace, setting: Setting, seeds: tuple[int, ...]) -> None:
        self.workspace, self.setting, self.seeds = workspace, setting, seeds
        self.embeddings = workspace.ensure_split()
        self.train = train_rows(self.embeddings)
        self.notes: list[str] = []
        self.with_missing = f"fitted with {setting.missing:.0%} of the train rows' cells taken away, asked as before"
        self.reference: str | None = None
        if all_comparable_before(self.embeddings, held_out_rows(self.embeddings)):
            self.reference = AS_THEY_ARE
        # Which queries there are, and chance, depend on the rows alone: any space in which they can be asked shows it.
        width = max(self.embeddings.dims.values())
        any_space = {m: np.ones((len(self.embeddings), width), np.float32) for m in self.embeddings.modalities}
        self.plan = self._reports(self.embeddings.with_vectors(any_space, dict.fromkeys(any_space, "any")))
        self.groups = np.concatenate([self.embeddings.groups[r.query_rows] for r in self.plan])
        self.hole_groups = self.groups
        most = max(int(self.embeddings.present[r.src][r.rows].sum()) for r in self.plan)
        if any(r.n_queries == MAX_QUERIES for r in self.plan) and most > MAX_QUERIES:
            self.notes.append(f"{MAX_QUERIES:,} queries were drawn for each direction.")

    @cached_property
    def chance(self) -> float:
        return float(np.average([r.chance_r1 for r in self.plan], weights=[len(r.ranks) for r in self.plan])) / 100

    @property
    def scored(self) -> tuple[str, int]:
        held_out = self.embeddings.in_split("test")
        name = "test" if held_out.any() else "held-out"
        return rows_name(self.workspace, name), len(self.plan[0].rows)

    def run(self, entry: Entry, seed: int, on_epoch: OnEpoch | None) -> tuple[Run, tuple[Alignment, Embeddings]]:
        estimator, seconds = self._fit(entry, self.embeddings, seed, on_epoch)
        clock = Clock()
        aligned = estimator.transform(self.embeddings)
        per_item = clock.seconds / len(self.embeddings)
        found = Run(self._recalls(aligned), None, estimator.n_parameters(), seconds, per_item)
        if estimator.fitted_in_advance:  # nothing of it was learned here
            found.n_parameters, found.holes = None, found.values[self.metric]
            return found, (estimator, aligned)
        holes = draw_missing(self.embeddings, self.setting.missing, seed) & self.train[:, None]
        try:
            second, _ = self._fit(entry, self.embeddings.hide(holes), seed, None)
            found.holes = self._recalls(second.transform(self.embeddings))[self.metric]
        except UserError as error:
            note = f"{title_of(estimator)} cannot be fitted with so many cells missing ({str(error).rstrip('.')})."
            self.notes += [] if note in self.notes else [note]
        return found, (estimator, aligned)

    def baselines(self) -> list[Baseline]:
        if self.reference is None:
            return []
        recalls = self._recalls(as_one_space(self.embeddings, self.embeddings.modalities))
        runs = [Run(recalls, recalls[self.metric]) for _ in self.seeds]
        return [Baseline(AS_THEY_ARE, "The vectors as they are (they share a space)", runs)]

    def _fit(
        self, entry: Entry, embeddings: Embeddings, seed: int, on_epoch: OnEpoch | None
    ) -> tuple[Alignment, float]:
        estimator = make(entry.method, entry.params, "alignment", random_state=seed)
        clock = Clock()
        estimator.fit(embeddings, on_epoch=on_epoch)
        return estimator, clock.seconds

    def _recalls(self, shared: Embeddings) -> dict[str, np.ndarray]:
        """Metric -> 0 or 1 for each query of every direction."""
        missing = [m for m in self.embeddings.modalities if m not in shared.modalities]
        if missing:
            raise UserError(f"leaves out {', '.join(missing)}", "alignment", "compare it on the modalities it covers")
        ranks = np.concatenate([r.ranks for r in self._reports(shared)])
        return {name: (ranks <= k).astype(float) for name, k in RECALLS.items()}

    def _reports(self, shared: Embeddings) -> list[RetrievalReport]:
        """A report for every direction that has true pairs, over the held-out rows, with the same queries each time."""
        asked = replace(self.workspace, alignment=None, aligned=None, embeddings=shared)
        reports, refused = retrieval_reports(asked, shared, MAX_QUERIES, rows=held_out_rows(self.embeddings))
        if not reports:
            raise UserError("no held-out row has two modalities", "compare", refused[0] if refused else "bring more")
        return reports
