"""What two modalities tell of a label, in four parts: redundancy, uniqueness of each, synergy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import pandas as pd

from mmexplore import journey
from mmexplore.attribution.information import STATES, Information
from mmexplore.data.embeddings import Embeddings
from mmexplore.server.progress import Progress
from mmexplore.views.base import View
from mmexplore.views.needs import NeedName
from mmexplore.workspace.state import Workspace

if TYPE_CHECKING:
    import plotly.graph_objects as go


class Parts(NamedTuple):
    """The estimate, and a sentence on which rows were counted."""

    found: Information
    note: str


@dataclass(frozen=True)
class InformationParts(View[Parts]):
    """Redundancy, uniqueness and synergy of two modalities about a column.

    Attributes:
        a, b: the modalities.  words: what stands for a modality (a key of `attribution.information.WORDS`).
        target: "label" or another column with classes.
    """

    a: str = ""
    b: str = ""
    words: str = "classifier"
    target: str = "label"

    name: ClassVar[str] = "information"
    needs: ClassVar[tuple[NeedName, ...]] = ("vectors",)

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        embeddings = workspace.embeddings
        if embeddings is None or len(embeddings.modalities) < 2 or not (targets := targets_of(embeddings)):
            return None
        return cls(embeddings.modalities[0], embeddings.modalities[1], target=targets[0])

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Parts:
        return Parts(*journey.information_of(workspace, self.a, self.b, self.words, self.target, progress))

    def figure(self, found: Parts, **shown: Any) -> go.Figure | None:
        from mmexplore.figures.information import information_bars

        return information_bars(found.found)

    def table(self, found: Parts, **shown: Any) -> pd.DataFrame | None:
        return pd.DataFrame(journey.information_table(found.found))


def targets_of(embeddings: Embeddings) -> list[str]:
    """ "label" where it has classes, and the other columns with classes that a table of counts can hold."""
    own = ["label"] if embeddings.target_kind == "classification" else []
    return own + [str(c) for c in embeddings.columns if _few_values(embeddings.columns[c])]


def _few_values(column: pd.Series) -> bool:
    return not pd.api.types.is_float_dtype(column) and 2 <= column.nunique() <= STATES
