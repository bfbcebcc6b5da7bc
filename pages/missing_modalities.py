"""Missing modalities: what is lost when they go, what fills them in, and one item by hand."""

import streamlit as st

from mmexplore.ui import by_hand, filling_in, missing_lab, parts
from mmexplore.ui.frame import header
from mmexplore.ui.needs import need

header(
    "Missing modalities",
    "An item without its sound, a patient without the X-ray: what does a fusion still know? Take modalities away and "
    "measure it.",
)
workspace = need("vectors")

MEASURE, FILL, HAND = "Drop and measure", "Fill in", "One item by hand"
part = parts.choose([MEASURE, FILL, HAND], "missing.part")

if len(workspace.embeddings.modalities) < 2:
    st.text("There is only one modality: nothing can be missed or filled in.")
elif part == FILL:
    filling_in.panel(workspace)
elif part == HAND:
    by_hand.panel(need("fusion"))
else:
    missing_lab.panel(workspace)
