"""What stands around every page: the list of pages, the running jobs, the page's title."""

from __future__ import annotations

import streamlit as st

from mmexplore.app import navigation
from mmexplore.app.kit import drawing, picking
from mmexplore.app.kit.widgets import STYLE, say_error
from mmexplore.app.shell import jobs_view, needs, opening, sidebar
from mmexplore.app.state import session
from mmexplore.errors import UserError


def run() -> None:
    """The whole app: everything around the page, then the page."""
    st.set_page_config(page_title="mmexplore", page_icon=sidebar.ICON, layout="wide")
    page = st.navigation(navigation.streamlit_pages(draw))
    opening.first_run()
    session.start(navigation.named(page).name)
    if (wanted := st.session_state.pop("wanted", None)) in navigation.BY_NAME:
        navigation.go(wanted)
    jobs_view.collect()
    sidebar.show()
    again = session.forgotten()
    if not again:  # what is to be told is told once, in the run that stays
        jobs_view.show()
    drawing.begin()
    try:
        page.run()
        drawing.follow()
    except UserError as error:  # a quota, a demo: said on the page, whichever part of it asked
        say_error(error)
    finally:  # a page that lacks something stops
        if again:
            st.rerun()


def draw(name: str) -> None:
    """A page: its title, what it is for, what is selected, and then the page itself, or what it needs first.

    Until `st.navigation` has been called once in a server, Streamlit takes the folder `pages/` beside app.py for its
    older kind of pages: whoever comes first, by a page's own address, gets that page without app.py. They are led
    through app.py.
    """
    page = navigation.BY_NAME[name]
    if "started" not in st.session_state:
        st.session_state["wanted"], st.session_state["asked"] = name, st.query_params.to_dict()
        st.switch_page("app.py")
    st.html(STYLE)
    st.title(page.title, anchor=False)
    st.caption(page.lead)
    if page.selection_bar:
        picking.bar(session.workspace())
    if page.needs is not None:
        needs.need(page.needs)
    page.function()()
