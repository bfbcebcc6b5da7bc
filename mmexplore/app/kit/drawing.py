"""Pictures of the emoji that are still being drawn: what stands in for one, and when the page is drawn again."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from mmexplore.app.kit.widgets import plain
from mmexplore.data.examples import emoji_pictures

#: key of the session: the pictures that the page, as it was last drawn, shows a stand-in for
WAITED = "pictures.waited"
SAID = "pictures.said"


def stand_in(path: Path) -> str | None:
    """SVG with the emoji's own character while its picture is not there; None for any other file, and once it is."""
    character = None if path.exists() else emoji_pictures.character_of(path)
    if character is None:
        return None
    emoji_pictures.awaited(path)
    st.session_state.setdefault(WAITED, []).append(path)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 192 192" width="192" height="192">'
        '<rect width="192" height="192" fill="#8884" rx="8"/><text x="96" y="96" font-size="112" '
        f'text-anchor="middle" dominant-baseline="central">{escape(character)}</text></svg>'
    )


def begin() -> None:
    """Before a page is drawn: nothing is waited for."""
    st.session_state[WAITED], st.session_state[SAID] = [], False


def explain() -> None:
    """Below cards: why their pictures will not come, once a page; nothing while they may."""
    failure = emoji_pictures.failure()
    if failure is not None and st.session_state.get(WAITED) and not st.session_state.get(SAID):
        st.session_state[SAID] = True
        st.caption(plain(f"The emoji are shown as characters. {failure}", 300))


def follow() -> None:
    """After a page was drawn: have it drawn again once the pictures that it waits for are there."""
    if st.session_state.get(WAITED) and emoji_pictures.failure() is None:
        st.fragment(_look, run_every=1.0)()
    explain()


def _look() -> None:
    waited = st.session_state.get(WAITED, [])
    if waited and (emoji_pictures.failure() is not None or all(path.exists() for path in waited)):
        st.rerun(scope="app")
