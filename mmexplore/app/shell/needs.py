"""Empty states: what a page needs from the one before, and a way out (the built-in example)."""

from __future__ import annotations

import streamlit as st

from mmexplore.app import navigation
from mmexplore.app.kit.widgets import say_error
from mmexplore.app.shell import opening
from mmexplore.app.state import session
from mmexplore.errors import UserError
from mmexplore.workspace.state import Workspace

#: step -> (the page that does it, what is said where it was not done)
_STEPS = {
    "pairs": ("data", "There are no pairs yet. Bring your own on the Data page, or open the example."),
    "vectors": ("encode", "The pairs are not encoded yet. Choose encoders and press Encode."),
    "fusion": ("fuse", "Nothing is fused yet. Fit a fusion method to the vectors first."),
}


def missing_step(workspace: Workspace, step: str) -> str | None:
    """The first of pairs -> vectors -> fusion, up to `step`, that is not there; None when all are.

    Vectors can be loaded without pairs' media, so vectors count as pairs.
    """
    there = {
        "pairs": workspace.dataset is not None or workspace.embeddings is not None,
        "vectors": workspace.embeddings is not None,
        "fusion": workspace.fitted is not None,
    }
    for name, present in there.items():
        if not present:
            return name
        if name == step:
            return None
    return None


def need(step: str) -> Workspace:
    """The workspace, if it has everything up to `step`; else draws what is missing and ends the page."""
    workspace = session.workspace()
    missing = missing_step(workspace, step)
    if missing is None:
        return workspace
    page, sentence = _STEPS[missing]
    with st.container(border=True, key=f"need-{missing}"):
        st.text(sentence)
        with st.container(horizontal=True):
            if st.button(f"Go to {navigation.BY_NAME[page].title}", type="primary", key="need-go"):
                navigation.go(page)
            if st.button("Open the built-in example", key="need-example"):
                try:
                    opening.open_example(opening.FIRST_EXAMPLE)
                    st.rerun()
                except UserError as error:
                    say_error(error)
    return st.stop()
