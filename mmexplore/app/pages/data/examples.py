"""The built-in examples, and planted data whose true weights are known."""

from __future__ import annotations

import streamlit as st

from mmexplore.app.kit.widgets import say_error
from mmexplore.app.pages.data import planting
from mmexplore.app.shell import jobs_view, opening
from mmexplore.app.state import session
from mmexplore.errors import UserError


def panel() -> None:
    """A card for each example, with Open."""
    from mmexplore.data.examples import EXAMPLES

    for name, example in EXAMPLES.items():
        with st.container(border=True, key=f"example-{name}"):
            left, right = st.columns([5, 1], vertical_alignment="center")
            with left:
                st.subheader(example.title, anchor=False)
                st.text(example.summary)
                st.caption(f"{example.source}. {example.licence}.")
            open_now = session.example() == name
            if right.button(
                "Open again" if open_now else "Open",
                key=f"open-{name}",
                width="stretch",
                disabled=jobs_view.busy("example"),
            ):
                try:
                    opening.open_example(name)
                    st.rerun()
                except UserError as error:
                    say_error(error)
            if name == "planted":
                with st.expander("Plant your own"):
                    planting.panel()
