"""What a person typed, made safe and short for a plotly text. Plotly reads its own small HTML, and LaTeX, in texts."""

from __future__ import annotations


def hover(text: object, width: int = 60, limit: int = 300) -> str:
    """A text for a hover box: escaped, control and direction characters removed, cut at `limit` characters, wrapped
    at `width` columns (joined by <br>). None gives ""."""


def label(text: object, limit: int = 30) -> str:
    """A text for a legend, an axis or a tick: one line, escaped and cleaned as in `hover`, cut at `limit`."""
