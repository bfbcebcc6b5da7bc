"""Retrieval: what one modality finds in another."""

from __future__ import annotations

from functools import partial

import streamlit as st

from mmexplore import journey
from mmexplore.app.kit import parts
from mmexplore.app.kit.widgets import plain, section
from mmexplore.app.pages.retrieval import rescoring
from mmexplore.app.panels import asking, gap_control, searching
from mmexplore.app.panels.comparable import comparable
from mmexplore.app.state import session


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
