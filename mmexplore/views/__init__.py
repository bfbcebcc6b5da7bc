"""What there is to look at in a workspace: one class a view, found in the modules of this folder.

`views.Shapley(fit="attention")` is the view, `.compute(workspace)` its result, `.figure(found)` and `.table(found)`
what is seen of it. The app draws, caches and hands out a view from its class alone.
"""

from __future__ import annotations

from typing import Any

from mmexplore.discovery import find_methods
from mmexplore.views.base import View
from mmexplore.views.colours import colour_values

__all__ = ["View", "all_views", "colour_values"]


def all_views() -> dict[str, type[View[Any]]]:
    """Name -> class of every view in this folder, in alphabetical order of modules."""
    return find_methods(__name__, View)


def __getattr__(name: str) -> type[View[Any]]:
    """The view whose class is called so: its module need not be known."""
    if not name.startswith("_"):
        for cls in all_views().values():
            if cls.__name__ == name:
                return cls
    raise AttributeError(f"mmexplore.views has no view {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *(cls.__name__ for cls in all_views().values())])
