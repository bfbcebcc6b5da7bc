"""What is loaded, for the Data page: numbers, where it comes from, cards, what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore.app.kit import picking, selection, views
from mmexplore.app.kit.download import chart, table_buttons, view_bar
from mmexplore.app.kit.items import item_grid
from mmexplore.app.kit.widgets import numbers, one_line, plain, section
from mmexplore.app.panels.presence import complete
from mmexplore.data.dataset import Kind, Rejected
from mmexplore.workspace.state import Workspace

TABLE_ROWS = 5000
MAX_PLACES = 10_000  # on a map: more make the page slow


def summary(workspace: Workspace) -> None:
    """Name, rows, modalities, labels; source and licence."""
    dataset, embeddings = workspace.dataset, workspace.embeddings
    source = dataset if dataset is not None else embeddings
    if source is None:
        return
    labels = [] if source.labels is None else [x for x in np.unique(source.labels.astype(str)) if x]
    values = [
        ("Rows", f"{len(source):,}", "One row is one item seen through its modalities."),
        ("Modalities", f"{len(source.modalities)}", "Columns that show the same item in different ways."),
        ("Complete rows", f"{complete(source.present):,}", "Rows with no modality missing."),
    ]
    if labels:
        values.append(("Labels", f"{len(labels):,}", "Distinct labels; a fusion can learn to tell them apart."))
    if dataset is not None and dataset.rejected:
        values.append(("Left out", f"{len(dataset.rejected):,}", "Rows or cells that could not be used; listed below."))
    numbers(values)
    said = []
    for modality in source.modalities:
        kind = str(dataset.kinds[modality]) if dataset is not None else "vector"
        language = f", {dataset.language[modality]}" if dataset is not None and modality in dataset.language else ""
        said.append(f"{modality} ({kind}{language}) {int(source.present[modality].sum()):,} rows")
    st.text(" · ".join(said))
    if dataset is not None and dataset.source:
        st.caption(plain(f"Source and licence: {dataset.source}", 600))


def cards(workspace: Workspace) -> None:
    """The pairs as cards, and the table of them."""
    source = workspace.dataset if workspace.dataset is not None else workspace.embeddings
    if source is None:
        return
    section("The pairs")
    if source.labels is not None and not np.issubdtype(source.labels.dtype, np.floating):
        picking.classes(source.ids, source.labels, "labels")
    item_grid(workspace, picking.only_selected(workspace, np.arange(len(source)), "pairs"), "pairs", limit=24)
    places(workspace)
    with st.expander("As a table (choose rows to select them in every view)"):
        _table(workspace)


def places(workspace: Workspace) -> None:
    """A map of each place modality; what is drawn around there is selected in every view."""
    dataset = workspace.dataset
    if dataset is None:
        return
    for modality in [m for m, k in dataset.kinds.items() if k is Kind.PLACE]:
        from mmexplore.figures.places import place_map
        from mmexplore.latent.sample import stratified_sample

        there = np.flatnonzero(dataset.present[modality])
        rows = there[stratified_sample(len(there), MAX_PLACES, workspace.seed)]
        if len(rows) < len(there):
            st.caption(f"{len(rows):,} of {len(there):,} places, drawn at random.")
        at = np.array([dataset.cells[modality][r] for r in rows], float)
        titles = views.text_of_rows(workspace) or [str(i) for i in dataset.ids]
        name = f"place-{modality}"
        section(f"Where: {one_line(modality, 40)}", "Draw around points to select them.")
        key = selection.chart_key(name)
        figure = place_map(at, rows, titles, dataset.labels, selection.highlighted(name, workspace))
        chart(
            figure,
            name,
            key=key,
            on_select=partial(selection.take_points, name, key, dataset.ids),
            selection_mode=("lasso", "box", "points"),
        )
        view_bar(name, figure=figure)


def _table(workspace: Workspace) -> None:
    source = workspace.dataset if workspace.dataset is not None else workspace.embeddings
    assert source is not None
    rows = np.arange(min(len(source), TABLE_ROWS))
    if len(rows) < len(source):
        st.caption(f"The first {len(rows):,} of {len(source):,} rows; the download has all.")
    picking.table(selection.item_table(workspace, rows), "pairs", source.ids, rows)
    view_bar("pairs", table=lambda: selection.item_table(workspace, np.arange(len(source))))


def rejected_table(rejected: Sequence[Rejected]) -> pd.DataFrame:
    """Row, id, column and reason of everything that was left out."""
    return pd.DataFrame(
        [{"row": r.row or None, "id": r.id, "column": r.column, "reason": r.reason} for r in rejected],
        columns=["row", "id", "column", "reason"],
    )


def left_out(rejected: Sequence[Rejected], name: str, title: str = "Left out, and why") -> None:
    """The list of rejected rows with its download; nothing where nothing was rejected."""
    if not rejected:
        return
    with st.expander(f"{title} ({len(rejected):,})"):
        st.dataframe(rejected_table(rejected), hide_index=True, key=f"rejected-{name}")
        with st.container(horizontal=True):
            table_buttons(lambda: rejected_table(rejected), f"left-out-{name}", key=f"rejected-{name}")
