"""Inside a table: what each of its columns contributes to the fused answer."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mmexplore import journey
from mmexplore.app.kit.download import chart, view_bar
from mmexplore.app.kit.widgets import one_line, plain, say_error, section
from mmexplore.app.snippets import weights as python_weights
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.attribution.columns import CHANGES, ColumnContributions
from mmexplore.data.identity import uid_of
from mmexplore.errors import UserError
from mmexplore.figures.contributions import column_bars
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
    fitted, embeddings = journey.fitted_input(workspace)
    try:
        with st.spinner("Measuring"):
            found = session.remember(
                ("columns", uid_of(fitted), session.fingerprint(embeddings), modality, change),
                lambda: journey.columns_of(workspace, modality, change),
            )
    except UserError as error:
        say_error(error)
        return
    figure = column_bars(found)
    chart(figure, "columns")
    st.caption(plain(f"{one_line(modality, 40)}: over {found.n:,} rows; the lines are 95 % intervals over rows.", 200))
    view_bar(
        "columns",
        figure=figure,
        table=lambda: columns_table(found),
        python=python_weights.columns(workspace, modality, change),
    )


def columns_table(found: ColumnContributions) -> pd.DataFrame:
    """One line a column: what is lost, its interval, share of answers that change."""
    table = pd.DataFrame({"column": found.columns, "lost": found.mean, "low": found.low, "high": found.high})
    if found.flips is not None:
        table["answers that change"] = found.flips
    return table
