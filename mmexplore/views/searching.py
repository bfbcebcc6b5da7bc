"""What a query finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from mmexplore import journey
from mmexplore.data.dataset import Kind
from mmexplore.journey.spaces import comparable
from mmexplore.server.progress import Progress
from mmexplore.views.base import View
from mmexplore.views.needs import NeedName
from mmexplore.workspace.state import Workspace

Hits = list[dict[str, Any]]


@dataclass(frozen=True)
class _Search(View[Hits]):
    """The items of a modality nearest to a query, best first."""

    needs: ClassVar[tuple[NeedName, ...]] = ("shared",)

    def table(self, found: Hits, **shown: Any) -> pd.DataFrame:
        return pd.DataFrame(found)


@dataclass(frozen=True)
class SearchText(_Search):
    """What a typed text finds.

    Attributes:
        into: the modality that is searched.  k: how many are found.
    """

    query: str = ""
    into: str = ""
    k: int = 10

    name: ClassVar[str] = "search-text"

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        if workspace.dataset is None or cls().lacking(workspace):
            return None
        shared = comparable(workspace)
        typed = Kind.TEXT in journey.query_kinds(workspace, shared)
        return cls("a red card", shared.modalities[0]) if typed else None

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Hits:
        return journey.search_items(workspace, self.query, self.into, k=self.k)


@dataclass(frozen=True)
class SearchItem(_Search):
    """What a modality of an item finds.

    Attributes:
        item: its id.  src: the modality it is asked with.  into: that is searched.  k: how many are found.
    """

    item: str = ""
    src: str = ""
    into: str = ""
    k: int = 10

    name: ClassVar[str] = "search-item"

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        if cls().lacking(workspace):
            return None
        shared = comparable(workspace)
        src, into = shared.modalities[:2]
        return cls(str(shared.ids[np.flatnonzero(shared.present[src])[0]]), src, into)

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Hits:
        return journey.search_like(workspace, self.item, self.src, self.into, k=self.k)
