"""Inside a table: what each of its columns contributes to a fused answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import pandas as pd

from mmexplore import journey
from mmexplore.attribution.columns import ColumnContributions
from mmexplore.server.progress import Progress
from mmexplore.views.base import OfFit
from mmexplore.views.needs import NeedName
from mmexplore.workspace.state import Workspace

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True)
class Columns(OfFit[ColumnContributions]):
    """What a fused answer loses when one column of a table is changed.

    Attributes:
        modality: the table.  change: what the column becomes (a key of `attribution.columns.CHANGES`).
    """

    modality: str = ""
    change: str = "permuted"

    name: ClassVar[str] = "columns"
    needs: ClassVar[tuple[NeedName, ...]] = ("pairs", "fit")

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        tables = journey.tables_of(workspace)
        return cls(workspace.current, tables[0]) if tables else None

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> ColumnContributions:
        return journey.columns_of(self.seen(workspace), self.modality, self.change)

    def figure(self, found: ColumnContributions, **shown: Any) -> go.Figure | None:
        from mmexplore.figures.contributions import column_bars

        return column_bars(found)

    def table(self, found: ColumnContributions, **shown: Any) -> pd.DataFrame | None:
        """One line a column: what is lost, its interval, share of answers that change."""
        table = pd.DataFrame({"column": found.columns, "lost": found.mean, "low": found.low, "high": found.high})
        if found.flips is not None:
            table["answers that change"] = found.flips
        return table
