"""Views of two modalities in a space in which they can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from mmexplore import journey
from mmexplore.data.embeddings import Embeddings
from mmexplore.journey.spaces import comparable
from mmexplore.latent.gap import shift_gap
from mmexplore.views.base import Found, View
from mmexplore.views.needs import NeedName
from mmexplore.workspace.state import Workspace


@dataclass(frozen=True)
class Between(View[Found]):
    """A view of two modalities of the shared space.

    Attributes:
        src, dst: asked with, and looked for.
    """

    src: str = ""
    dst: str = ""

    needs: ClassVar[tuple[NeedName, ...]] = ("shared", "rows")

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        shared = None if workspace.embeddings is None else journey.shared_space(workspace)[0]
        ways = [] if shared is None else journey.directions(workspace, shared)
        return cls(*ways[0]) if ways else None


def judged(workspace: Workspace) -> np.ndarray:
    """bool [N]: `journey.evaluation_rows`."""
    return journey.evaluation_rows(workspace)[0]


def moved(workspace: Workspace, gap: float, modalities: tuple[str, ...]) -> Embeddings:
    """The shared space with these modalities moved by `gap` of the way between their clouds (1: the centres meet).

    The centres are taken over the rows that recall is not measured on, where there are any.
    """
    shared, rows = comparable(workspace), judged(workspace)
    return shift_gap(shared, gap, list(modalities), rows if rows.all() else ~rows) if gap else shared
