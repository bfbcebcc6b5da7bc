"""Below the list of pages: what is loaded, and how far the work has come."""

from __future__ import annotations

import streamlit as st

from mmexplore.app.kit.widgets import one_line
from mmexplore.app.state import session
from mmexplore.workspace.state import Workspace

#: three overlapping discs: two modalities and what they share. Inline, so that the browser asks nobody for it.
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="11" cy="16" r="9" fill="#2f5bd7"/>'
    '<circle cx="21" cy="16" r="9" fill="#e08a1e" fill-opacity=".85"/>'
    '<path d="M16 8.5a9 9 0 0 1 0 15a9 9 0 0 1 0-15z" fill="#fff" fill-opacity=".9"/></svg>'
)


def steps(workspace: Workspace) -> list[tuple[str, str]]:
    """(step, what was done there or "not yet") for the main job, in order."""
    loaded = "nothing yet"
    if workspace.dataset is not None:
        loaded = f"{workspace.dataset.name}, {len(workspace.dataset):,} rows"
    elif workspace.embeddings is not None:
        loaded = f"vectors of {len(workspace.embeddings):,} rows"
    encoded = "not yet"
    if workspace.embeddings is not None:
        encoded = ", ".join(f"{m} {d}-d" for m, d in workspace.embeddings.dims.items())
    aligned = "none" if workspace.alignment is None else workspace.alignment.card.title
    fused = "not yet" if workspace.fitted is None else workspace.title
    return [("Data", loaded), ("Encoded", encoded), ("Alignment", aligned), ("Fusion", fused)]


def show() -> None:
    """Draw it. Everything here may hold the person's own words: only `st.text`."""
    workspace = session.workspace()
    with st.sidebar, st.container(key="sidebar-state", gap="small"):
        for step, done in steps(workspace):
            st.caption(step)
            st.text(one_line(done, 80))
