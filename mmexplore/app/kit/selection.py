"""The selection is a set of ids in the workspace. Charts and tables write it; every view reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore.app.state import session
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.identity import uid_of
from mmexplore.data.reading.values import words_of
from mmexplore.figures.classes import class_names
from mmexplore.workspace.state import Workspace


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
    key = (workspace.selection, uid_of(workspace.embeddings), uid_of(workspace.dataset))
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
