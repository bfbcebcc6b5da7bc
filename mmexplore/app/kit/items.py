"""Items as cards: thumbnails, captions and a note, in a grid that wraps to the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from mmexplore.app.kit import cells, drawing, picking
from mmexplore.app.kit.thumbnails import thumbnail_of
from mmexplore.app.kit.widgets import one_line
from mmexplore.app.state.session import CHOICE
from mmexplore.data.dataset import Cell, Kind, PairedDataset
from mmexplore.workspace.state import Workspace

CARD_WIDTH = 176


def draw_cell(cell: Cell, kind: Kind, modality: str, parts: Sequence[str] = ()) -> None:
    """One modality of one item, inside a card; `parts` names the columns of a table."""
    if cell is None:
        st.text(f"(no {one_line(modality, 30)})")
    elif kind is Kind.IMAGE and isinstance(cell, Path):
        picture = drawing.stand_in(cell) or thumbnail_of(cell)
        if picture is None:
            st.text("(picture cannot be shown)")
        else:
            st.image(str(picture), width="stretch")  # a file: the browser fetches it once from /media
    elif isinstance(cell, str):
        st.text(one_line(cell, 160))
    else:
        cells.draw(cell, kind, modality, parts)


def draw_item(dataset: PairedDataset | None, row: int, name: str, skip: Sequence[str] = ()) -> None:
    """All modalities of one row, pictures first; an item loaded as vectors only shows its id."""
    if dataset is None:
        st.text(one_line(name, 60))
        return
    shown = [m for m in dataset.modalities if m not in skip]
    media = [m for m in shown if dataset.kinds[m] is not Kind.VECTOR]
    for modality in sorted(media, key=lambda m: dataset.kinds[m] is not Kind.IMAGE):
        draw_cell(dataset.cells[modality][row], dataset.kinds[modality], modality, dataset.parts.get(modality, ()))
    if not media:
        st.text(one_line(name, 60))
    if dataset.labels is not None and str(dataset.labels[row]):
        st.text(one_line(f"label: {dataset.labels[row]}", 60))


def item_grid(
    workspace: Workspace,
    rows: Sequence[int] | np.ndarray,
    key: str,
    *,
    notes: Mapping[int, str] | None = None,
    below: Callable[[int], None] | None = None,
    skip: Sequence[str] = (),
    limit: int = 24,
) -> None:
    """Cards of these rows, `limit` at a time with Earlier / Later; the box on a card selects its item.

    Args:
        rows: positions in the pairs (or vectors), in the order to show.
        key: unique on the page.
        notes: row -> a line under the card (a score, a rank).
        below: draws more into a row's card.
        skip: modalities not to show.
    """
    rows = np.asarray(rows, dtype=int)
    start = page_of(len(rows), key, limit)
    ids = _ids(workspace)
    with st.container(horizontal=True, gap="small", key=f"grid-{key}"):
        for row in rows[start : start + limit]:
            with st.container(border=True, width=CARD_WIDTH, height="stretch", key=f"card-{key}-{row}"):
                draw_item(workspace.dataset, int(row), str(ids[row]), skip)
                if notes and int(row) in notes:
                    st.text(one_line(notes[int(row)], 80))
                if below is not None:
                    below(int(row))
                picking.pick(str(ids[row]), f"{key}-{row}")
    drawing.explain()


def _ids(workspace: Workspace) -> np.ndarray:
    if workspace.dataset is not None:
        return workspace.dataset.ids
    return workspace.embeddings.ids if workspace.embeddings is not None else np.array([], object)


def page_of(n: int, key: str, limit: int) -> int:
    """First of the items to show; draws the two buttons where there are more than fit."""
    name = f"{CHOICE}start.{key}"
    start = min(int(st.session_state.get(name, 0)), max(0, (n - 1) // limit * limit))
    if n <= limit:
        return 0

    def move(to: int) -> None:
        st.session_state[name] = to

    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Earlier", key=f"earlier-{key}", disabled=start == 0, on_click=move, args=(max(0, start - limit),))
        st.button("Later", key=f"later-{key}", disabled=start + limit >= n, on_click=move, args=(start + limit,))
        st.text(f"{start + 1:,} to {min(n, start + limit):,} of {n:,}")
    return start
