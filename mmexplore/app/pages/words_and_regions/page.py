"""Words and regions: which words and which regions make a picture and a text alike, and whether to believe it."""

from __future__ import annotations

import streamlit as st

from mmexplore.app.kit.widgets import say_error
from mmexplore.app.pages.words_and_regions import explaining, pairing
from mmexplore.errors import UserError


def page() -> None:
    """A picture and a text, and what makes them alike."""
    try:
        shown = pairing.choose()
        if shown is None:
            st.info("Give a picture and a text that describes it, or partly does: what does not fit shows in blue.")
            st.stop()
        found, baseline = explaining.controls(shown)
    except UserError as error:
        say_error(error)
        st.stop()

    explaining.beginning(shown, found)
    explaining.regions(shown, found, baseline)
    check = st.container()
    explaining.words(shown, found, baseline)
    with check:  # it takes longest: all else is there meanwhile
        explaining.regions_checked(shown, found, baseline)
