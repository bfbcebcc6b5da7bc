"""Draws from a model's prior and the items it finds odd, as real items."""

from __future__ import annotations

import streamlit as st

from mmexplore.app.kit import show
from mmexplore.app.kit.items import CARD_WIDTH, draw_cell, item_grid
from mmexplore.app.kit.widgets import numbers, one_line, plain, say_error
from mmexplore.app.panels import rebuilding
from mmexplore.app.state.session import CHOICE
from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.models.generative import Generative
from mmexplore.views.generative import Oddest, PriorSamples
from mmexplore.workspace.state import Workspace

ODD, SAMPLES = 12, 4


def samples(workspace: Workspace, embeddings: Embeddings) -> None:
    """New items, each modality as the nearest real one."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        n = int(st.number_input("How many", 1, 50, SAMPLES, key=f"{CHOICE}sample.n", width=110))
        seed = int(st.number_input("Seed", 0, 999_999_999, 0, key=f"{CHOICE}sample.seed", width=110))
    real = rebuilding.real_items(workspace)
    view = PriorSamples(workspace.current, n, seed)
    found = show.found(view, workspace, lambda: view.of(workspace, real))
    drawn = found.samples
    if drawn.coherence is not None:
        about = "How often the nearest items of two modalities of one draw have the same label, over all draws."
        numbers(
            [("Coherence", f"{drawn.coherence:.0%}", about), ("By luck", f"{drawn.chance:.0%}", "For unrelated items.")]
        )
    for i in range(n):
        st.caption(f"Draw {i + 1}")
        with st.container(horizontal=True, gap="small", key=f"grid-sample-{i}"):
            for j, m in enumerate(drawn.modalities):
                with st.container(border=True, width=CARD_WIDTH, height="stretch", key=f"card-sample-{i}-{j}"):
                    _cell(workspace, int(drawn.rows[i, j]), m, embeddings)
                    st.caption(plain(f"{m}, cosine {drawn.scores[i, j]:.2f}", 60))
    show.bar(view, found)


def _cell(workspace: Workspace, row: int, modality: str, embeddings: Embeddings) -> None:
    dataset = workspace.dataset
    if dataset is None or modality not in dataset.kinds:
        st.text(one_line(embeddings.ids[row], 60))
    else:
        draw_cell(dataset.cells[modality][row], dataset.kinds[modality], modality)
    if embeddings.labels is not None:
        st.text(one_line(f"{embeddings.ids[row]}: {embeddings.labels[row]}", 60))


def odd(workspace: Workspace, fusion: Generative, embeddings: Embeddings) -> None:
    """The items that the model knows least."""
    view = Oddest(workspace.current)
    try:
        table = show.found(view, workspace)
    except UserError as error:
        say_error(error)
        return
    left_out = len(embeddings) - len(table)
    if left_out:
        st.caption(plain(f"{left_out:,} items are not ranked: too few others have the same modalities present.", 200))
    top = table.head(ODD * 4)
    notes = {
        int(r): f"{o:.1f} sd below; {fusion.elbo_name} {e:,.0f}"
        for r, o, e in zip(top["row"], top["oddness"], top["elbo"], strict=True)
    }
    item_grid(workspace, top["row"].to_numpy(), "odd", notes=notes, limit=ODD)
    show.bar(view, table)
