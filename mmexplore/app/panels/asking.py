"""Asking: a typed text, a file or an item of the data, and what it finds in another modality."""

from __future__ import annotations

import uuid

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import journey
from mmexplore.app.kit import show, views
from mmexplore.app.kit.download import view_bar
from mmexplore.app.kit.items import draw_cell, item_grid
from mmexplore.app.kit.widgets import one_line, plain, say_error
from mmexplore.app.panels import bring
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.data.dataset import Kind
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.identity import uid_of
from mmexplore.data.kinds import card_of
from mmexplore.data.reading.file_names import kind_of_name
from mmexplore.errors import UserError
from mmexplore.retrieval.gallery import Gallery, gallery_of
from mmexplore.server.serving import demo
from mmexplore.views.searching import Hits, SearchItem, SearchText
from mmexplore.workspace.state import Workspace

WAYS = {"text": "A typed text", "file": "A file", "item": "An item of the data"}


def query_suffixes(kind: Kind) -> list[str]:
    """What may be uploaded as a query of this kind: suffixes without their dot. A text is typed, not uploaded."""
    card = card_of(kind)
    return [] if card is None or not card.query or kind is Kind.TEXT else [s.removeprefix(".") for s in card.suffixes]


def _one(kind: Kind) -> str:
    card = card_of(kind)
    return str(kind) if card is None else card.title


def ask(workspace: Workspace, shared: Embeddings) -> None:
    """The query, and what it finds."""
    kinds = journey.query_kinds(workspace, shared) if workspace.dataset is not None else []
    files = [k for k in kinds if query_suffixes(k) and not demo()]
    ways = [*(["text"] if Kind.TEXT in kinds else []), *(["file"] if files else []), "item"]
    if st.session_state.get(f"{CHOICE}search.way") not in ways:  # another alignment may answer fewer kinds
        st.session_state.pop(f"{CHOICE}search.way", None)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        way = (
            st.segmented_control(
                "Ask with",
                ways,
                default=ways[0],
                format_func=lambda w: WAYS[w] if w != "file" or len(files) > 1 else _one(files[0]).capitalize(),
                required=True,
                key=f"{CHOICE}search.way",
            )
            or ways[0]
        )
        into = st.selectbox(
            "Find", shared.modalities, key=f"{CHOICE}search.into", width=200, index=_first_picture(workspace, shared)
        )
        k = int(st.number_input("How many", 1, 100, 12, key=f"{CHOICE}search.k", width=110))
    try:
        if way == "file":
            _by_file(workspace, shared, into, k, files)
        else:
            {"text": _by_text, "item": _by_item}[way](workspace, shared, into, k)
    except UserError as error:
        say_error(error)


def _first_picture(workspace: Workspace, shared: Embeddings) -> int:
    kinds = workspace.dataset.kinds if workspace.dataset is not None else {}
    return next((i for i, m in enumerate(shared.modalities) if kinds.get(m) is Kind.IMAGE), 0)


def _by_text(workspace: Workspace, shared: Embeddings, into: str, k: int) -> None:
    key = f"{CHOICE}search.text"
    query = st.text_input(
        "Text", key=key, placeholder="Say what you are looking for, and press Enter", max_chars=500,
        label_visibility="collapsed",
    )  # fmt: skip
    if not query.strip():
        _suggestions(workspace, key)
        return
    with st.spinner("Searching"):
        hits = journey.search_items(workspace, query.strip(), into, k=k, shared=shared, gallery=_gallery(shared, into))
    show_hits(workspace, hits, SearchText(query.strip(), into, k))


def _suggestions(workspace: Workspace, key: str) -> None:
    """A few texts of the data to try."""
    said = [t for t in views.text_of_rows(workspace) or [] if 0 < len(t) <= 60]

    def ask_for(text: str) -> None:
        st.session_state[key] = text

    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="try"):
        st.caption("Try", width="content")
        for i, text in enumerate(said[:: max(1, len(said) // 4)][1:4]):
            st.button(plain(text, 60), key=f"try-{i}", on_click=ask_for, args=(text,))


def _by_file(workspace: Workspace, shared: Embeddings, into: str, k: int, kinds: list[Kind]) -> None:
    suffixes = [suffix for kind in kinds for suffix in query_suffixes(kind)]
    file = st.file_uploader(" or ".join(_one(kind) for kind in kinds).capitalize(), suffixes, key="search-file")
    if file is None:
        return
    path = bring.keep_uploads([file], session.folder("queries", uuid.uuid4().hex[:8]))[0]
    try:
        with st.container(width=200, key="card-file"):
            draw_cell(path, kind_of_name(path.name) or Kind.IMAGE, "query")
        with st.spinner("Searching"):
            hits = journey.search_items(workspace, path, into, k=k, shared=shared, gallery=_gallery(shared, into))
    finally:
        path.unlink(missing_ok=True)
    show_hits(workspace, hits, None)


def _by_item(workspace: Workspace, shared: Embeddings, into: str, k: int) -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        item = item_select(workspace, shared.ids, f"{CHOICE}search.item")
        others = [m for m in shared.modalities if m != into] or shared.modalities
        src = st.selectbox("Its", others, key=f"{CHOICE}search.src", width=200)
    row = int(np.flatnonzero(shared.ids == item)[0])
    if workspace.dataset is not None:
        with st.container(border=True, width=200, key="card-query"):
            draw_cell(
                workspace.dataset.cells[src][row],
                workspace.dataset.kinds[src],
                src,
                workspace.dataset.parts.get(src, ()),
            )
    if not shared.present[src][row]:
        st.text(f"This item has no {one_line(src, 40)} to ask with: choose another item, or another of its modalities.")
        return
    hits = journey.search_like(workspace, item, src, into, k=k, shared=shared, gallery=_gallery(shared, into))
    rank = true_rank(shared, src, into, row)
    if rank is not None:
        st.text(f"Its own {one_line(into, 40)} comes in place {rank:,.0f}.")
    elif not shared.present[into][row]:
        st.text(f"It has no {one_line(into, 40)} of its own to be found.")
    show_hits(workspace, hits, SearchItem(item, src, into, k))


def item_select(workspace: Workspace, ids: np.ndarray, key: str, first: int = 0) -> str:
    """A box to choose one of these items by id or text; those selected in a map come first, else that at `first`."""
    chosen = sorted(workspace.selection & set(map(str, ids)))
    return st.selectbox(
        "Item",
        [*chosen, *(i for i in map(str, ids) if i not in workspace.selection)],
        index=0 if chosen else first,
        key=key,
        width=320,
        format_func=lambda i: item_name(workspace, i),
        help="Type to search. What is selected in a map comes first.",
    )


def item_name(workspace: Workspace, item: str) -> str:
    """The id, with the item's first text where it has one."""
    dataset = workspace.dataset
    if dataset is None:
        return item
    names: dict[str, str] = session.remember(("names", uid_of(dataset)), lambda: _names(dataset))
    return names.get(item, item)


def _names(dataset) -> dict[str, str]:
    texts = [m for m in dataset.modalities if dataset.kinds[m] is Kind.TEXT]
    said = dataset.cells[texts[0]] if texts else [None] * len(dataset)
    return {str(i): f"{i}: {one_line(t, 60)}" if t else str(i) for i, t in zip(dataset.ids, said, strict=True)}


def true_rank(shared: Embeddings, src: str, dst: str, row: int) -> float | None:
    """The place of the item's own `dst` among all, asked with its `src`; None where it has none."""
    from mmexplore.retrieval.metrics import match_rank

    return match_rank(_gallery(shared, dst), shared.vectors[src][row], [str(shared.groups[row])])


def _gallery(shared: Embeddings, modality: str) -> Gallery:
    """The distinct items of a modality, gathered once for these vectors."""
    return session.remember(("gallery", session.fingerprint(shared), modality), lambda: gallery_of(shared, modality))


def show_hits(workspace: Workspace, hits: Hits, view: SearchText | SearchItem | None) -> None:
    """The found items as cards with place and score. A file that was asked with is gone: there is no view of it."""
    name = "search-file" if view is None else view.name
    notes = {
        h["row"]: f"{h['rank']}. score {h['score']:.2f}" + (" · true match" if h.get("match") else "") for h in hits
    }
    item_grid(workspace, [h["row"] for h in hits], name.replace("search", "hits"), notes=notes, limit=100)
    if view is None:
        view_bar(name, table=lambda: pd.DataFrame(hits))
    else:
        show.bar(view, hits)
