"""As `python`: lines for what compares methods, rebuilds and draws."""

from __future__ import annotations

from mmexplore.journey.comparing import Setting
from mmexplore.ui.python import OPEN


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
