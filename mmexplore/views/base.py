"""A view: one thing to look at. Its key, its files, its Python and where it is kept follow from its class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

import pandas as pd

from mmexplore.server.progress import Progress
from mmexplore.views.needs import NEEDS, NeedName
from mmexplore.workspace.state import Workspace

if TYPE_CHECKING:
    import plotly.graph_objects as go

Found = TypeVar("Found")

OPEN = """from pathlib import Path

from mmexplore import views
from mmexplore.workspace.files import open_directory

workspace = open_directory(Path("run"))
"""


class Code(str):
    """An expression that stands as it is in the lines that a view hands out; it may name `workspace` and `views`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class View(ABC, Generic[Found]):
    """One thing to look at: its parameters are fields; what it computes, draws and tabulates are three functions.

    A subclass is a frozen dataclass whose fields can be hashed and whose repr is Python, with a default for each.

    Attributes:
        name: "weights-distribution": part of file names and of the keys of widgets.
        needs: the parts of the workspace that its result depends on.  uses: likewise, where they are there.
        result: of several views with the same fields and the same `compute`, the name that their result has in common.
        dear: its figure is large or slow to draw, so the app keeps it.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[NeedName, ...]]
    uses: ClassVar[tuple[NeedName, ...]] = ()
    result: ClassVar[str] = ""
    dear: ClassVar[bool] = False

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        """One such view of this workspace, with its first choices; None where it has none."""
        view = cls()
        return None if view.lacking(workspace) else view

    @abstractmethod
    def compute(self, workspace: Workspace, progress: Progress | None = None) -> Found:
        """The result: numbers, typed. The workspace stays as it is."""

    def figure(self, found: Found, **shown: Any) -> go.Figure | None:
        """The result drawn; None where there is nothing to draw.

        Args:
            shown: what is display only (what is selected, a colour): each with a default.
        """
        return None

    def figures(self, found: Found, **shown: Any) -> Mapping[str, go.Figure]:
        """Name -> figure, for a view that needs several; else its one figure."""
        figure = self.figure(found, **shown)
        return {} if figure is None else {self.name: figure}

    def table(self, found: Found, **shown: Any) -> pd.DataFrame | None:
        """The numbers behind it; None where there are none.

        Args:
            shown: as in `figure`: which rows, in which order.
        """
        return None

    def seen(self, workspace: Workspace) -> Workspace:
        """The workspace as this view sees it."""
        return workspace

    def key(self, workspace: Workspace) -> tuple[Any, ...]:
        """What its result is kept under: it changes with each field and with all that the result depends on."""
        seen = self.seen(workspace)
        marks = (mark for need in (*self.needs, *self.uses) for mark in NEEDS[need].marks(seen))
        return (self.result or self.name, *self._parameters().items(), *marks, workspace.seed)

    def _parameters(self) -> dict[str, Any]:
        """Fields that tell one result from another beside what `needs` tells."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def lacking(self, workspace: Workspace) -> str:
        """One sentence on what the workspace lacks for it; "" where it lacks nothing."""
        seen = self.seen(workspace)
        return next((NEEDS[need].lacking for need in self.needs if not NEEDS[need].there(seen)), "")

    def draws(self) -> bool:
        """Has it a figure?"""
        return type(self).figure is not View.figure or self._draws_several()

    def _draws_several(self) -> bool:
        return type(self).figures is not View.figures

    def tabulates(self) -> bool:
        """Has it a table?"""
        return type(self).table is not View.table

    def python(self, shown: Mapping[str, Any] | None = None) -> str:
        """The lines that make it again from a workspace saved and unpacked as `run`.

        Args:
            shown: arguments of `figure` whose repr is Python (see `Code`).
        """
        lines = [OPEN, f"view = views.{self!r}", "found = view.compute(workspace)"]
        if self.tabulates():
            lines.append("print(view.table(found))")
        if self.draws():
            told = "".join(f", {name}={value!r}" for name, value in (shown or {}).items())
            if self._draws_several():
                lines.append(f"for figure in view.figures(found{told}).values():\n    figure.show()")
            else:
                lines.append(f"view.figure(found{told}).show()")
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class OfFit(View[Found]):
    """A view of one fit.

    Attributes:
        fit: its id; None: of the one that the workspace shows.
    """

    fit: str | None = None

    @classmethod
    def first(cls, workspace: Workspace) -> Self | None:
        return None if workspace.current is None else cls(fit=workspace.current)

    def seen(self, workspace: Workspace) -> Workspace:
        """A workspace that shows the fit."""
        if self.fit is None or self.fit == workspace.current:
            return workspace
        seen = workspace.snapshot()
        seen.use(self.fit)
        return seen

    def _parameters(self) -> dict[str, Any]:
        """The fit is told by itself: an id may come to stand for another."""
        return {name: value for name, value in super()._parameters().items() if name != "fit"}
