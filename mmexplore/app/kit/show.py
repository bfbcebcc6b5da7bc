"""A view on a page: its result remembered, its figure drawn, and under it what can be taken away; all from the view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore.app.kit.download import chart, view_bar
from mmexplore.app.state import session
from mmexplore.data.fingerprint import digest_of
from mmexplore.views.base import View
from mmexplore.workspace.state import Workspace

Found = TypeVar("Found")


def found(view: View[Found], workspace: Workspace, shorter: Callable[[], Found] | None = None) -> Found:
    """Its result on this workspace, computed once.

    Args:
        shorter: gives the same result from what the page has at hand.
    """
    return session.remember(view.key(workspace), shorter or (lambda: view.compute(workspace)))


def figure_of(view: View[Found], result: Found, workspace: Workspace, shown: Mapping[str, Any] | None = None) -> Any:
    """Its figure; one that is dear to draw is kept until something else is to be drawn."""
    given = dict(shown or {})
    if not view.dear:
        return view.figure(result, **given)
    told = tuple((name, _mark(value)) for name, value in given.items())
    return session.remember_last(
        view.name,
        (view.key(workspace), told),
        lambda: view.figure(result, **given),
        common=all(value is None for value in given.values()),
    )


def _mark(value: Any) -> Any:
    return digest_of(value) if isinstance(value, np.ndarray) else value


def show(
    view: View[Found],
    result: Found,
    workspace: Workspace,
    shown: Mapping[str, Any] | None = None,
    below: str = "",
) -> None:
    """Its figure, words about it, and its bar.

    Args:
        shown: arguments of `figure`: what is display only.
        below: a caption between the figure and its bar; Markdown, so `plain` what a person typed.
    """
    figure = figure_of(view, result, workspace, shown)
    if figure is not None:
        chart(figure, view.name)
    if below:
        st.caption(below)
    bar(view, result, figure)


def bar(
    view: View[Found],
    result: Found,
    figure: Any = None,
    rows: Mapping[str, Any] | None = None,
    told: Mapping[str, Any] | None = None,
    name: str = "",
) -> None:
    """Download and Python, under a view that the page has drawn itself.

    Args:
        figure: as drawn.  rows: arguments of `table`.  told: arguments of `figure` that stand in the Python.
        name: instead of the view's, where a page shows it in two places.
    """
    view_bar(
        name or view.name,
        figure=figure,
        table=(lambda: _table(view, result, rows or {})) if view.tabulates() else None,
        python=view.python(told),
    )


def _table(view: View[Found], result: Found, rows: Mapping[str, Any]) -> pd.DataFrame:
    """Its table; an empty one where there are no numbers."""
    table = view.table(result, **rows)
    return pd.DataFrame() if table is None else table
