"""How well one modality finds another over all of the data: recall, places, the worst failures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from mmexplore import journey
from mmexplore.data.embeddings import Embeddings
from mmexplore.journey.spaces import comparable
from mmexplore.retrieval.metrics import RetrievalReport, retrieval_report, worst_failures
from mmexplore.server.progress import Progress
from mmexplore.views.base import View
from mmexplore.views.between import Between, judged
from mmexplore.views.needs import NeedName
from mmexplore.workspace.state import Workspace

if TYPE_CHECKING:
    import plotly.graph_objects as go

MAX_QUERIES = 5000  # more are sampled: the figures say so
WORST = 12

Reports = dict[tuple[str, str], RetrievalReport]


@dataclass(frozen=True)
class Recall(View[Reports]):
    """Recall of every direction beside chance. A direction without a single pair is left out."""

    name: ClassVar[str] = "recall"
    needs: ClassVar[tuple[NeedName, ...]] = ("shared", "rows")
    dear: ClassVar[bool] = True

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Reports:
        found, _ = journey.retrieval_reports(workspace, comparable(workspace), MAX_QUERIES)
        return {(report.src, report.dst): report for report in found}

    def figure(self, found: Reports, **shown: Any) -> go.Figure | None:
        from mmexplore.figures.retrieval import recall_of_directions

        return recall_of_directions(found).settle()

    def table(self, found: Reports, **shown: Any) -> pd.DataFrame:
        return report_table(found)


@dataclass(frozen=True)
class Ranks(Between[RetrievalReport]):
    """In which place the right one comes, of all queries of one direction."""

    name: ClassVar[str] = "ranks"
    dear: ClassVar[bool] = True

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> RetrievalReport:
        return _report(comparable(workspace), workspace, self.src, self.dst)

    def figure(self, found: RetrievalReport, **shown: Any) -> go.Figure | None:
        from mmexplore.figures.retrieval import rank_histogram

        return rank_histogram(found).settle()


@dataclass(frozen=True)
class Failures(Between[pd.DataFrame]):
    """The queries whose right answer comes last, and what came first instead."""

    name: ClassVar[str] = "failures"

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> pd.DataFrame:
        shared = comparable(workspace)
        return self.of(shared, _report(shared, workspace, self.src, self.dst))

    def of(self, shared: Embeddings, report: RetrievalReport) -> pd.DataFrame:
        """The result, where the report of this direction is at hand."""
        return worst_failures(shared, report, WORST)

    def table(self, found: pd.DataFrame, **shown: Any) -> pd.DataFrame:
        return found


def _report(shared: Embeddings, workspace: Workspace, src: str, dst: str) -> RetrievalReport:
    return retrieval_report(shared, src, dst, rows=judged(workspace), seed=workspace.seed, max_queries=MAX_QUERIES)


def report_table(found: Mapping[tuple[str, str], RetrievalReport]) -> pd.DataFrame:
    """One line a direction: recalls with chance and interval, MRR, median rank, how many were asked."""
    lines = []
    for (src, dst), r in found.items():
        line: dict[str, Any] = {"from": src, "to": dst}
        for k in (1, 5, 10):
            low, high = r.intervals[f"r{k}"]
            line |= {
                f"R@{k} %": getattr(r, f"r{k}"),
                f"R@{k} interval": f"{low:.1f} to {high:.1f}",
                f"R@{k} chance": getattr(r, f"chance_r{k}"),
            }
        line |= {"MRR %": r.mrr, "median rank": r.median_rank, "queries": r.n_queries, "searched": r.n_gallery}
        lines.append(line)
    return pd.DataFrame(lines)
