"""Rows whose halves do not seem to belong together: ranked, shown beside better candidates, marked, exported."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore.app.kit import picking, selection, show
from mmexplore.app.kit.absent import absent
from mmexplore.app.kit.download import table_buttons
from mmexplore.app.kit.items import draw_cell, page_of
from mmexplore.app.kit.widgets import one_line, plain, section
from mmexplore.app.panels.searching import shared_id
from mmexplore.app.shell import jobs_view
from mmexplore.app.shell.view_jobs import as_job, computed, recall
from mmexplore.data.dataset import Kind
from mmexplore.data.embeddings import Embeddings
from mmexplore.retrieval.mispairs import Planted
from mmexplore.views.mispairs import Mispairs, PlantedMispairs
from mmexplore.workspace.state import Workspace

SHOWN = 12
AT_ONCE = 20_000  # rows that are ranked while the page waits
MARKED = "result.mispairs"  # ids marked as wrong: with the results, so that other data forgets them


def suspects(workspace: Workspace, shared: Embeddings, src: str, dst: str) -> pd.DataFrame | None:
    """As `views.Mispairs`, once a session; None while a job is at it (50,000 rows take many seconds)."""
    title, at_once = f"Rank {len(shared):,} pairs", len(shared) <= AT_ONCE
    return computed(Mispairs(src, dst), workspace, title, at_once, "Rank these pairs", kind="suspects")


def unranked(shared: Embeddings, src: str, dst: str) -> str:
    """Which rows the ranking cannot judge, "" where it judges all."""
    pair = {m: shared.present[m] for m in (src, dst)}
    both = int((pair[src] & pair[dst]).sum())
    if both == len(shared):
        return ""
    return f"{absent(pair)} {both:,} rows have both; the others have no partner to be judged by and are not listed."


def how_sure(workspace: Workspace, src: str, dst: str) -> None:
    """A check on this very data: pairs are made wrong on purpose, and the ranking must find them."""
    view = PlantedMispairs(src, dst)
    known = recall(view, workspace)
    if known is not None:
        st.info(plain(_said(known), 400))
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        pressed = st.button("How sure is it?", key="mispairs-check", disabled=jobs_view.busy(PlantedMispairs.name))
        st.caption("Exchanges 5 % of the pairs in memory and sees how many of them the ranking finds.")
    if pressed:
        as_job(view, workspace, "Find planted mispairs", _said)


def _said(found: Planted) -> str:
    return (
        f"With {found.moved:,} of {found.n:,} pairs exchanged on purpose the ranking finds them with average precision "
        f"{found.precision:.2f} (sd {found.spread:.2f} over {found.draws} draws; {found.chance:.2f} is luck, 1 is "
        f"perfect; by similarity alone {found.by_similarity:.2f})."
    )


def review(workspace: Workspace, table: pd.DataFrame, src: str, dst: str) -> None:
    """The most suspicious rows as cards, each with what would fit better; a box on each marks it as wrong."""
    marked: set[str] = st.session_state.setdefault(MARKED, set())
    start = page_of(len(table), "mispairs", SHOWN)
    page = table.iloc[start : start + SHOWN]
    with st.container(horizontal=True, gap="small"):
        st.button("Mark all shown", key="mispairs-mark", on_click=_mark, args=(page["id"].astype(str).tolist(),))
        st.button("Mark none", key="mispairs-unmark", on_click=_mark, args=([],), disabled=not marked)
    with st.container(horizontal=True, gap="small", key="grid-mispairs"):
        for place, line in enumerate(page.to_dict("records"), start + 1):
            with st.container(border=True, height="stretch", key=f"card-mispair-{line['row']}"):
                _suspect(workspace, line, src, dst, place, marked)
    show.bar(Mispairs(src, dst), table)


def _mark(ids: list[str]) -> None:
    """Mark these as wrong beside those that are; none of all where the list is empty."""
    marked: set[str] = st.session_state.setdefault(MARKED, set())
    if ids:
        marked.update(ids)
    else:
        marked.clear()


def _suspect(workspace: Workspace, line: dict, src: str, dst: str, place: int, marked: set[str]) -> None:
    item = str(line["id"])
    st.text(f"{place}. {one_line(item, 40)}")
    st.caption(f"place {line['rank_forward']:,.0f} one way, {line['rank_backward']:,.0f} the other")
    for modality in (src, dst):
        _cell(workspace, modality, int(line["row"]), "")
    for modality, side in ((dst, "dst"), (src, "src")):
        row = int(line[f"better_{side}_row"])
        if row >= 0:
            st.caption(plain(f"{modality} that fits better ({line[f'better_{side}_score']:.2f})"))
            _cell(workspace, modality, row, f"that of {shared_id(workspace, row)}")
    box = f"mispair-{item}"
    st.session_state[box] = item in marked
    st.checkbox("Wrong pair", key=box, on_change=_mark_one, args=(item, box))
    picking.pick(item, f"mispair-{line['row']}")


def _mark_one(item: str, box: str) -> None:
    marked: set[str] = st.session_state.setdefault(MARKED, set())
    if st.session_state.get(box):
        marked.add(item)
    else:
        marked.discard(item)


def _cell(workspace: Workspace, modality: str, row: int, else_said: str) -> None:
    """One modality of an item; where that is mere numbers, the words that tell which item it is."""
    dataset = workspace.dataset
    if dataset is not None and dataset.kinds[modality] is not Kind.VECTOR:
        draw_cell(dataset.cells[modality][row], dataset.kinds[modality], modality, dataset.parts.get(modality, ()))
    elif else_said:
        st.text(one_line(else_said, 60))


def clean_table(workspace: Workspace) -> None:
    """Download the pairs without those marked as wrong."""
    marked: set[str] = st.session_state.get(MARKED, set())
    source = workspace.dataset if workspace.dataset is not None else workspace.embeddings
    if source is None:
        return
    section("The clean table", "The pairs without the rows you marked as wrong, with all of their columns.")
    kept = np.flatnonzero(~np.isin(source.ids.astype(str), list(marked))) if marked else np.arange(len(source))
    st.text(f"{len(source) - len(kept):,} marked, {len(kept):,} kept.")
    with st.container(horizontal=True, key="bar-clean"):
        table_buttons(lambda: selection.item_table(workspace, kept), "clean-pairs", key="clean")
