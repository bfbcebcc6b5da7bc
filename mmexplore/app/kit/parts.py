"""A page in parts: the row of names that says which one is shown; only that one is computed and drawn."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from mmexplore.app.state.session import CHOICE


def choose(names: Iterable[str], key: str, first: str | None = None) -> str:
    """The name of the part to show, which the person has pressed; `first` (the first name) until they have.

    The choice outlasts other pages, as every CHOICE does. A name that is no longer there (the data was changed, or the
    method) falls back to the first.

    Args:
        names: ours, Markdown allowed.  key: unique in the app: "page.part".
    """
    options = list(names)
    return st.segmented_control(
        "Part",
        options,
        default=options[0] if first is None else first,
        required=True,
        key=f"{CHOICE}{key}",
        label_visibility="collapsed",
        on_change=_drawn_anew,
    )


def _drawn_anew() -> None:
    """The charts of the part that comes are new: none holds the selection itself."""
    st.session_state["selection.from"] = None
