"""Numbers beside the maps: the modality gap, and where the fused neighbours come from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from mmexplore import journey
from mmexplore.data.embeddings import Embeddings
from mmexplore.journey.spaces import comparable
from mmexplore.latent.geometry import ModalityGap, NeighbourOverlap, modality_gap, neighbour_overlap
from mmexplore.server.progress import Progress
from mmexplore.views.base import OfFit, View
from mmexplore.views.between import moved
from mmexplore.views.needs import NeedName
from mmexplore.workspace.state import Workspace

if TYPE_CHECKING:
    import plotly.graph_objects as go

Pair = tuple[str, str]


@dataclass(frozen=True)
class Gaps:
    """The gap between each two modalities, and the space that they lie in."""

    of: dict[Pair, ModalityGap]
    shared: Embeddings


@dataclass(frozen=True)
class Gap(View[Gaps]):
    """The gap between each two modalities of the shared space.

    Attributes:
        modalities: two or more; none: all.
        gap: by how much of the way between their clouds they are moved first (see `between.moved`).
    """

    modalities: tuple[str, ...] = ()
    gap: float = 0.0

    name: ClassVar[str] = "gap"
    needs: ClassVar[tuple[NeedName, ...]] = ("shared", "rows")

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Gaps:
        shared = moved(workspace, self.gap, self.modalities or tuple(comparable(workspace).modalities))
        return Gaps(self.of(shared), shared)

    def of(self, shared: Embeddings) -> dict[Pair, ModalityGap]:
        """The gaps alone, of the moved space: over the rows that have both."""
        found = {}
        for a, b in combinations(self.modalities or tuple(shared.modalities), 2):
            both = shared.present[a] & shared.present[b]
            found[a, b] = modality_gap(shared.vectors[a][both], shared.vectors[b][both])
        return found

    def figure(self, found: Gaps, **shown: Any) -> go.Figure | None:
        """`pair`: the two that are seen from the side, the first by default."""
        from mmexplore.figures.spaces import gap_histogram

        pair = shown.get("pair") or next(iter(found.of))
        a, b = (found.shared.vectors[m][found.shared.present[m]] for m in pair)
        return gap_histogram(a, b, pair, found.of[pair])

    def table(self, found: Gaps, **shown: Any) -> pd.DataFrame:
        return pd.DataFrame(
            [
                {"a": a, "b": b, "gap": g.distance, "separability": g.separability, "pairs": g.n}
                for (a, b), g in found.of.items()
            ]
        )


@dataclass(frozen=True)
class Overlap(OfFit[NeighbourOverlap]):
    """Of the nearest items in the fused space, the share that is also nearest in one modality alone.

    Attributes:
        k: neighbours that are looked at.
    """

    k: int = 10

    name: ClassVar[str] = "overlap"
    needs: ClassVar[tuple[NeedName, ...]] = ("fit",)
    dear: ClassVar[bool] = True

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> NeighbourOverlap:
        fitted, given = journey.fitted_input(self.seen(workspace))
        return self.of(fitted.fusion.transform(given), given)

    def of(self, fused: np.ndarray, given: Embeddings) -> NeighbourOverlap:
        """The result, where the fused vectors [N, d] are at hand."""
        return neighbour_overlap(fused, given, self.k)

    def figure(self, found: NeighbourOverlap, **shown: Any) -> go.Figure | None:
        from mmexplore.figures.spaces import overlap_bars

        return overlap_bars(found).settle()

    def table(self, found: NeighbourOverlap, **shown: Any) -> pd.DataFrame:
        return pd.DataFrame(
            [
                {
                    "modality": m,
                    "share": s,
                    "low": found.interval[m][0],
                    "high": found.interval[m][1],
                    "chance": found.chance[m],
                }
                for m, s in found.share.items()
            ]
        )
