"""Planted data: what the methods say of its modalities, and what is true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import pandas as pd

from mmexplore import journey
from mmexplore.attribution.truth import BesideTruth, ranking_right, true_shares
from mmexplore.data.identity import uid_of
from mmexplore.models.methods import fusion_methods
from mmexplore.server.progress import Progress
from mmexplore.views.base import View
from mmexplore.views.needs import NeedName
from mmexplore.workspace.fits import title_of, titles
from mmexplore.workspace.state import Workspace

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True)
class Told:
    """What was measured, the nearest to the truth first.

    Attributes:
        titles: name asked for -> what people read.  refused: a sentence for each that could not be measured.
    """

    methods: tuple[BesideTruth, ...]
    titles: Mapping[str, str]
    refused: tuple[str, ...] = ()


def told(found: Sequence[BesideTruth], workspace: Workspace, refused: Sequence[str] = ()) -> Told:
    """In the order of the distance from the truth, and called as the workspace calls its fits."""
    known = {name: title_of(cls) for name, cls in fusion_methods().items()} | titles(workspace.fusions)
    called = {f.method: known.get(f.method, f.method) for f in found}
    return Told(tuple(sorted(found, key=_error)), called, tuple(refused))


@dataclass(frozen=True)
class Truth(View[Told]):
    """Methods fitted to the labels of planted data, beside the truth.

    Attributes:
        methods: ids of fits or names of methods.
    """

    methods: tuple[str, ...] = ()

    name: ClassVar[str] = "truth"
    needs: ClassVar[tuple[NeedName, ...]] = ("vectors",)

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        if workspace.embeddings is None or true_shares(workspace.embeddings) is None or not workspace.fusions:
            return None
        return cls(tuple(workspace.fusions)[:1])

    def key(self, workspace: Workspace) -> tuple[Any, ...]:
        """Also of the fits that are taken as they are: an id may come to stand for another."""
        fits = (workspace.fit_of(name) for name in self.methods)
        return *super().key(workspace), *(uid_of(None if fit is None else fit.fusion) for fit in fits)

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Told:
        found, refused = journey.truth_of_methods(workspace, self.methods, progress)
        return told(found, workspace, refused)

    def figure(self, found: Told, **shown: Any) -> go.Figure | None:
        from mmexplore.figures.contributions import methods_beside_truth

        return methods_beside_truth(found.methods, found.titles)

    def table(self, found: Told, **shown: Any) -> pd.DataFrame:
        """One line a method: is the order right, the mean distance from the truth, every share."""
        return pd.DataFrame([_line(f, found.titles) for f in found.methods])


def _error(found: BesideTruth) -> float:
    return float(abs(found.measured - found.truth).sum())


def _line(found: BesideTruth, titles: Mapping[str, str]) -> dict[str, object]:
    line: dict[str, object] = {"method": titles.get(found.method, found.method), "bits told": found.told}
    for name, estimate in (("measured", found.measured), ("learned", found.learned)):
        line[f"order {name}"] = None if estimate is None else ranking_right(estimate, found.truth)
        line[f"error {name}"] = None if estimate is None else float(abs(estimate - found.truth).mean())
    for j, m in enumerate(found.modalities):
        line[f"true {m}"] = found.truth[j]
        line[f"measured {m}"] = found.measured[j]
        line[f"learned {m}"] = None if found.learned is None else found.learned[j]
    return line
