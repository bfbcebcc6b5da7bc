"""Encode: a pretrained encoder for each modality turns items into vectors."""

from __future__ import annotations

import streamlit as st

from mmexplore.app.kit import views
from mmexplore.app.kit.widgets import plain, section
from mmexplore.app.pages.encode import encoding
from mmexplore.app.panels import loaded
from mmexplore.app.shell import jobs_view
from mmexplore.app.state import session


def page() -> None:
    """Encoders to choose, and the vectors that there are."""
    workspace = session.workspace()
    if workspace.dataset is None:
        st.text("Vectors were loaded without the items behind them, so there is nothing to encode.")
    else:
        chosen = encoding.choose(workspace.dataset)
        label = "Encode again" if workspace.embeddings is not None else "Encode"
        blocked = not chosen or jobs_view.busy("encode")
        if st.button(label, type="primary", key="encode", disabled=blocked):
            encoding.start(workspace, chosen)
        if workspace.fusions:
            st.caption("Encoding again clears what was fitted on the present vectors.")

    if workspace.embeddings is not None:
        section("Vectors")
        st.dataframe(encoding.spaces_table(workspace), hide_index=True, key="spaces")
        shared, where = views.shared_space(workspace)
        if shared is not None:
            st.success(plain(f"{', '.join(shared.modalities)} can be compared {where}."))
            if outside := [m for m in workspace.embeddings.modalities if m not in shared.modalities]:
                st.caption(plain(f"Not yet: {', '.join(outside)}. An alignment on the Fuse page takes all in.", 400))
        else:
            st.info(plain(where))
        report = st.session_state.get("result.encode")
        if report is not None:
            st.caption(
                f"{report.items:,} items in {jobs_view.duration(report.seconds)}. What was encoded before is taken "
                f"from the store."
            )
            loaded.left_out(report.rejected, "encode", "Could not be encoded, and why")
