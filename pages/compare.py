"""Compare: several methods on the same rows, the same labels and the same holes."""

import streamlit as st

from mmexplore.ui import comparing, jobs_view, race
from mmexplore.ui.frame import header
from mmexplore.ui.needs import need

header(
    "Compare",
    "Several methods on the same items, the same labels and the same holes, beside each modality alone and plain "
    "fusions: who gains anything, and at what price?",
)
workspace = need("vectors")
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
        "Fusions and generative models are judged by the task on held-out items, alignments by how well one modality "
        "finds another. A method that this data does not allow is listed with its reason."
    )
    st.stop()
race.show(workspace, comparison, current)
