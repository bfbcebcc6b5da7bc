"""As `python`: lines for what compares methods, takes modalities away, rebuilds and draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmexplore.journey.comparing import Setting
from mmexplore.ui.python import OPEN, arguments
from mmexplore.workspace import Workspace


def comparison(setting: Setting) -> str:
    """Several methods on the same rows."""
    return (
        OPEN
        + f"""
from mmexplore.journey import Setting

comparison = journey.compare(workspace, {setting!r})
for race in comparison.races:
    for line in race.lines:
        print(race.kind, line.name, line.score, line.gain, line.holes)
"""
    )


def realigned() -> str:
    """Retrieval before and after the alignment."""
    return OPEN + "\nprint(journey.realigned(workspace).as_dict())\n"


def rebuild_item(item: str, given: list[str]) -> str:
    """One item, rebuilt from some of its modalities."""
    return OPEN + f"\nfor rebuilt in journey.rebuild_item(workspace, {item!r}, {given!r}):\n    print(rebuilt)\n"


def rebuild_report(given: list[str]) -> str:
    """The same over all held-out items."""
    return OPEN + f"\nprint(journey.rebuild_report(workspace, {given!r}))\n"


def samples(n: int, seed: int) -> str:
    """Draws from the prior."""
    return OPEN + f"\nprint(journey.sample_items(workspace, {n!r}, seed={seed!r}))\n"


def oddest() -> str:
    """The items the model knows least."""
    return OPEN + "\nprint(journey.oddest(workspace).head(20))\n"


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


def filling(workspace: Workspace, name: str, ridge: str, row: int | None, given: list[str]) -> str:
    """An absent modality filled in; all held-out rows where `row` is None."""
    fills = f"workspace.fusions[{name!r}]"
    if name == ridge:
        fills = "RidgeFill().fit(workspace.ensure_split())"
    rows = "~workspace.ensure_split().in_split('train')" if row is None else repr([row])
    return (
        OPEN
        + f"""
from mmexplore.robustness.ridge_fill import RidgeFill

found = journey.nearest_real(workspace, {fills}, {rows}, {given!r})
for modality, nearest in found.items():
    print(modality, nearest.recall(1), nearest.median_rank, nearest.chance_rank, nearest.n_items)
"""
    )
