"""One item whose modalities are switched off by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd

from mmexplore import journey
from mmexplore.journey.by_hand import ByHand as Change
from mmexplore.journey.by_hand import by_hand
from mmexplore.server.progress import Progress
from mmexplore.views.base import OfFit
from mmexplore.views.needs import NeedName
from mmexplore.workspace.state import Workspace


class Changed(NamedTuple):
    """What changes, and the ids [N] of the items."""

    found: Change
    ids: np.ndarray


@dataclass(frozen=True)
class ByHand(OfFit[Changed]):
    """What changes of an item's fused vector, and of its neighbours, when some of its modalities are hidden.

    Attributes:
        row: of the item.  off: the modalities that are hidden.
    """

    row: int = 0
    off: tuple[str, ...] = ()

    name: ClassVar[str] = "by-hand"
    needs: ClassVar[tuple[NeedName, ...]] = ("fit",)

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        if workspace.fitted is None:
            return None
        given = journey.fitted_input(workspace)[1]
        return cls(workspace.current, int(given.mask.all(axis=1).argmax()), tuple(given.modalities[:1]))

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Changed:
        return self.of(workspace, None)

    def of(self, workspace: Workspace, fused: np.ndarray | None) -> Changed:
        """The result, where the fused vectors [N, d] are at hand."""
        seen = self.seen(workspace)
        found = by_hand(seen, self.row, list(self.off), fused=fused)
        return Changed(found, journey.fitted_input(seen)[1].ids)

    def table(self, found: Changed, **shown: Any) -> pd.DataFrame:
        """One line a neighbour, with everything and with what is left."""
        sides = (("everything", found.found.full), ("what is left", found.found.reduced))
        lines = [
            {"seen": seen, "place": i + 1, "id": str(found.ids[r]), "cosine": float(s)}
            for seen, part in sides
            for i, (r, s) in enumerate(zip(part.rows, part.scores, strict=True))
        ]
        return pd.DataFrame(lines, columns=["seen", "place", "id", "cosine"])
