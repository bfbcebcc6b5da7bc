"""The space in which modalities can be compared; where there is none, a page offers to make one."""

from __future__ import annotations

import streamlit as st

from mmexplore.app import navigation
from mmexplore.app.kit import views
from mmexplore.app.kit.widgets import plain
from mmexplore.app.panels import aligning
from mmexplore.app.shell import jobs_view
from mmexplore.data.embeddings import Embeddings
from mmexplore.models import alignment
from mmexplore.workspace.state import Workspace

FIRST = "cca"  # a closed form: done in seconds, for two modalities and for more


def comparable(workspace: Workspace) -> tuple[Embeddings, str]:
    """The shared vectors, and how they came to be; where nothing is comparable, two ways out, and the page ends."""
    shared, where = views.shared_space(workspace)
    if shared is not None:
        return shared, where
    assert workspace.embeddings is not None  # pages ask for vectors first
    st.info(plain(where))
    with st.container(horizontal=True):
        if len(workspace.embeddings.modalities) > 1:
            title = alignment.methods()[FIRST].card.title
            about = (
                "Finds the directions in which the modalities vary together, on your own pairs. The Fuse page has more."
            )
            if st.button(
                f"Align by {title}", type="primary", key="align-now", help=about, disabled=jobs_view.busy("align")
            ):
                aligning.start(workspace, FIRST, {}, title)
        if st.button("Choose an alignment on the Fuse page", key="go-fuse"):
            navigation.go("fuse")
    return st.stop()
