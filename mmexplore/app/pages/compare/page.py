"""Compare: several methods on the same rows, the same labels and the same holes."""

from __future__ import annotations

import streamlit as st

from mmexplore.app.pages.compare import comparing, race
from mmexplore.app.shell import jobs_view
from mmexplore.app.state import session


def page() -> None:
    """The race to set up, as it runs, and its result."""
    workspace = session.workspace()
    setting = comparing.controls(workspace)
    fits = len(setting.entries) * setting.n_seeds
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        pressed = st.button(
            "Compare", type="primary", key="compare", disabled=jobs_view.busy("compare") or not setting.methods
        )
        st.text(f"{fits:,} fits" if setting.methods else "Choose at least one method.")
    if pressed:
        comparing.start(workspace, setting)
    if race.follow(workspace):
        st.stop()

    comparison, current = comparing.last(workspace)
    if comparison is None:
        st.caption(
            "Fusions and generative models are judged by the task on held-out items, alignments by how well one "
            "modality finds another. A method that this data does not allow is listed with its reason."
        )
        st.stop()
    race.show(workspace, comparison, current)
