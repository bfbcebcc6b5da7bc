"""Items of one modality that are nearly the same, in a table whose lines select them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from mmexplore.app.kit import picking, show
from mmexplore.app.kit.widgets import plain, say_error, section
from mmexplore.app.state.session import CHOICE
from mmexplore.data.dataset import Kind
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.reading.values import words_of
from mmexplore.errors import UserError
from mmexplore.retrieval import mispairs
from mmexplore.views.mispairs import Duplicates
from mmexplore.workspace.state import Workspace

LINES = 1000  # of the table


def near_duplicates(workspace: Workspace, shared: Embeddings) -> None:
    """Items of one modality that are nearly the same."""
    section(
        "Near-duplicates",
        "Different items whose vectors are nearly the same: copies, crops, sentences said twice. They make recall look "
        "better or worse than it is. Choose lines to select both items in every view.",
    )
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        modality = st.selectbox("Among", shared.modalities, key=f"{CHOICE}duplicates", width=200)
        least = st.slider("Similarity at least", 0.8, 1.0, 0.95, 0.01, key=f"{CHOICE}duplicates.least", width=260)
    view = Duplicates(modality, least)
    try:
        found = show.found(view, workspace)
    except UserError as error:
        say_error(error)
        return
    st.text(f"{len(found):,} pairs, looked for among the {mispairs.NEAR} nearest of each item.")
    if len(found):
        shown = found.head(LINES)
        if len(shown) < len(found):
            st.caption(f"The first {LINES:,} of {len(found):,}; the download has all.")
        picking.table(
            with_words(workspace, shown, modality),
            "duplicates",
            shared.ids,
            shown[["row_a", "row_b"]].to_numpy(int),
            height=280,
            column_config=_headings(modality),
        )
        show.bar(view, found)


def _headings(modality: str) -> dict[str, Any]:
    text = st.column_config.TextColumn
    name = plain(modality, 30)
    return {
        "similarity": st.column_config.NumberColumn("Similarity", format="%.3f", help="Cosine; 1 is the same vector."),
        "id_a": text("One item"),
        "id_b": text("The other"),
        "same_group": st.column_config.CheckboxColumn(
            "Same group", help="Rows that belong together (captions of one photo) are expected to be alike."
        ),
        f"{modality}_a": text(f"{name} of the one"),
        f"{modality}_b": text(f"{name} of the other"),
    }


def with_words(workspace: Workspace, pairs: pd.DataFrame, modality: str) -> pd.DataFrame:
    """The pairs for people: ids, what both show, similarity."""
    table = pairs.drop(columns=["row_a", "row_b"])
    table.insert(0, "similarity", table.pop("similarity"))  # before what may be long
    dataset = workspace.dataset
    if dataset is not None and dataset.kinds[modality] is not Kind.VECTOR:
        for side in ("a", "b"):
            cells = [dataset.cells[modality][row] for row in pairs[f"row_{side}"]]
            table[f"{modality}_{side}"] = [words_of(c) for c in cells]
    return table
