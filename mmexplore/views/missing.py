"""What is lost when modalities go missing: curves over the share that is missing, and every subset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import pandas as pd

from mmexplore.journey import missing
from mmexplore.robustness.lab import Lab
from mmexplore.robustness.subsets import Subset
from mmexplore.server.progress import Progress
from mmexplore.views.base import View
from mmexplore.views.needs import NeedName
from mmexplore.workspace.state import Workspace

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True)
class _Missing(View[Lab]):
    """What several methods lose when modalities go missing: see `journey.missing.missing_lab`."""

    methods: tuple[str, ...] = ()
    modality: str = missing.ALL
    shares: tuple[float, ...] = missing.SHARES
    at: str = "test"
    by_class: str | None = None
    seeds: int = 3

    needs: ClassVar[tuple[NeedName, ...]] = ("vectors", "rows")
    result: ClassVar[str] = "missing"

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        return cls((workspace.current,), shares=(0.0, 0.5), seeds=1) if workspace.current else None

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Lab:
        return missing.missing_lab(
            workspace,
            methods=list(self.methods),
            modality=self.modality,
            shares=list(self.shares),
            at=self.at,
            by_class=self.by_class,
            seeds=self.seeds,
            progress=progress,
        )


@dataclass(frozen=True)
class MissingCurves(_Missing):
    """Score against the share that is missing."""

    name: ClassVar[str] = "missing-curves"

    def figure(self, found: Lab, **shown: Any) -> go.Figure | None:
        """`curves`: those that are drawn, all by default.  `metric`: what it is called."""
        from mmexplore.figures.robustness import score_curves

        curves = shown.get("curves") or found.curves
        return score_curves(curves, found.chance, shown.get("metric", found.metric), found.metric != "r2")

    def table(self, found: Lab, **shown: Any) -> pd.DataFrame:
        """One line a point of a curve: also each draw."""
        lines = []
        for over, curves in (("all", found.curves), (found.plan.only, found.of_class)):
            for c in curves:
                for i, share in enumerate(c.shares):
                    line = {
                        "missing": c.modality, "method": c.method, "reference": c.reference, "over": over,
                        "share": share, "score": c.score[i], "low": c.low[i], "high": c.high[i],
                    }  # fmt: skip
                    lines.append(line | {f"draw {r + 1}": score for r, score in enumerate(c.by_draw[:, i])})
        return pd.DataFrame(lines)


@dataclass(frozen=True)
class MissingSubsets(_Missing):
    """What the methods score with only some of the modalities, the worst subset first."""

    name: ClassVar[str] = "missing-subsets"

    def figure(self, found: Lab, **shown: Any) -> go.Figure | None:
        """`subsets`: title -> subsets, in the order of the first.  `metric`: what it is called."""
        from mmexplore.figures.patterns import subset_columns

        subsets: Mapping[str, Sequence[Subset]] = shown.get("subsets") or found.subsets
        metric = shown.get("metric", found.metric)
        return subset_columns(subsets, modalities_of(found), found.chance, metric, found.metric != "r2")

    def table(self, found: Lab, **shown: Any) -> pd.DataFrame:
        """One line a method and subset, the worst first. `subsets`: title -> subsets."""
        return pd.DataFrame(
            [
                {
                    "method": title,
                    "shown": ", ".join(s.shown),
                    "score": s.score,
                    "low": s.interval[0],
                    "high": s.interval[1],
                    "items that have one": s.n_with,
                    "score over those": s.score_with,
                }
                for title, subsets in (shown.get("subsets") or found.subsets).items()
                for s in subsets
            ]
        )


def modalities_of(lab: Lab) -> list[str]:
    """The modalities of its subsets, in the order of the data (that of the largest subset)."""
    every = [s.shown for found in lab.subsets.values() for s in found]
    order = max(every, key=len, default=())
    names = sorted({m for shown in every for m in shown})
    return sorted(names, key=lambda m: order.index(m) if m in order else len(order))
