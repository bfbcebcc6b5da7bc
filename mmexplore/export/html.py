"""One self-contained HTML page and its parts; everything a person typed or uploaded is escaped here, once."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mmexplore import __version__
from mmexplore.figures.theme import CONFIG, on_paper

if TYPE_CHECKING:
    import plotly.graph_objects as go

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1b1f24; background: #fff; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem }
h1 { font-size: 1.7rem } h2 { font-size: 1.25rem; margin-top: 2.5rem; border-top: 1px solid #d8dde3; padding-top: 1rem }
table { border-collapse: collapse; margin: .75rem 0; display: block; overflow-x: auto }
th, td { padding: .25rem .9rem .25rem 0; text-align: left; border-bottom: 1px solid #e7eaee; white-space: nowrap }
td.number { text-align: right; font-variant-numeric: tabular-nums } p.note { color: #57606a; max-width: 46rem }
pre { background: #f4f6f8; padding: 1rem; overflow-x: auto; font-size: 13px }
.row { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem }
.row > div { min-width: 0 }
"""


def whole_page(title: str, sections: Sequence[str]) -> str:
    """The document; it fetches nothing. `sections` are made by the functions below."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)} - mmexplore</title><style>{STYLE}</style>{_plotly()}</head>"
        f"<body><h1>{html.escape(title)}</h1><p class=note>Made by mmexplore {__version__}.</p>{''.join(sections)}"
        "</body></html>"
    )


def section(title: str, *parts: str) -> str:
    return f"<section><h2>{html.escape(title)}</h2>{''.join(parts)}</section>"


def note(text: str) -> str:
    return f"<p class=note>{html.escape(text)}</p>"


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], digits: int = 1) -> str:
    """Floats are shown with so many digits after the point."""
    head = "".join(f"<th>{html.escape(c)}</th>" for c in columns)
    body = "".join("<tr>" + "".join(_td(v, digits) for v in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _td(value: Any, digits: int) -> str:
    if isinstance(value, (int, float, np.number)):
        shown = f"{value:.{digits}f}" if isinstance(value, (float, np.floating)) else str(value)
        return f"<td class=number>{shown}</td>"
    return f"<td>{html.escape(str(value))}</td>"


def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return f"<script>{get_plotlyjs()}</script>"


def row(*parts: str) -> str:
    """Parts beside each other, as many as the window holds."""
    return f"<div class=row>{''.join(f'<div>{p}</div>' for p in parts)}</div>"


def picture(pixels: np.ndarray, width: int = 240) -> str:
    """uint8 [h, w, 3] as an image inside the page."""
    import base64
    import io

    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return f'<img alt="" width={width} src="data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}">'


def figure(drawn: go.Figure | None) -> str:
    """A figure on white; nothing for None."""
    if drawn is None:
        return ""
    return on_paper(drawn).to_html(full_html=False, include_plotlyjs=False, config=CONFIG)
