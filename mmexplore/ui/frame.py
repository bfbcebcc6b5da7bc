"""What stands around every page: the list of pages, the running jobs, the page's title."""

from __future__ import annotations

import streamlit as st

from mmexplore.errors import UserError
from mmexplore.ui import drawing, jobs_view, opening, picking, session, sidebar
from mmexplore.ui.widgets import STYLE, say_error

#: section -> title -> file, as the sidebar lists them
SECTIONS = {
    "Explore": {
        "Data": "pages/data.py",
        "Encode": "pages/encode.py",
        "Fuse": "pages/fuse.py",
        "Weights": "pages/weights.py",
        "Words and regions": "pages/words_and_regions.py",
        "Latent space": "pages/latent_space.py",
        "Retrieval": "pages/retrieval.py",
        "Mispairs": "pages/mispairs.py",
    },
    "Experiment": {
        "Compare": "pages/compare.py",
        "Missing modalities": "pages/missing_modalities.py",
        "Reconstruct": "pages/reconstruct.py",
    },
}
FILES = {title: file for pages in SECTIONS.values() for title, file in pages.items()}


def run() -> None:
    """The whole app: everything around the page, then the page."""
    st.set_page_config(page_title="mmexplore", page_icon=sidebar.ICON, layout="wide")
    first = next(iter(FILES))
    page = st.navigation(
        {
            section: [st.Page(file, title=title, default=title == first) for title, file in pages.items()]
            for section, pages in SECTIONS.items()
        }
    )
    opening.first_run()
    session.start(page.title)
    if (wanted := st.session_state.pop("wanted", None)) in FILES:
        st.switch_page(FILES[wanted])
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


def header(title: str, lead: str, selection_bar: bool = True) -> None:
    """The page's title and one sentence on what it is for (both ours, Markdown allowed). First call of every page.

    Below them stands what is selected; a page that selects inside a fragment draws that bar in the fragment itself.

    Until `st.navigation` has been called once in a server, Streamlit takes the folder `pages/` for its older kind of
    pages: whoever comes first, by a page's own address, gets that page without app.py. They are led through app.py.
    """
    if "started" not in st.session_state:
        st.session_state["wanted"], st.session_state["asked"] = title, st.query_params.to_dict()
        st.switch_page("app.py")
    st.html(STYLE)
    st.title(title, anchor=False)
    st.caption(lead)
    if selection_bar:
        picking.bar(session.workspace())
