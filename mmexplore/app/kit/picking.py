"""The selection as a person sees and makes it: the bar, charts, tables, cards and legends that write it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore.app.kit.download import chart, table_buttons
from mmexplore.app.kit.selection import (
    chart_key,
    clear,
    selected_rows,
    selected_table,
    take_points,
    take_table,
    toggle,
    toggle_all,
)
from mmexplore.app.kit.weighing import disc
from mmexplore.app.kit.widgets import one_line, plain
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.data.identity import uid_of
from mmexplore.figures.classes import class_names, count_classes
from mmexplore.workspace.state import Workspace

LEGEND_CLASSES = 30  # above this many classes a legend is a list to choose from


def bar(workspace: Workspace) -> None:
    """How many are selected and of which classes, with Clear and Download; nothing where nothing is selected.

    `frame.draw` draws it on every page; a page whose charts rerun only a fragment draws it there instead.
    """
    if not workspace.selection:
        return
    with (
        st.container(key="selection"),
        st.container(border=True, horizontal=True, vertical_alignment="center", gap="small", key="selection-bar"),
    ):
        st.text(f"{len(workspace.selection):,} selected", width="content")
        st.text(_of_classes(workspace), width="stretch")
        st.button("Clear", key="selection-clear", on_click=clear)
        with st.popover("Download"):
            table_buttons(lambda: selected_table(workspace), "selection", key="selection")


def _of_classes(workspace: Workspace) -> str:
    """ "8 red, 4 blue" (the three most frequent), "" without classes."""
    embeddings = workspace.embeddings if workspace.embeddings is not None else workspace.dataset
    labels = None if embeddings is None else embeddings.labels
    if labels is None or np.issubdtype(labels.dtype, np.floating):
        return ""
    counts = pd.Series(labels[selected_rows(workspace)].astype(str)).value_counts()
    shown = [f"{n:,} {one_line(name, 24)}" for name, n in counts.items() if name][:3]
    more = len(counts) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more classes" if shown and more > 0 else "")


def draw(figure: Any, name: str, ids: np.ndarray) -> None:
    """A chart whose points carry their row first in `customdata`: what is lassoed in it becomes the selection."""
    key = chart_key(f"map.{name}")
    if figure.layout.dragmode != "lasso":  # a settled figure is left as it is
        figure.update_layout(dragmode="lasso")
    chart(
        figure,
        name,
        key=key,
        selection_mode=("lasso", "box", "points"),
        on_select=lambda: take_points(name, key, ids),
    )


def table(
    lines: pd.DataFrame,
    name: str,
    ids: np.ndarray,
    items: Sequence[Iterable[int] | int] | np.ndarray,
    **look: Any,
) -> None:
    """A table whose lines are items: choosing lines selects them, and what is selected elsewhere is chosen here.

    Args:
        items: for each line the row it shows, or the rows.  look: goes to `st.dataframe`.
    """
    workspace, state = session.workspace(), st.session_state
    if state.get("selection.from") != name:  # another view has the say: draw the table anew with its lines chosen
        state[f"selection.table.{name}"] = workspace.selection
    drawn = state.get(f"selection.table.{name}", frozenset())
    chosen = np.zeros(len(ids), bool)
    chosen[selected_rows(workspace) if drawn else []] = True
    default = [i for i, rows in enumerate(items) if chosen[np.atleast_1d(rows)].all()] if drawn else []
    key = chart_key(f"table.{name}.{hash(drawn)}")
    st.dataframe(
        lines,
        hide_index=True,
        key=key,
        selection_mode="multi-row",
        selection_default={"selection": {"rows": default}} if default else None,
        on_select=lambda: take_table(name, key, ids, items),
        **look,
    )


def pick(item: str, key: str) -> None:
    """The box of a card: ticked where the item is selected."""
    name = f"pick-{key}"
    st.session_state[name] = item in session.workspace().selection
    st.checkbox("Select", key=name, on_change=toggle, args=(item, name))


def only_selected(workspace: Workspace, rows: np.ndarray, key: str) -> np.ndarray:
    """The rows, or those of them that are selected where the person asks for it; no question where nothing is."""
    if not workspace.selection or not st.toggle("Only what is selected", key=f"{CHOICE}only.{key}"):
        return rows
    return rows[np.isin(rows, selected_rows(workspace))]


def classes(ids: np.ndarray, values: np.ndarray, key: str, colours: Mapping[str, str] | None = None) -> None:
    """The classes of a column, most frequent first; pressing one selects its items, pressing it again takes them out.

    Args:
        colours: class -> colour, where the legend explains a figure.
    """
    counts = session.remember_last(f"classes.{key}", (uid_of(values),), lambda: count_classes(class_names(values)))
    if len(counts) > LEGEND_CLASSES:
        _one_of_many(ids, values, list(counts), key)
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"legend-{key}"):
        if colours is None:
            st.caption("Select a class", width="content")
        for i, (name, n) in enumerate(counts.items()):
            with st.container(horizontal=True, gap="xxsmall", vertical_alignment="center", width="content", wrap=False):
                if colours is not None:
                    disc(colours[name])
                st.button(
                    plain(name, 40),
                    key=f"class-{key}-{i}",
                    type="tertiary",
                    help=f"Select the {n:,} items of this class; again: take them out.",
                    on_click=toggle_all,
                    args=(ids, values, name),
                )


def _one_of_many(ids: np.ndarray, values: np.ndarray, names: list[str], key: str) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        chosen = st.selectbox(
            f"One of {len(names):,} classes",
            names,
            index=None,
            key=f"{CHOICE}class.{key}",
            width=260,
            placeholder="Type to search",
        )
        st.button(
            "Select its items",
            key=f"class-{key}",
            disabled=chosen is None,
            on_click=toggle_all,
            args=(ids, values, chosen),
        )
