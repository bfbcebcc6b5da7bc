"""What fills an absent modality in: who does it, from what, and what comes of it."""

from __future__ import annotations

import streamlit as st

from mmexplore import journey
from mmexplore.app.kit.widgets import plain, section
from mmexplore.app.panels import fusing, rebuilding
from mmexplore.app.state.session import CHOICE
from mmexplore.robustness.ridge_fill import RidgeFill
from mmexplore.workspace.state import Workspace


def panel(workspace: Workspace) -> None:
    """Choose who fills in from what; one item, then all held-out rows."""
    embeddings = workspace.ensure_split()
    able = {n: f for n, f in workspace.fusions.items() if journey.can_rebuild(f)}
    words = {RidgeFill.name: "Ridge maps (plain regression)"} | {i: workspace.titles[i] for i in able}
    fusing.forget_gone(f"{CHOICE}fill.by", words)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        name = st.selectbox(
            "Filled in by", [*able, RidgeFill.name], key=f"{CHOICE}fill.by", width=320,
            format_func=lambda n: words[n],
            help="Generative methods that are fitted on the Fuse page, and regressions as the bar they must pass.",
        )  # fmt: skip
        given = st.pills(
            "Given",
            embeddings.modalities,
            selection_mode="multi",
            default=embeddings.modalities[:1],
            key=f"{CHOICE}fill.given",
            format_func=lambda m: plain(m, 40),
        )
    if not able:
        st.caption("Fit a generative method (an autoencoder, MVAE ...) on the Fuse page to see it fill in as well.")
    given = [m for m in embeddings.modalities if m in given]
    holes = [m for m in embeddings.modalities if m not in given]
    if not given or not holes:
        st.text("Give some of the modalities, not all: the others are filled in.")
        return
    by = able[name] if name in able else rebuilding.ridge(embeddings)
    if by is None:
        return
    wish = rebuilding.Wish(by, name, given, holes, rebuilding.real_items(workspace, by))
    section(
        "One item",
        "What is filled in is a vector, no picture and no text: shown are the real items nearest to it. Items held out "
        "of the fit come first in the menu.",
    )
    row = rebuilding.choose_item(workspace, wish.real.embeddings, f"{CHOICE}fill.item", given)
    rebuilding.one_item(workspace, wish, row, "fill")
    rebuilding.over_all(workspace, wish, "fill")
