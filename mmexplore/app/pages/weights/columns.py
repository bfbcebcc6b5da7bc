"""Inside a table: what each of its columns contributes to the fused answer."""

from __future__ import annotations

import streamlit as st

from mmexplore import journey
from mmexplore.app.kit import show
from mmexplore.app.kit.widgets import one_line, plain, say_error, section
from mmexplore.app.state.session import CHOICE
from mmexplore.attribution.columns import CHANGES
from mmexplore.errors import UserError
from mmexplore.views.columns import Columns
from mmexplore.workspace.state import Workspace

WORDS = {"permuted": "Another item's", "empty": "Empty"}


@st.fragment
def columns(workspace: Workspace) -> None:
    """The part of the Weights page for tables (`journey.tables_of`: at least one)."""
    tables = journey.tables_of(workspace)
    section(
        "Columns of a table",
        "A table is one modality made of columns. Here one column at a time is changed, the row is encoded again, and "
        "what the fused answer loses is measured on rows that the fit has not seen. Grey: cannot be told from nothing.",
    )
    modality = tables[0]
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        if len(tables) > 1:
            modality = st.selectbox("Table", tables, key=f"{CHOICE}columns.table", width=240)
        change = st.segmented_control(
            "The column becomes",
            list(CHANGES),
            default="permuted",
            required=True,
            format_func=WORDS.__getitem__,
            key=f"{CHOICE}columns.change",
            help="; ".join(f"{WORDS[name]}: {about}" for name, about in CHANGES.items()) + ".",
        )
    view = Columns(workspace.current, modality, str(change))
    try:
        with st.spinner("Measuring"):
            found = show.found(view, workspace)
    except UserError as error:
        say_error(error)
        return
    over = f"{one_line(modality, 40)}: over {found.n:,} rows; the lines are 95 % intervals over rows."
    show.show(view, found, workspace, below=plain(over, 200))
