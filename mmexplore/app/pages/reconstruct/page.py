"""Reconstruct: what one modality knows of the others, new items, and the items a model finds odd."""

from __future__ import annotations

import streamlit as st

from mmexplore import journey
from mmexplore.app.kit.widgets import section
from mmexplore.app.pages.reconstruct import prior, reconstructing
from mmexplore.app.state import session
from mmexplore.models.generative import Generative


def page() -> None:
    """An item rebuilt; for a generative model new and odd items, too."""
    workspace = reconstructing.need_rebuilder(session.workspace())
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
        prior.samples(workspace, embeddings)
        section(
            "Odd items",
            f"The items that the model knows least ({fusion.elbo_name}), among those with the same modalities present: "
            "rare ones, wrongly paired ones, or outliers.",
        )
        prior.odd(workspace, fusion, embeddings)
