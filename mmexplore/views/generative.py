"""What a generative model makes of nothing, and what it finds odd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd

from mmexplore import journey
from mmexplore.journey.prior import Samples
from mmexplore.models.generative import Generative
from mmexplore.retrieval.real_items import RealItems
from mmexplore.server.progress import Progress
from mmexplore.views.base import Found, OfFit
from mmexplore.views.needs import NeedName
from mmexplore.workspace.state import Workspace


@dataclass(frozen=True)
class _OfGenerative(OfFit[Found]):
    """A view of a fit of a generative method."""

    needs: ClassVar[tuple[NeedName, ...]] = ("fit",)

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        fitted = workspace.fitted
        return cls(workspace.current) if fitted is not None and isinstance(fitted.fusion, Generative) else None


class Drawn(NamedTuple):
    """Draws, and the ids [N] of the real items that they are shown as."""

    samples: Samples
    ids: np.ndarray


@dataclass(frozen=True)
class PriorSamples(_OfGenerative[Drawn]):
    """New items, each modality as the nearest real one.

    Attributes:
        n: how many.  seed: of the draws.
    """

    n: int = 4
    seed: int = 0

    name: ClassVar[str] = "samples"

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Drawn:
        return self.of(workspace, None)

    def of(self, workspace: Workspace, real: RealItems | None) -> Drawn:
        """The result, where the real items are at hand."""
        seen = self.seen(workspace)
        return Drawn(journey.sample_items(seen, self.n, self.seed, real), journey.fitted_input(seen)[1].ids)

    def table(self, found: Drawn, **shown: Any) -> pd.DataFrame:
        """One line a draw and modality."""
        drawn, ids = found
        return pd.DataFrame(
            [
                {"draw": i + 1, "modality": m, "id": str(ids[drawn.rows[i, j]]), "cosine": drawn.scores[i, j]}
                for i in range(self.n)
                for j, m in enumerate(drawn.modalities)
            ]
        )


@dataclass(frozen=True)
class Oddest(_OfGenerative[pd.DataFrame]):
    """The items that the model knows least, the oddest first."""

    name: ClassVar[str] = "odd"

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> pd.DataFrame:
        return journey.oddest(self.seen(workspace))

    def table(self, found: pd.DataFrame, **shown: Any) -> pd.DataFrame:
        return found.drop(columns="row")
