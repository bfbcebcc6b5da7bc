"""Weights: what a fit has learned of its modalities and what is measured of them, item by item, by class, over all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from mmexplore import journey
from mmexplore.attribution.null import Null
from mmexplore.attribution.perceptual import Perceptual
from mmexplore.attribution.shapley import Contributions
from mmexplore.server.progress import Progress
from mmexplore.views.base import OfFit
from mmexplore.views.items import Items, items_of
from mmexplore.views.needs import NeedName
from mmexplore.workspace.state import Workspace

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True)
class Learned:
    """What a fusion has learned of its M modalities on N items.

    Attributes:
        weights: float [N, M], the method's own weights.  norms: float [N, M], share of the lengths that are added up;
            None where nothing is.  summary: `journey.weights`.
    All three are None where the method has no weights.
    """

    items: Items
    weights: np.ndarray | None
    norms: np.ndarray | None
    summary: dict[str, Any] | None

    @property
    def modalities(self) -> list[str]:
        return self.items.modalities


def learned_of(workspace: Workspace) -> Learned:
    """Of the fit that the workspace shows."""
    fitted, embeddings = journey.fitted_input(workspace)
    weights = fitted.fusion.modality_weights(embeddings)
    norms = fitted.fusion.contribution_norms(embeddings)
    return Learned(items_of(embeddings), weights, norms, None if weights is None else journey.weights(workspace))


@dataclass(frozen=True)
class Measured:
    """What a fusion has learned of its M modalities, and what is measured on the same N items.

    Attributes:
        own: what it has learned.
        found: measured contributions.  null: what is measured where there is nothing to find.
        lost: accuracy without each modality; None where the fusion is no classifier.
        agreed: one sentence on whether the weights agree with what is measured; None where the method has none.
        baseline: what stood in for a modality that was taken away (a key of BASELINES).
    """

    own: Learned
    found: Contributions
    null: Null
    lost: Perceptual | None
    agreed: str | None
    baseline: str

    @property
    def items(self) -> Items:
        return self.own.items

    @property
    def modalities(self) -> list[str]:
        return self.found.modalities

    @property
    def per_class(self) -> dict[str, np.ndarray]:
        """Class -> mean contributions [M]."""
        return journey.per_class(self.found, self.items.labels)


@dataclass(frozen=True)
class LearnedClasses(OfFit[Learned]):
    """Mean learned weights of each class."""

    name: ClassVar[str] = "weights-classes"
    needs: ClassVar[tuple[NeedName, ...]] = ("fit",)

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Learned:
        return learned_of(self.seen(workspace))

    def figure(self, found: Learned, **shown: Any) -> go.Figure | None:
        from mmexplore.figures.weights import class_bars

        return None if found.summary is None else class_bars(found.summary["per_class"], found.modalities)

    def table(self, found: Learned, **shown: Any) -> pd.DataFrame | None:
        return None if found.summary is None else class_table(found.summary["per_class"], found.modalities)


@dataclass(frozen=True)
class _Measuring(OfFit[Measured]):
    """What is drawn of the measured contributions of every item; computed once for all of these views.

    Attributes:
        baseline: what stands in for a modality that is taken away (a key of BASELINES).
    """

    baseline: str = "missing"

    needs: ClassVar[tuple[NeedName, ...]] = ("fit",)
    result: ClassVar[str] = "measured"

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Measured:
        seen = self.seen(workspace)
        fitted, embeddings = journey.fitted_input(seen)
        found, null = journey.shapley_of(seen, self.baseline)
        lost = journey.perceptual_of(fitted.fusion, embeddings, seen.seed)
        agreed = journey.agreement_of(fitted.fusion, embeddings, found, lost)
        return Measured(learned_of(seen), found, null, lost, None if agreed is None else agreed[1], self.baseline)

    def table(self, found: Measured, **shown: Any) -> pd.DataFrame | None:
        return items_table(found)


@dataclass(frozen=True)
class Shapley(_Measuring):
    """Mean measured contribution of each modality, with what is found where there is nothing to find."""

    name: ClassVar[str] = "shapley"

    def figure(self, found: Measured, **shown: Any) -> go.Figure | None:
        from mmexplore.figures.contributions import mean_contributions

        return mean_contributions(found.found, found.null)


@dataclass(frozen=True)
class ShapleyClasses(_Measuring):
    """Mean measured contributions of each class."""

    name: ClassVar[str] = "shapley-classes"

    def figure(self, found: Measured, **shown: Any) -> go.Figure | None:
        from mmexplore.figures.contributions import class_contributions

        return class_contributions(found.per_class, found.modalities, found.found.meaning)

    def table(self, found: Measured, **shown: Any) -> pd.DataFrame | None:
        return class_table({c: v.tolist() for c, v in found.per_class.items()}, found.modalities)


@dataclass(frozen=True)
class WeightsItems(_Measuring):
    """Every item with its learned weights and its measured contributions."""

    name: ClassVar[str] = "weights-items"

    def table(self, found: Measured, **shown: Any) -> pd.DataFrame | None:
        """`rows`: positions in the order of the lines; all of them by default."""
        table, rows = items_table(found), shown.get("rows")
        return table if rows is None else table.iloc[rows]


@dataclass(frozen=True)
class WeightsDistribution(_Measuring):
    """How each modality's learned weight spreads over the items."""

    name: ClassVar[str] = "weights-distribution"
    dear: ClassVar[bool] = True

    def figure(self, found: Measured, **shown: Any) -> go.Figure | None:
        from mmexplore.figures.weights import distribution

        if found.own.weights is None:
            return None
        return distribution(found.own.weights, found.modalities, present=found.items.mask)


@dataclass(frozen=True)
class LearnedAgainstMeasured(_Measuring):
    """Each item's learned weights beside its shares of what is measured."""

    name: ClassVar[str] = "learned-measured"
    dear: ClassVar[bool] = True

    def figure(self, found: Measured, **shown: Any) -> go.Figure | None:
        """`selected`: positions that stand out; None: all alike."""
        from mmexplore.figures.weights import weight_against_contribution

        if found.own.weights is None:
            return None
        return weight_against_contribution(
            found.own.weights,
            found.found.shares,
            found.modalities,
            titles=found.items.ids.astype(str).tolist(),
            contribution_name="share of the Shapley values",
            selected=shown.get("selected"),
            present=found.items.mask,
        )


@dataclass(frozen=True)
class LearnedAgainstNorms(_Measuring):
    """Each item's learned weights beside its shares of the lengths that are added up."""

    name: ClassVar[str] = "weights-norms"
    dear: ClassVar[bool] = True

    def figure(self, found: Measured, **shown: Any) -> go.Figure | None:
        from mmexplore.figures.weights import weight_against_contribution

        if found.own.weights is None or found.own.norms is None:
            return None
        return weight_against_contribution(
            found.own.weights, found.own.norms, found.modalities, present=found.items.mask
        )


def items_table(measured: Measured) -> pd.DataFrame:
    """One line an item: id, label, of each modality the learned weight, the share of the norm and what is measured."""
    items, own, found = measured.items, measured.own, measured.found
    table = pd.DataFrame({"id": items.ids.astype(str)})
    if items.labels is not None:
        table["label"] = items.labels
    columns = {
        "weight": own.weights,
        "contribution norm": own.norms,
        "shapley": found.values,
        "standard error": found.error,
    }
    for name, values in columns.items():
        if values is not None:
            table[[f"{name} {m}" for m in found.modalities]] = values
    return table.assign(**{"v(all)": found.full, "v(none)": found.empty})


def class_table(per_class: Mapping[str, Sequence[float]], modalities: Sequence[str]) -> pd.DataFrame:
    """One line a class: its mean weights."""
    return pd.DataFrame([{"class": c, **dict(zip(modalities, w, strict=True))} for c, w in per_class.items()])
