"""Reconstruct: what one modality knows of the others, new items, and the items a model finds odd."""

import streamlit as st

from mmexplore import journey
from mmexplore.generative import Generative
from mmexplore.ui import prior, reconstructing
from mmexplore.ui.frame import header
from mmexplore.ui.needs import need
from mmexplore.ui.widgets import section

header(
    "Reconstruct",
    "Show the model some modalities of an item and let it rebuild the rest. A rebuilt vector is no picture and no "
    "text: it is shown as the real items that come nearest to it.",
)
workspace = reconstructing.need_rebuilder(need("fusion"))
fitted, embeddings = journey.fitted_input(workspace)
fusion = fitted.fusion
st.text(workspace.title)

reconstructing.item(workspace, fitted)
if isinstance(fusion, Generative):
    section(
        "New items",
        "Codes drawn from the prior and decoded: what the model takes for a typical item. Modalities of one draw "
        "should belong together.",
    )
    prior.samples(workspace, fusion, embeddings)
    section(
        "Odd items",
        f"The items that the model knows least ({fusion.elbo_name}), among those with the same modalities present: "
        "rare ones, wrongly paired ones, or outliers.",
    )
    prior.odd(workspace, fusion, embeddings)
