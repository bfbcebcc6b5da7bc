"""As `python`: lines for what compares methods, takes modalities away, rebuilds and draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmexplore.app.snippets.common import OPEN, arguments
from mmexplore.journey.comparing import Setting
from mmexplore.workspace.state import Workspace


def comparison(setting: Setting) -> str:
    """Several methods on the same rows."""
    return (
        OPEN
        + f"""
from mmexplore.journey import Entry, Setting

comparison = journey.compare(workspace, {setting!r})
for race in comparison.races:
    for line in race.lines:
        print(race.kind, line.name, line.score, line.gain, line.holes)
"""
    )


def realigned() -> str:
    """Retrieval before and after the alignment."""
    return OPEN + "\nprint(journey.realigned(workspace).as_dict())\n"


def rebuild_item(by: str, item: str, given: list[str]) -> str:
    """One item, rebuilt from some of its modalities."""
    return (
        OPEN
        + f"""
by = journey.rebuilder(workspace, {by!r})
for found in journey.rebuild_item(workspace, {item!r}, {given!r}, by=by):
    print(found.modality, found.rank[0], found.chance_rank, found.n_items, workspace.embeddings.ids[found.rows[0]])
"""
    )


def rebuild_report(by: str, given: list[str], limit: int) -> str:
    """The same over all held-out items."""
    return (
        OPEN
        + f"""
by = journey.rebuilder(workspace, {by!r})
print(journey.rebuild_report(workspace, {given!r}, by, limit={limit!r}))
"""
    )


def samples(current: str | None, n: int, seed: int) -> str:
    """Draws from the prior."""
    return OPEN + f"workspace.current = {current!r}\n\nprint(journey.sample_items(workspace, {n!r}, seed={seed!r}))\n"


def oddest(current: str | None) -> str:
    """The items the model knows least."""
    return OPEN + f"workspace.current = {current!r}\n\nprint(journey.oddest(workspace).head(20))\n"


def missing(wish: Mapping[str, Any]) -> str:
    """The missing modalities lab."""
    return (
        OPEN
        + f"""
from mmexplore.figures.robustness import score_curves
from mmexplore.journey.missing import missing_lab

lab = missing_lab(workspace, {arguments(wish)})
for curve in lab.curves:
    print(curve.modality, curve.method, curve.score, curve.area, curve.area_interval)
score_curves(lab.curves, lab.chance, lab.metric).show()
"""
    )


def by_hand(workspace: Workspace, row: int, off: list[str]) -> str:
    """One item with modalities switched off."""
    return (
        OPEN
        + f"""workspace.current = {workspace.current!r}

from mmexplore.journey.by_hand import by_hand

found = by_hand(workspace, {row!r}, {off!r})
print(found.cosine, found.kept)
print(found.full)
print(found.reduced)
"""
    )
