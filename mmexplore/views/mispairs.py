"""Rows whose halves do not seem to belong together, and items that are there twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import pandas as pd

from mmexplore.journey.spaces import comparable
from mmexplore.retrieval.mispairs import Planted, mispairs, near_duplicates, planted_mispairs
from mmexplore.server.progress import Progress
from mmexplore.views.base import View
from mmexplore.views.between import Between
from mmexplore.views.needs import NeedName
from mmexplore.workspace.state import Workspace


@dataclass(frozen=True)
class Mispairs(Between[pd.DataFrame]):
    """Every row with both modalities, the most suspicious first."""

    name: ClassVar[str] = "mispairs"
    needs: ClassVar[tuple[NeedName, ...]] = ("shared",)

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> pd.DataFrame:
        if progress is not None:
            progress.update(0, 1, "every row both ways")
        return mispairs(comparable(workspace), self.src, self.dst)

    def table(self, found: pd.DataFrame, **shown: Any) -> pd.DataFrame:
        return found.drop(columns="row")


@dataclass(frozen=True)
class PlantedMispairs(Between[Planted]):
    """How well the ranking finds pairs that were made wrong on purpose."""

    name: ClassVar[str] = "planted-mispairs"
    needs: ClassVar[tuple[NeedName, ...]] = ("shared",)

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Planted:
        if progress is not None:
            progress.update(0, 1, "exchanging pairs and ranking them")
        return planted_mispairs(comparable(workspace), self.src, self.dst, seed=workspace.seed)

    def table(self, found: Planted, **shown: Any) -> pd.DataFrame:
        return pd.DataFrame([vars(found)])


@dataclass(frozen=True)
class Duplicates(View[pd.DataFrame]):
    """Items of one modality that are nearly the same.

    Attributes:
        modality: whose.  least: cosine from which two are nearly the same.
    """

    modality: str = ""
    least: float = 0.95

    name: ClassVar[str] = "duplicates"
    needs: ClassVar[tuple[NeedName, ...]] = ("shared",)

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        view = cls()
        return None if view.lacking(workspace) else cls(comparable(workspace).modalities[0])

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> pd.DataFrame:
        return near_duplicates(comparable(workspace), self.modality, self.least)

    def table(self, found: pd.DataFrame, **shown: Any) -> pd.DataFrame:
        return found
