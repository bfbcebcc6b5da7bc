"""Mispairs: rows whose halves do not seem to belong together, and items that are there twice."""

from __future__ import annotations

import streamlit as st

from mmexplore.app.kit.widgets import plain
from mmexplore.app.pages.mispairs import duplicates, mispairing
from mmexplore.app.panels.comparable import comparable
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE


def page() -> None:
    """Suspicious rows of two modalities, to be judged one by one, and near duplicates."""
    workspace = session.workspace()
    shared, where = comparable(workspace)
    st.caption(plain(f"Compared {where}. A weak comparison suspects many good rows."))
    pairs = [(a, b) for i, a in enumerate(shared.modalities) for b in shared.modalities[i + 1 :]]
    src, dst = st.selectbox(
        "Between", pairs, key=f"{CHOICE}mispairs", width=320, format_func=lambda d: f"{d[0]} and {d[1]}"
    )
    table = mispairing.suspects(workspace, shared, src, dst)
    if lacking := mispairing.unranked(shared, src, dst):
        st.caption(plain(lacking, 400))
    if table is not None and table.empty:
        st.text("So there is nothing to rank.")
    elif table is not None:
        mispairing.how_sure(workspace, src, dst)
        mispairing.review(workspace, table, src, dst)
        mispairing.clean_table(workspace)
    duplicates.near_duplicates(workspace, shared)
