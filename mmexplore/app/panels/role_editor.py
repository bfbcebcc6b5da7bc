"""What each column of a person's table is read as: the guess, to be corrected."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from mmexplore.app.kit.widgets import plain
from mmexplore.data.reading.roles import ColumnGuess, roles

ROLE_HELP = (
    "image, text, vector ...: a modality. label: the class to learn. group: rows that are right answers for "
    "one another. "
    "split: train / val / test. column: kept to colour by. ignore: left out."
)
TABLE_HELP = (
    "Numbers and categories that describe an item (age, ward) can be a modality of their own. Leave out what tells the "
    "answer: a fusion that is told the answer has nothing left to learn. Each role can be changed above."
)
STATE = "roles"  # what was looked at, how often the editor was made anew, and the table it starts from


def edit(look: str, guesses: Sequence[ColumnGuess]) -> dict[str, str]:
    """Draws the editor; column -> role as it stands now.

    Args:
        look: names what was looked at; another one starts from its own guesses.
    """
    st.caption("This is how the columns will be read. Change a role where it is wrong.")
    seen, version, table = st.session_state.get(STATE, ("", 0, None))
    if seen != look:
        version, table = 0, _table(guesses)
    edited = st.data_editor(
        table,
        key=f"roles-{look}-{version}",
        hide_index=True,
        width="stretch",
        disabled=["column", "example", "why"],
        column_config={
            "column": st.column_config.TextColumn("Column"),
            "role": st.column_config.SelectboxColumn("Read as", options=list(roles()), required=True, help=ROLE_HELP),
            "example": st.column_config.TextColumn("Example"),
            "why": st.column_config.TextColumn("Why", width="large"),
        },
    )
    fits = edited["column"].isin([g.name for g in guesses if g.fits_table]) & (edited["role"] == "column")
    if fits.any():
        names = ", ".join(edited["column"][fits])
        st.button(
            plain(f"Read as a table: {names}", 80),
            key="read-as-table",
            on_click=_into_the_table,
            args=(look, version, edited, fits),
            help=TABLE_HELP,
        )
    return dict(zip(edited["column"], edited["role"], strict=True))


def _table(guesses: Sequence[ColumnGuess]) -> pd.DataFrame:
    return pd.DataFrame([{"column": g.name, "role": g.role, "example": str(g.example), "why": g.why} for g in guesses])


def _into_the_table(look: str, version: int, edited: pd.DataFrame, fits: pd.Series) -> None:
    """These columns are tabular too, beside what the person has changed already; an editor starts from there."""
    edited = edited.assign(role=edited["role"].mask(fits, "tabular"), why=edited["why"].mask(fits, "you said so"))
    st.session_state[STATE] = (look, version + 1, edited)
