"""What is rebuilt of some modalities, as real items: one item, and how good it is over the held-out ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd

from mmexplore import journey
from mmexplore.data.identity import uid_of
from mmexplore.retrieval.real_items import Found as Nearest
from mmexplore.retrieval.real_items import RealItems
from mmexplore.robustness.ridge_fill import RidgeFill
from mmexplore.server.progress import Progress
from mmexplore.views.base import Found, View
from mmexplore.views.needs import NeedName
from mmexplore.workspace.state import FittedFusion, Workspace

NEAREST = 6  # real items shown
JUDGED = 2000  # held-out rows that are judged at most, drawn once
RIDGE = "Ridge maps"

Rebuilder = FittedFusion | RidgeFill


@dataclass(frozen=True)
class _Rebuilding(View[Found]):
    """What somebody rebuilds.

    Attributes:
        by: the id of a fit, the name of a method, or that of the ridge maps.  given: modalities it is rebuilt from.
    """

    by: str = RidgeFill.name
    given: tuple[str, ...] = ()

    needs: ClassVar[tuple[NeedName, ...]] = ("vectors", "rows")

    def key(self, workspace: Workspace) -> tuple[Any, ...]:
        """Also of the fit itself, and of the vectors it was fitted on: an id may come to stand for another."""
        return *super().key(workspace), uid_of(workspace.fit_of(self.by)), uid_of(workspace.aligned)


class Rebuilt(NamedTuple):
    """What each modality is nearest to, and the ids [N] of the real items."""

    of: Sequence[Nearest]
    ids: np.ndarray


@dataclass(frozen=True)
class RebuiltItem(_Rebuilding[Rebuilt]):
    """One item, rebuilt from some of its modalities.

    Attributes:
        item: its id.
    """

    item: str = ""

    name: ClassVar[str] = "rebuilt"

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        embeddings = workspace.embeddings
        if embeddings is None:
            return None
        return cls(given=tuple(embeddings.modalities[:1]), item=str(embeddings.ids[0]))

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Rebuilt:
        return self.of(workspace, journey.rebuilder(workspace, self.by), None)

    def of(self, workspace: Workspace, by: Rebuilder, real: RealItems | None) -> Rebuilt:
        """The result, where who rebuilds and the real items are at hand."""
        real = journey.real_items(workspace, by) if real is None else real
        found = journey.rebuild_item(workspace, self.item, self.given, NEAREST, by, real)
        return Rebuilt(found, real.embeddings.ids)

    def table(self, found: Rebuilt, **shown: Any) -> pd.DataFrame:
        """One line a nearest item. `modalities`: those that are listed, all by default."""
        listed = shown.get("modalities") or [f.modality for f in found.of]
        return pd.DataFrame(
            [
                {"modality": f.modality, "given": f.modality in self.given, "place": i + 1, "id": str(found.ids[r]),
                 "cosine": float(s), "place of its own": f.rank[0], "by chance": f.chance_rank, "of": f.n_items}
                for f in found.of
                if f.modality in listed
                for i, (r, s) in enumerate(zip(f.rows[0], f.scores[0], strict=True))
            ]
        )  # fmt: skip


@dataclass(frozen=True)
class RebuiltOverAll(_Rebuilding[dict[str, Any]]):
    """How often an item's own is the nearest to what is rebuilt, beside ridge maps and chance."""

    name: ClassVar[str] = "rebuilt-all"

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        return None if workspace.embeddings is None else cls(given=tuple(workspace.embeddings.modalities[:1]))

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> dict[str, Any]:
        return journey.rebuild_report(workspace, self.given, journey.rebuilder(workspace, self.by), JUDGED)

    def table(self, found: dict[str, Any], **shown: Any) -> pd.DataFrame:
        """For each modality a line of who rebuilds, one of the ridge maps, and one of chance.

        `modalities`: those that are listed, all by default.  `title`: of who rebuilds.
        """
        return judged_table(found, shown.get("modalities") or list(found["modalities"]), shown.get("title", self.by))


def judged_table(report: dict[str, Any], shown: Sequence[str], title: str) -> pd.DataFrame:
    """For each modality a line of who rebuilds, one of the ridge maps, and one of chance."""
    lines = []
    for m, own in report["modalities"].items():
        if m not in shown:
            continue
        chance = {key.removeprefix("chance_"): own[key] for key in own if key.startswith("chance_")}
        chance |= {"n": own["n"], "n_gallery": own["n_gallery"]}
        for who, score in ((title, own), (RIDGE, own["baseline"]), ("Chance", chance)):
            if score is None:
                continue
            ends = score.get("recall@10_interval")
            lines.append(
                {
                    "modality": f"{m} (given)" if own["given"] else m,
                    "rebuilt by": who,
                    "first": score["recall@1"],
                    "in the first 10": score["recall@10"],
                    "95 % interval": "" if ends is None else f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}",
                    "median place": score["median_rank"],
                    "of": score["n_gallery"],
                    "items": score["n"],
                }
            )
    return pd.DataFrame(lines)
