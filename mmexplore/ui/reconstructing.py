"""What the shown fusion rebuilds from any of its modalities: what the Reconstruct page asks."""

from __future__ import annotations

import streamlit as st

from mmexplore import generative, journey
from mmexplore.ui import fusing, jobs_view, live, rebuilding
from mmexplore.ui.session import CHOICE
from mmexplore.ui.widgets import plain
from mmexplore.workspace import FittedFusion, Workspace


def need_rebuilder(workspace: Workspace) -> FittedFusion:
    """The shown fusion if it can rebuild; else what there is to do, and the end of the page."""
    fitted = workspace.fitted
    assert fitted is not None
    if journey.can_rebuild(fitted):
        return fitted
    able = [name for name, f in workspace.fusions.items() if journey.can_rebuild(f)]
    st.info(
        plain(
            f"{fitted.fusion.card.title} makes one vector of an item and cannot go back. An autoencoder or a "
            "multimodal VAE rebuilds every modality from any of them.",
            400,
        )
    )
    with st.container(horizontal=True):
        for name in able:
            title = workspace.fusions[name].fusion.card.title
            if st.button(plain(f"Show {title}"), key=f"rebuild-show-{name}"):
                workspace.current = name
                st.rerun()
        if not able and st.button(
            "Fit a multimodal VAE (MVAE)", type="primary", key="rebuild-fit", disabled=jobs_view.busy("fuse")
        ):
            _fit(workspace)
    live.curves("fuse")
    return st.stop()


def _fit(workspace: Workspace) -> None:
    card = generative.methods()["mvae"].card
    fusing.start(
        workspace,
        card.title,
        lambda frozen, progress, hear: journey.fuse(frozen, "mvae", progress=progress, hear=hear),
        ("fuse", "mvae", "first", workspace.seed),
    )


def item(workspace: Workspace, fitted: FittedFusion) -> None:
    """What the shown fusion rebuilds: one item from what is chosen of it, then all held-out ones."""
    real = rebuilding.real_items(workspace)
    embeddings = real.embeddings
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        row = rebuilding.choose_item(workspace, embeddings, f"{CHOICE}rebuild.item")
        has = [m for m in embeddings.modalities if embeddings.present[m][row]]
        given = st.pills(
            "The model is shown",
            has,
            selection_mode="multi",
            default=has[:1],
            format_func=lambda m: plain(m, 30),
            key=f"{CHOICE}rebuild.given.{'.'.join(has)}",
        )
    if not given:
        st.text("Choose at least one modality that the model is shown.")
        return
    given = [m for m in has if m in given]
    wish = rebuilding.Wish(fitted, workspace.current or "", given, embeddings.modalities, real)
    rebuilding.one_item(workspace, wish, row, "rebuild")
    rebuilding.over_all(workspace, wish, "rebuild")
