"""Retrieval: what one modality finds in another."""

from __future__ import annotations

from functools import partial

import streamlit as st

from mmexplore import journey
from mmexplore.ui import asking, gap_control, parts, rescoring, searching, session
from mmexplore.ui.comparable import comparable
from mmexplore.ui.widgets import plain, section


def page() -> None:
    """The search, and one view of how good it is."""
    workspace = session.workspace()
    shared, where = comparable(workspace)
    st.caption(plain(f"{', '.join(shared.modalities)}: compared {where}."))

    asking.ask(workspace, shared)

    section("How good the search is")
    directions = journey.directions(workspace, shared)
    if not directions:
        st.text("No two modalities share a row, so there is nothing to measure.")
        st.stop()
    shown = {
        "How often it is found": partial(searching.how_often, workspace, shared),
        "Hubs and rescoring": partial(rescoring.rescoring, workspace, shared, directions),
        "What a similarity means": partial(gap_control.similarities, workspace, shared, directions),
        "Worst failures": partial(searching.failures, workspace, shared),
    }
    shown[parts.choose(shown, "retrieval.part")]()
