"""Maps: where the items lie in each space, in the fused one, on one map together, and after each step of a fusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd

from mmexplore import journey
from mmexplore.data.embeddings import Embeddings
from mmexplore.journey.asking import embeddings_of
from mmexplore.journey.spaces import comparable
from mmexplore.latent.projection import Projection, project_joint, project_space, project_steps
from mmexplore.latent.sample import stratified_sample
from mmexplore.server.progress import Progress
from mmexplore.views.base import Found, OfFit, View
from mmexplore.views.between import moved
from mmexplore.views.needs import NeedName
from mmexplore.workspace.state import Workspace

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from mmexplore.figures.theme import HouseFigure

MAX_POINTS = 50_000  # above this a lasso takes many seconds in a browser
FUSED = "fused"

Space = tuple[np.ndarray, np.ndarray | None]


@dataclass(frozen=True)
class Maps:
    """Projections under their names, and whose they are: ids [N]."""

    of: Mapping[str, Projection]
    ids: np.ndarray

    def table(self) -> pd.DataFrame:
        """Every drawn point: space, id, coordinates."""
        parts = []
        for name, p in self.of.items():
            part = pd.DataFrame(p.points, columns=["x", "y", "z"][: p.dims])
            part.insert(0, "id", self.ids[p.rows].astype(str))
            part.insert(0, "space", name)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class _Projected(View[Found]):
    """A view that projects: see `latent.projection.project`.

    Attributes:
        method: "pca", "umap" or "tsne".  dims: 2 or 3.  seed: of the map and of the sample that is drawn.
        n_neighbors: of UMAP; the perplexity of t-SNE.  min_dist: of UMAP.
    """

    method: str = "pca"
    dims: int = 2
    seed: int = 0
    n_neighbors: int = 15
    min_dist: float = 0.1

    def _options(self) -> dict[str, Any]:
        names = ("method", "dims", "seed", "n_neighbors", "min_dist")
        return {name: getattr(self, name) for name in names}

    def _rows(self, embeddings: Embeddings, points: int = 1) -> np.ndarray:
        """All rows, or a sample by label shares where there are too many to draw with so many points each."""
        labels = len(embeddings) if embeddings.labels is None else embeddings.labels
        return stratified_sample(labels, MAX_POINTS // points, self.seed)


@dataclass(frozen=True)
class SeparateMaps(OfFit[Maps], _Projected[Maps]):
    """One map a modality, and that of the fused space where there is one."""

    name: ClassVar[str] = "maps"
    needs: ClassVar[tuple[NeedName, ...]] = ("vectors",)
    uses: ClassVar[tuple[NeedName, ...]] = ("fit",)

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        return None if workspace.embeddings is None else cls(fit=workspace.current)

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Maps:
        seen, fused = self.seen(workspace), None
        if seen.fitted is not None:
            fitted, given = journey.fitted_input(seen)
            fused = fitted.fusion.transform(given)
        return self.of(embeddings_of(seen), fused, progress)

    def of(self, embeddings: Embeddings, fused: np.ndarray | None, progress: Progress | None = None) -> Maps:
        """The result, where the fused vectors [N, d] are at hand."""
        spaces: dict[str, Space] = {m: (v, embeddings.present[m]) for m, v in embeddings.vectors.items()}
        if fused is not None:
            spaces[FUSED] = fused, None
        rows, maps = self._rows(embeddings), {}
        for i, (name, (vectors, present)) in enumerate(spaces.items()):
            if progress is not None:
                progress.update(i, len(spaces), f"map of {name}")
            maps[name] = project_space(vectors, present, rows, name, **self._options())
        return Maps(maps, embeddings.ids)

    def figures(self, found: Maps, **shown: Any) -> dict[str, go.Figure]:
        """One a space. `shown`: arguments of `figures.maps.linked_maps`."""
        from mmexplore.figures.maps import linked_maps

        return linked_maps(found.of, **shown)

    def table(self, found: Maps, **shown: Any) -> pd.DataFrame:
        return found.table()


@dataclass(frozen=True)
class JointMap(_Projected[Maps]):
    """Several modalities of the shared space on one map.

    Attributes:
        modalities: two or more; none: all.
        gap: by how much of the way between their clouds they are moved first (see `between.moved`).
    """

    modalities: tuple[str, ...] = ()
    gap: float = 0.0

    name: ClassVar[str] = "joint-map"
    needs: ClassVar[tuple[NeedName, ...]] = ("shared", "rows")

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Maps:
        names = self.modalities or tuple(comparable(workspace).modalities)
        return self.of(moved(workspace, self.gap, names), progress)

    def of(self, shared: Embeddings, progress: Progress | None = None) -> Maps:
        """The result, where the moved space is at hand."""
        if progress is not None:
            progress.update(0, 1, "joint map")
        names = list(self.modalities or shared.modalities)
        return Maps(project_joint(shared, names, self._rows(shared, len(names)), **self._options()), shared.ids)

    def figure(self, found: Maps, **shown: Any) -> HouseFigure:
        """`shown`: arguments of `figures.maps.joint_map`."""
        from mmexplore.figures.maps import joint_map

        return joint_map(found.of, **shown)

    def table(self, found: Maps, **shown: Any) -> pd.DataFrame:
        return found.table()


@dataclass(frozen=True)
class StepMap(OfFit[Maps], _Projected[Maps]):
    """The fused space after each step of a fusion that works in steps, all on one map."""

    name: ClassVar[str] = "steps"
    needs: ClassVar[tuple[NeedName, ...]] = ("fit", "vectors")

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        return cls(fit=workspace.current) if has_steps(workspace) else None

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Maps:
        seen = self.seen(workspace)
        return self.of(journey.steps_of(seen).vectors, embeddings_of(seen), progress)

    def of(self, vectors: np.ndarray, embeddings: Embeddings, progress: Progress | None = None) -> Maps:
        """The result, where the vectors after each step [T + 1, N, d] are at hand."""
        if progress is not None:
            progress.update(0, 1, "map of the steps")
        maps = project_steps(vectors, self._rows(embeddings), FUSED, **self._options())
        return Maps({f"step {t}": p for t, p in enumerate(maps)}, embeddings.ids)

    def figure(self, found: Maps, **shown: Any) -> go.Figure | None:
        """`at`: after which step, the last by default; the others: arguments of `figures.steps.step_map`."""
        from mmexplore.figures.steps import step_map

        steps: Sequence[Projection] = list(found.of.values())
        return step_map(steps, shown.pop("at", len(steps) - 1), **shown)

    def table(self, found: Maps, **shown: Any) -> pd.DataFrame:
        return found.table()


@dataclass(frozen=True)
class StepChanges(OfFit[journey.Steps]):
    """What each step of a fusion changed."""

    name: ClassVar[str] = "step-changes"
    needs: ClassVar[tuple[NeedName, ...]] = ("fit", "vectors")

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        return cls(fit=workspace.current) if has_steps(workspace) else None

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> journey.Steps:
        return journey.steps_of(self.seen(workspace))

    def figure(self, found: journey.Steps, **shown: Any) -> go.Figure | None:
        """`at`: the step that is marked.  `metric`: what the metric is called."""
        from mmexplore.figures.steps import step_changes

        metric = found.metric and shown.get("metric", found.metric)
        return step_changes(found.table(), shown.get("at", 0), metric, found.chance)

    def table(self, found: journey.Steps, **shown: Any) -> pd.DataFrame:
        """A line a step."""
        return pd.DataFrame(found.table())


def has_steps(workspace: Workspace) -> bool:
    """Does the fusion that is shown work in steps?"""
    return workspace.fitted is not None and workspace.fitted.fusion.gives_steps
