"""What is present where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from mmexplore.server.progress import Progress
from mmexplore.views.base import View
from mmexplore.views.needs import NeedName
from mmexplore.workspace.state import Workspace

if TYPE_CHECKING:
    import plotly.graph_objects as go

Present = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Patterns(View[Present]):
    """Which modalities are present together, and how often."""

    name: ClassVar[str] = "patterns"
    needs: ClassVar[tuple[NeedName, ...]] = ("items",)
    dear: ClassVar[bool] = True

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Present:
        source = workspace.dataset if workspace.dataset is not None else workspace.embeddings
        return {} if source is None else source.present

    def figure(self, found: Present, **shown: Any) -> go.Figure | None:
        from mmexplore.figures.patterns import missing_pattern

        return missing_pattern(np.stack(list(found.values()), axis=1), list(found)) if found else None

    def table(self, found: Present, **shown: Any) -> pd.DataFrame:
        return patterns(found)


def patterns(present: Present) -> pd.DataFrame:
    """The patterns of present modalities, commonest first.

    Args:
        present: modality -> bool [N].

    Returns:
        One row a pattern: a bool column a modality, then "rows" (how many) and "share" (0..1).
    """
    names = list(present)
    mask = np.stack([present[m] for m in names], axis=1) if names else np.zeros((0, 0), bool)
    seen, counts = np.unique(mask, axis=0, return_counts=True)
    table = pd.DataFrame(seen, columns=names)
    table["rows"], table["share"] = counts, counts / max(1, len(mask))
    return table.sort_values("rows", ascending=False, kind="stable").reset_index(drop=True)
