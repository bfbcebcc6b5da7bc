"""Data: what is loaded, bringing one's own pairs, the built-in examples, saving and reopening."""

from __future__ import annotations

import streamlit as st

from mmexplore.app.kit import parts
from mmexplore.app.pages.data import examples, saving
from mmexplore.app.panels import bring, loaded, presence
from mmexplore.app.state import session


def page() -> None:
    """One of its parts, or an invitation where nothing is loaded."""
    workspace = session.workspace()
    empty = workspace.dataset is None and workspace.embeddings is None
    LOADED, OWN, EXAMPLES, SAVE = "What is loaded", "Bring your own", "Examples", "Save and reopen"
    part = parts.choose([LOADED, OWN, EXAMPLES, SAVE], "data.part", OWN if empty else LOADED)

    if part == OWN:
        bring.panel()
    elif part == EXAMPLES:
        examples.panel()
    elif part == SAVE:
        saving.panel(workspace)
    elif empty:
        st.text("Nothing is loaded yet. Bring your own pairs, or open one of the examples.")
    else:
        loaded.summary(workspace)
        loaded.left_out(workspace.dataset.rejected if workspace.dataset else (), "pairs")
        loaded.cards(workspace)
        presence.view(workspace)
