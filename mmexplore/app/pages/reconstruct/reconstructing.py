"""What the shown fusion rebuilds from any of its modalities: what the Reconstruct page asks."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from mmexplore import journey
from mmexplore.app.kit.widgets import one_line, plain
from mmexplore.app.panels import fusing, live, rebuilding
from mmexplore.app.shell import jobs_view
from mmexplore.app.state.session import CHOICE
from mmexplore.models import generative
from mmexplore.workspace.state import FittedFusion, Workspace


def need_rebuilder(workspace: Workspace) -> Workspace:
    """This workspace with a fit in use that can rebuild: the shown one, else one that is chosen here, for this page.

    Where there is none: what there is to do, and the end of the page.
    """
    able = [i for i, f in reversed(workspace.fusions.items()) if journey.can_rebuild(f)]
    titles = workspace.titles
    if workspace.current not in able:
        st.info(
            plain(
                f"{workspace.title} makes one vector of an item and cannot go back. An autoencoder or a multimodal VAE "
                "rebuilds every modality from any of them.",
                400,
            )
        )
    if able != [workspace.current] and able:
        fusing.forget_gone(f"{CHOICE}rebuild.by.{workspace.current}", able)
        chosen = st.selectbox(
            "Rebuilt by", able, able.index(workspace.current) if workspace.current in able else 0,
            key=f"{CHOICE}rebuild.by.{workspace.current}", width=420, format_func=lambda i: one_line(titles[i]),
            help="For this page; the other pages go on showing what is chosen there.",
        )  # fmt: skip
        return replace(workspace, current=chosen)
    if able:
        return workspace
    if st.button("Fit a multimodal VAE (MVAE)", type="primary", key="rebuild-fit", disabled=jobs_view.busy("fuse")):
        _fit(workspace)
    live.curves("fuse")
    return st.stop()


def _fit(workspace: Workspace) -> None:
    """A fit for this page: the others go on showing theirs."""
    fusing.start(
        workspace,
        generative.methods()["mvae"].card.title,
        lambda frozen, progress, hear: journey.fuse(frozen, "mvae", progress=progress, hear=hear),
        ("fuse", "mvae", "first", workspace.seed),
        show=False,
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
