"""Small things every page draws: text that cannot become markup, errors, numbers, cards of items."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from mmexplore.errors import UserError

FITS = 10  # characters of a value that a narrow box surely shows
PERCENT = "%.1f %%"  # Streamlit's own "percent" shows 81 %, 69.4 % and 83.63 % in one column
STYLE = Path(__file__).with_name("style.css")

# Everything that CommonMark, GFM, LaTeX or Streamlit's own directives give a meaning to.
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!~|<>$&^=])")
# U+2060 after a colon breaks `:red[...]`, `:material/...:`, `:smile:` and bare `https://` without being seen.
_WORD_JOINER = "\u2060"
# Embeddings, overrides and isolates: what they turn would go on behind the text.
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: object, limit: int = 200) -> str:
    """`text` as Markdown that shows exactly its characters on one line; longer than `limit` ends in an ellipsis.

    For labels, errors and options: the places where Streamlit reads Markdown. Elsewhere use `st.text`.
    """
    line = one_line(text, limit)
    return _MARKUP.sub(r"\\\1", line).replace(":", ":" + _WORD_JOINER)


def one_line(text: object, limit: int = 200) -> str:
    """`text` without line breaks, control or direction-changing characters, at most `limit` characters long."""
    line = " ".join(str(text).split())
    line = "".join(c for c in line if unicodedata.category(c) not in {"Cc", "Cs"} and c not in _DIRECTIONS)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def say_error(error: UserError | str, traceback: str | None = None) -> None:
    """One sentence in red; the traceback only when the person asks for it."""
    st.error(plain(error, 600))
    if traceback:
        with st.expander("Details for a bug report"):
            st.code(traceback, language=None)


def section(title: str, lead: str = "") -> None:
    """A part of a page: its title and, where needed, one plain sentence."""
    st.subheader(title, anchor=False)
    if lead:
        st.caption(lead)


def in_percent(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """A copy for the eye: shares (0 to 1) of these columns in per cent, to be shown with the format PERCENT."""
    return table.assign(**{c: table[c].astype(float) * 100 for c in columns})  # None, where unknown, stays empty


def numbers(values: Sequence[tuple[str, str, str]]) -> None:
    """A row of (label, value, help) that wraps on a narrow window. Labels and values may come from the person.

    A long value (the name of a class) gets a wide box: a box cuts what does not fit.
    """
    with st.container(horizontal=True, gap="small"):
        for label, value, about in values:
            width = 150 if len(value) <= FITS else 320
            st.metric(plain(label, 40), plain(value, 40), help=plain(about, 600) or None, border=True, width=width)
