"""Data: what is loaded, bringing one's own pairs, the built-in examples, saving and reopening."""

import streamlit as st

from mmexplore.ui import bring, examples, loaded, saving, selection, session
from mmexplore.ui.frame import header

header(
    "Data", "Items seen through two or more modalities: a photo and its caption, a name in two languages, two sensors."
)
workspace = session.workspace()
empty = workspace.dataset is None and workspace.embeddings is None

shown, own, built_in, keep = st.tabs(["What is loaded", "Bring your own", "Examples", "Save and reopen"])
with shown:
    if empty:
        st.text("Nothing is loaded yet. Bring your own pairs, or open one of the examples.")
    else:
        selection.bar(workspace, "data")
        loaded.summary(workspace)
        loaded.left_out(workspace.dataset.rejected if workspace.dataset else (), "pairs")
        loaded.cards(workspace)
with own:
    bring.panel()
with built_in:
    examples.panel()
with keep:
    saving.panel(workspace)
