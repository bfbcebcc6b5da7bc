"""Rescoring against hubs beside the raw scores, and the hubs themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from mmexplore.journey.spaces import comparable
from mmexplore.retrieval.metrics import RetrievalReport
from mmexplore.retrieval.rescore import RescoredReport, rescored_report
from mmexplore.server.progress import Progress
from mmexplore.views.between import Between, judged
from mmexplore.views.retrieval import report_table
from mmexplore.workspace.state import Workspace

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST = 2000  # tested queries, and queries in the bank: more are drawn at random, and the note says so
METHODS = {"centred": "Mean-centred", "csls": "CSLS", "inverted_softmax": "Inverted softmax"}


@dataclass(frozen=True)
class Scores:
    """A report with and without rescoring.

    Attributes:
        title: of the rescoring.  ids: [G], of the items of the gallery.
    """

    report: RescoredReport
    title: str
    ids: np.ndarray

    def reports(self) -> dict[str, RetrievalReport]:
        """ "raw" and the rescoring's title -> report."""
        return {"raw": self.report.raw, self.title: self.report.rescored}


@dataclass(frozen=True)
class _Rescoring(Between[Scores]):
    """One direction with and without rescoring.

    Attributes:
        method: a key of METHODS.  bank: "other" queries than the tested ones, or the "same".
        k: neighbours, of CSLS.  beta: inverse temperature of the inverted softmax.
    """

    method: str = "csls"
    bank: str = "other"
    k: int = 10
    beta: float = 20.0

    result: ClassVar[str] = "rescored"

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Scores:
        shared, rows = comparable(workspace), judged(workspace)
        found = rescored_report(
            shared,
            self.src,
            self.dst,
            self.method,
            None if rows.all() else rows,
            self.bank,
            self.k,
            self.beta,
            workspace.seed,
            MOST,
        )
        return Scores(found, METHODS[self.method], shared.ids[found.gallery_rows].astype(str))


@dataclass(frozen=True)
class Rescored(_Rescoring):
    """Recall of one direction with and without rescoring."""

    name: ClassVar[str] = "rescored"

    def figure(self, found: Scores, **shown: Any) -> go.Figure | None:
        from mmexplore.figures.retrieval import recall_bars

        return recall_bars(found.reports())

    def table(self, found: Scores, **shown: Any) -> pd.DataFrame:
        reports = found.reports().items()
        return pd.concat([report_table({(self.src, self.dst): r}).assign(scores=name) for name, r in reports])


@dataclass(frozen=True)
class Hubs(_Rescoring):
    """How often each item is found, with and without rescoring."""

    name: ClassVar[str] = "hubs"

    def figure(self, found: Scores, **shown: Any) -> go.Figure | None:
        from mmexplore.figures.retrieval import hub_histogram

        return hub_histogram(found.report.raw_hubs)

    def table(self, found: Scores, **shown: Any) -> pd.DataFrame:
        """One line an item of the gallery."""
        report = found.report
        return pd.DataFrame(
            {
                "id": found.ids.tolist(),
                f"found, raw (of {report.raw.n_queries:,} queries)": report.raw_hubs.counts,
                f"found, {found.title}": report.hubs.counts,
            }
        )
