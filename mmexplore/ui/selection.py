"""The selection is a set of ids in the workspace. Charts and tables write it; every view reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore.embeddings import Embeddings
from mmexplore.figures.classes import class_names, count_classes
from mmexplore.ui import session
from mmexplore.ui.download import chart, table_buttons
from mmexplore.ui.session import CHOICE
from mmexplore.ui.weighing import disc
from mmexplore.ui.widgets import one_line, plain
from mmexplore.workspace import Workspace

LEGEND_CLASSES = 30  # above this many classes a legend is a list to choose from


# -- plain Python: from what a widget says to ids --------------------------------
def rows_of_points(event: Mapping[str, Any] | None) -> list[int]:
    """Rows that a plotly selection names: the first number of each point's `customdata`; others are left out."""
    points = ((event or {}).get("selection") or {}).get("points") or []
    rows = []
    for point in points:
        data = point.get("customdata")
        first = data[0] if isinstance(data, Sequence) and not isinstance(data, str) and data else data
        if isinstance(first, dict):  # plotly may hand arrays over as {"0": ...}
            first = first.get("0")
        if isinstance(first, (int, float)) and not isinstance(first, bool) and float(first).is_integer():
            rows.append(int(first))
    return sorted(set(rows))


def rows_of_table(event: Mapping[str, Any] | None, items: Sequence[Iterable[int] | int] | np.ndarray) -> list[int]:
    """Rows that a table's selection names; `items` says which row (or rows) each line of the table shows."""
    lines = ((event or {}).get("selection") or {}).get("rows") or []
    return sorted({int(row) for i in lines if 0 <= i < len(items) for row in np.atleast_1d(items[i])})


def ids_at(ids: np.ndarray, rows: Iterable[int]) -> frozenset[str]:
    """The ids at these positions; positions outside are left out."""
    return frozenset(str(ids[r]) for r in rows if 0 <= r < len(ids))


# -- in the session --------------------------------------------------------------
def chart_key(name: str) -> str:
    """The widget key of a chart: new after Clear, so that the browser drops the lasso it still shows."""
    return f"{name}.{st.session_state.get('selection.cleared', 0)}"


def take_points(name: str, key: str, ids: np.ndarray) -> None:
    """Callback of a chart: what was lassoed, boxed or clicked becomes the selection."""
    rows = rows_of_points(st.session_state.get(key))
    session.workspace().selection = ids_at(ids, rows)
    st.session_state["selection.from"] = name if rows else None


def take_table(name: str, key: str, ids: np.ndarray, items: Sequence[Iterable[int] | int] | np.ndarray) -> None:
    """Callback of a table: the items of the chosen lines become the selection."""
    session.workspace().selection = ids_at(ids, rows_of_table(st.session_state.get(key), items))
    st.session_state["selection.from"] = name


def toggle(item: str, key: str) -> None:
    """Callback of a card's box: the item is selected or not, as the box says."""
    workspace = session.workspace()
    workspace.selection = workspace.selection | {item} if st.session_state.get(key) else workspace.selection - {item}
    st.session_state["selection.from"] = None


def toggle_all(ids: np.ndarray, values: np.ndarray, value: str) -> None:
    """Callback of a legend: the items whose value is this one are selected too, or no more where all of them were."""
    workspace = session.workspace()
    those = ids_at(ids, np.flatnonzero(class_names(values) == value))
    workspace.selection = workspace.selection - those if those <= workspace.selection else workspace.selection | those
    st.session_state["selection.from"] = None


def selected_rows(workspace: Workspace) -> np.ndarray:
    """As `Workspace.selected_rows`, looked up once for a selection."""
    key = (workspace.selection, id(workspace.embeddings), id(workspace.dataset))
    return session.remember_last("selection.rows", key, workspace.selected_rows)


def highlighted(name: str, workspace: Workspace) -> np.ndarray | None:
    """Rows that this view must draw as selected; None where nothing is, or where it shows its own lasso.

    A chart that is drawn anew loses its zoom and its lasso, so the one the person has just used is left as it is.
    """
    if not workspace.selection or st.session_state.get("selection.from") == name:
        return None
    return selected_rows(workspace)


def clear() -> None:
    """Select nothing, in every chart."""
    session.workspace().selection = frozenset()
    st.session_state["selection.from"] = None
    st.session_state["selection.cleared"] = st.session_state.get("selection.cleared", 0) + 1


# -- drawing ---------------------------------------------------------------------
def bar(workspace: Workspace) -> None:
    """How many are selected and of which classes, with Clear and Download; nothing where nothing is selected.

    `frame.header` draws it on every page; a page whose charts rerun only a fragment draws it there instead.
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
    _, counts = session.remember_last(
        f"classes.{key}", (id(values), len(values)), lambda: (values, count_classes(class_names(values)))
    )
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


# -- tables of items -------------------------------------------------------------
def selected_table(workspace: Workspace) -> pd.DataFrame:
    """The selected rows as a table: id, label, split, texts and file names, other columns."""
    return item_table(workspace, selected_rows(workspace))


def item_table(workspace: Workspace, rows: np.ndarray) -> pd.DataFrame:
    """These rows as a table for people: id, what each modality shows, label, split, group, other columns."""
    source = workspace.dataset if workspace.dataset is not None else workspace.embeddings
    if source is None:
        return pd.DataFrame()
    table = pd.DataFrame({"id": source.ids[rows].astype(str)})
    if not isinstance(source, Embeddings):
        for modality, cells in source.cells.items():
            table[modality] = [words_of(cells[r]) for r in rows]
    if source.labels is not None:
        table["label"] = source.labels[rows]
    if workspace.embeddings is not None and workspace.embeddings.splits is not None:
        table["split"] = workspace.embeddings.splits[rows].astype(str)
    table["group"] = source.groups[rows].astype(str)
    for column in source.columns:
        table[str(column)] = source.columns[column].to_numpy()[rows]
    return table


def words_of(cell: Any) -> str:
    """What a cell shows, as one cell of a table: its text, its file's name, or how many numbers it holds."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    return cell.name if hasattr(cell, "name") else f"{np.size(cell):,} numbers"
