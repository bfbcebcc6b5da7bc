"""Missing modalities: what is lost when they go, what fills them in, and one item by hand."""

from __future__ import annotations

import streamlit as st

from mmexplore.app.kit import parts
from mmexplore.app.pages.missing_modalities import by_hand, filling_in, missing_lab
from mmexplore.app.shell.needs import need
from mmexplore.app.state import session


def page() -> None:
    """One of three experiments with what is absent."""
    workspace = session.workspace()
    MEASURE, FILL, HAND = "Drop and measure", "Fill in", "One item by hand"
    part = parts.choose([MEASURE, FILL, HAND], "missing.part")

    if workspace.embeddings is None or len(workspace.embeddings.modalities) < 2:
        st.text("There is only one modality: nothing can be missed or filled in.")
    elif part == FILL:
        filling_in.panel(workspace)
    elif part == HAND:
        by_hand.panel(need("fusion"))
    else:
        missing_lab.panel(workspace)
