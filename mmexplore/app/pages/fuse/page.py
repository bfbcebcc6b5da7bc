"""Fuse: bring the modalities into one space where that is wanted, and make one vector of many."""

from __future__ import annotations

import streamlit as st

from mmexplore.app import snippets
from mmexplore.app.kit.download import chart, view_bar
from mmexplore.app.kit.widgets import plain, section
from mmexplore.app.panels import aligning, fusing
from mmexplore.app.state import session
from mmexplore.figures.training import learning_curves
from mmexplore.models import methods


def page() -> None:
    """An alignment where one is wanted, a fusion, and how well it does."""
    workspace = session.workspace()
    with st.expander("Alignment (optional): one space for all modalities", expanded=workspace.alignment is not None):
        st.caption(
            "Fusion does not need it. Comparing a picture with a text does, unless their encoders share a space "
            "already."
        )
        aligning.panel(workspace, methods.alignment_methods())
        aligning.results(workspace)

    section("Fusion")
    fusing.fusion_panel(workspace, methods.fusion_methods())

    fitted = workspace.fitted
    if fitted is not None and workspace.embeddings is not None:
        section(
            "How well it does",
            "Beside each modality alone: a fusion that does not beat its best modality has fused nothing.",
        )
        table = fusing.score_table(fitted)
        fusing.show_scores(workspace, fitted, table)
        view_bar("scores", table=lambda: table, python=snippets.scores(workspace))
        if len(fitted.fusion.history_):
            section("Learning curves")
            figure = learning_curves(fitted.fusion.history_, workspace.embeddings.modalities)
            chart(figure, "learning-curves")
            view_bar("learning-curves", figure=figure, table=lambda: fitted.fusion.history_)
        else:
            st.caption(plain("This method has a closed form: there is nothing to watch while it learns."))
        if len(workspace.fusions) > 1:
            section("Fitted so far", "Same rows, same split, so that they compare.")
            st.dataframe(
                fusing.fitted_table(workspace), hide_index=True, key="fitted", column_config=fusing.THREE_DIGITS
            )
            fusing.show_other(workspace, removable=True)
