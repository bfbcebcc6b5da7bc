"""Retrieval before and after an alignment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import pandas as pd

from mmexplore import journey
from mmexplore.journey.realigning import Realigned as Compared
from mmexplore.server.progress import Progress
from mmexplore.views.base import View
from mmexplore.views.needs import NeedName
from mmexplore.workspace.state import Workspace

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True)
class Realigned(View[Compared | None]):
    """The alignment beside the vectors as they came; nothing where these could not be compared."""

    name: ClassVar[str] = "realigned"
    needs: ClassVar[tuple[NeedName, ...]] = ("vectors", "shared")

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        return None if workspace.alignment is None else cls()

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Compared | None:
        return journey.realigned(workspace)

    def figure(self, found: Compared | None, **shown: Any) -> go.Figure | None:
        from mmexplore.figures.retrieval import recall_bars

        if found is None:
            return None
        sides = _sides(found).items()
        return recall_bars({f"{r.src} to {r.dst}, {name}": r for name, side in sides for r in side})

    def table(self, found: Compared | None, **shown: Any) -> pd.DataFrame:
        """One line a direction, as the vectors came and aligned."""
        return pd.DataFrame(
            [
                {"from": r.src, "to": r.dst, "vectors": name, "R@1 %": r.r1, "R@5 %": r.r5, "R@10 %": r.r10}
                for name, side in ({} if found is None else _sides(found)).items()
                for r in side
            ]
        )


def _sides(found: Compared) -> dict[str, Any]:
    return {"as they came": found.before, "aligned": found.after}
