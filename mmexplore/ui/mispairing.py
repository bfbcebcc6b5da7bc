"""Rows whose halves do not seem to belong together: ranked, shown beside better candidates, marked, exported."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mmexplore.embeddings import Embeddings
from mmexplore.retrieval.mispairs import mispairs, near_duplicates
from mmexplore.ui import python, session
from mmexplore.ui.download import table_buttons, view_bar
from mmexplore.ui.items import draw_cell
from mmexplore.ui.searching import shared_id
from mmexplore.ui.session import CHOICE
from mmexplore.ui.widgets import one_line, plain, section
from mmexplore.workspace import Workspace

SHOWN = 12


def suspects(shared: Embeddings, src: str, dst: str) -> pd.DataFrame:
    """As `mispairs`, once a session."""
    return session.remember(("mispairs", session.fingerprint(shared), src, dst), lambda: mispairs(shared, src, dst))


def review(workspace: Workspace, table: pd.DataFrame, src: str, dst: str) -> None:
    """The most suspicious rows as cards, each with what would fit better; a box on each marks it as wrong."""
    marked: set[str] = st.session_state.setdefault("result.mispairs", set())
    start = int(st.number_input("Start at", 1, max(1, len(table)), 1, SHOWN, key=f"{CHOICE}mispairs.start", width=170))
    with st.container(horizontal=True, gap="small", key="grid-mispairs"):
        for place, line in enumerate(table.iloc[start - 1 : start - 1 + SHOWN].to_dict("records"), start):
            with st.container(border=True, width=260, height="stretch", key=f"card-mispair-{line['row']}"):
                _suspect(workspace, line, src, dst, place, marked)
    view_bar("mispairs", table=lambda: table.drop(columns="row"), python=python.mispairs(src, dst))


def _suspect(workspace: Workspace, line: dict, src: str, dst: str, place: int, marked: set[str]) -> None:
    item = str(line["id"])
    st.text(f"{place}. {one_line(item, 40)}")
    st.caption(f"place {line['rank_forward']:,.0f} one way, {line['rank_backward']:,.0f} the other")
    _cell(workspace, src, int(line["row"]))
    _cell(workspace, dst, int(line["row"]))
    if int(line["better_dst_row"]) >= 0:
        st.caption(plain(f"{dst} that fits better"))
        _cell(workspace, dst, int(line["better_dst_row"]))
    if st.checkbox("Wrong pair", item in marked, key=f"{CHOICE}mispair.{item}"):
        marked.add(item)
    else:
        marked.discard(item)


def _cell(workspace: Workspace, modality: str, row: int) -> None:
    dataset = workspace.dataset
    if dataset is None:
        st.text(shared_id(workspace, row))
    else:
        draw_cell(dataset.cells[modality][row], dataset.kinds[modality], modality, dataset.parts.get(modality, ()))


def clean_table(workspace: Workspace) -> None:
    """Download the pairs without those marked as wrong."""
    marked: set[str] = st.session_state.get("result.mispairs", set())
    dataset = workspace.dataset
    if dataset is None:
        return
    section("The clean table", "The pairs without the rows you marked as wrong.")
    st.text(f"{len(marked):,} marked, {len(dataset) - len(marked):,} kept.")

    def clean() -> pd.DataFrame:
        rows = pd.DataFrame({"id": dataset.ids.astype(str), "group": dataset.groups.astype(str)})
        for modality, cells in dataset.cells.items():
            rows[modality] = [c if isinstance(c, str) else getattr(c, "name", None) for c in cells]
        if dataset.labels is not None:
            rows["label"] = dataset.labels
        return rows[~rows["id"].isin(marked)]

    with st.container(horizontal=True, key="bar-clean"):
        table_buttons(clean, "clean-pairs", key="clean")


def duplicates(workspace: Workspace, shared: Embeddings) -> None:
    """Items of one modality that are nearly the same."""
    section(
        "Near-duplicates",
        "Different items whose vectors are nearly the same: copies, crops, sentences said twice. They make recall look "
        "better or worse than it is.",
    )
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        modality = st.selectbox("Among", shared.modalities, key=f"{CHOICE}duplicates", width=200)
        least = st.slider("Similarity at least", 0.8, 1.0, 0.95, 0.01, key=f"{CHOICE}duplicates.least", width=260)
    found = session.remember(
        ("duplicates", session.fingerprint(shared), modality, least),
        lambda: near_duplicates(shared, modality, least),
    )
    st.text(f"{len(found):,} pairs.")
    if len(found):
        st.dataframe(found.drop(columns=["row_a", "row_b"]), hide_index=True, key="duplicates", height=280)
        view_bar("duplicates", table=lambda: found)
