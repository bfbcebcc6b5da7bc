"""What a similarity means in this data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mmexplore.data.embeddings import Embeddings
from mmexplore.retrieval.thermometer import Thermometer as Similarities
from mmexplore.retrieval.thermometer import thermometer
from mmexplore.server.progress import Progress
from mmexplore.views.between import Between, judged, moved
from mmexplore.workspace.state import Workspace

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True)
class Thermometer(Between[Similarities]):
    """Where a similarity lies between those of random and of true pairs.

    Attributes:
        gap: by how much of the way between their clouds `modalities` are moved first (see `between.moved`).
    """

    gap: float = 0.0
    modalities: tuple[str, ...] = ()

    name: ClassVar[str] = "thermometer"
    dear: ClassVar[bool] = True

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Similarities:
        return self.of(moved(workspace, self.gap, self.modalities), workspace)

    def of(self, space: Embeddings, workspace: Workspace) -> Similarities:
        """The result, where the moved space is at hand."""
        return thermometer(space, self.src, self.dst, judged(workspace), seed=workspace.seed)

    def figure(self, found: Similarities, **shown: Any) -> go.Figure | None:
        """`score`: a similarity to read off it."""
        from mmexplore.figures.retrieval import thermometer_figure

        return thermometer_figure(found, shown.get("score"))
