"""The points of one space as plotly traces: colours, selection, hover."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from mmexplore.figures.classes import NONE
from mmexplore.figures.escape import hover, label
from mmexplore.figures.theme import (
    BASE,
    OTHER,
    RAMP,
    CategoryScale,
    HouseFigure,
    base_figure,
    categories,
    is_continuous,
)
from mmexplore.latent.projection import TITLES, Projection

MAX_LEGEND = 30  # classes with a legend entry of their own; the others keep their colours but share one entry
FADED = 0.18  # opacity of what is not selected
RING = "rgba(128,134,145,1)"


@dataclass(frozen=True)
class Look:
    """How the points of one space are drawn.

    `colour` [N], `titles` [N] and `captions` [N] are of the whole data set, `selected` are its rows; `plain` is the
    colour where there is no column, and `name` the legend entry then.
    """

    colour: np.ndarray | None
    colour_name: str
    titles: Sequence[str] | None
    captions: Sequence[str] | None
    selected: np.ndarray
    symbol: str = "circle"
    plain: str = BASE[0]
    name: str = ""

    @property
    def ramp(self) -> bool:
        """Is the colour column a quantity?"""
        return self.colour is not None and is_continuous(self.colour)


def frame(projection: Projection, height: int) -> HouseFigure:
    """An empty map: axes named after what they are; only PCA's have a meaning of their own."""
    kind = TITLES[projection.method]
    shares = projection.explained
    names = [
        f"{kind} {j + 1}" if shares is None else f"{kind} {j + 1} ({100 * shares[j]:.0f} %"
        for j in range(projection.dims)
    ]
    flat = projection.dims == 2
    names = [f"{n}{' of the variance)' if flat else ')'}" if shares is not None else n for n in names]
    figure = base_figure(names[0], names[1], height)
    figure.update_xaxes(showticklabels=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, zeroline=False, scaleanchor="x")
    figure.update_layout(dragmode="pan" if flat else "orbit")
    if not flat:
        axes: dict[str, Any] = {f"{a}axis": {"title": {"text": n}} for a, n in zip("xyz", names, strict=True)}
        camera = {"eye": {"x": 1.5, "y": 1.5, "z": 1.1}, "center": {"x": 0, "y": 0, "z": -0.1}}
        figure.update_layout(
            scene={**axes, "aspectmode": "data", "camera": camera}, margin={"l": 0, "r": 0, "t": 0, "b": 0}
        )
    return figure


def point_traces(projection: Projection, look: Look) -> list[Any]:
    """The traces of one space: one a class up to MAX_LEGEND, one for the other classes, one for the selected rows."""
    here = np.isin(projection.rows, look.selected)
    fade = FADED if here.any() else 1.0
    texts = _hover_texts(projection.rows, look)
    if look.colour is None:
        traces = [_trace(projection, np.arange(len(here)), look, look.plain, texts, fade, name=look.name)]
        if here.any():
            traces.append(_trace(projection, np.flatnonzero(here), look, look.plain, texts, bold=True))
        return traces
    draw = (
        _quantities(projection, look, here, texts, fade)
        if look.ramp
        else _classes(projection, look, categories(look.colour), here, texts, fade)
    )
    return list(draw)


def _quantities(
    projection: Projection, look: Look, here: np.ndarray, texts: list[str] | None, fade: float
) -> Iterable[Any]:
    """Colours on a ramp; rows without a number are grey."""
    values = np.asarray(look.colour, float)
    finite = values[np.isfinite(values)]
    scale = {"cmin": float(finite.min()), "cmax": float(finite.max()), "colorscale": RAMP}
    bar = {"title": {"text": label(look.colour_name), "side": "top"}, "thickness": 12, "outlinewidth": 0}
    values = values[projection.rows]
    known = np.isfinite(values)
    if not known.all():
        yield _trace(projection, np.flatnonzero(~known), look, OTHER, texts, fade, name=NONE)
    at = np.flatnonzero(known)
    yield _trace(projection, at, look, values[at], texts, fade, marker={**scale, "showscale": True, "colorbar": bar})
    at = np.flatnonzero(here & known)
    if len(at):
        yield _trace(projection, at, look, values[at], texts, bold=True, marker=scale)
    at = np.flatnonzero(here & ~known)
    if len(at):
        yield _trace(projection, at, look, OTHER, texts, bold=True)


def _classes(
    projection: Projection, look: Look, scale: CategoryScale, here: np.ndarray, texts: list[str] | None, fade: float
) -> Iterable[Any]:
    """One trace a class; the classes past MAX_LEGEND keep their colours and share a trace."""
    codes = scale.codes[projection.rows]
    colours = np.array([*scale.colours, OTHER], dtype=object)
    single = len(scale.names) if len(scale.names) + (scale.other > 0) <= MAX_LEGEND else MAX_LEGEND - 1
    for code in range(single):
        name = label(scale.names[code], 24)
        yield _trace(projection, np.flatnonzero(codes == code), look, scale.colours[code], texts, fade, name=name)
    if len(scale.names) > single or scale.other:
        rest, n = np.flatnonzero(codes >= single), len(scale.names) - single + scale.other
        yield _trace(projection, rest, look, colours[codes[rest]], texts, fade, name=f"{n:,} more classes")
    if here.any():
        at = np.flatnonzero(here)
        yield _trace(projection, at, look, colours[codes[at]], texts, bold=True)


def _trace(
    projection: Projection,
    at: np.ndarray,
    look: Look,
    colour: Any,
    texts: list[str] | None,
    opacity: float = 1.0,
    name: str = "",
    bold: bool = False,
    marker: dict[str, Any] | None = None,
) -> Any:
    """One trace of the points at these positions; `bold` are the selected ones, drawn again on top."""
    points, n, flat = projection.points[at], len(projection.points), projection.dims == 2
    size = 9 if n <= 300 else 6 if n <= 3000 else 4 if n <= 15_000 else 3
    style = {
        "size": (size + 3 if bold else size) * (1.0 if flat else 0.6),
        "opacity": opacity * (1.0 if bold else 0.85 if n <= 3000 else 0.65),
        "color": colour,
        "symbol": look.symbol,
        "line": {"width": 1.5 if bold else 0, "color": RING},
        **(marker or {}),
    }
    shared = {
        "mode": "markers",
        "name": "selected" if bold else name,
        "legendgroup": None if bold else name,
        "showlegend": bool(name),
        "marker": style,
        "customdata": projection.rows[at],
        "hovertext": None if texts is None else [texts[i] for i in at],
        "hovertemplate": "%{hovertext}<extra></extra>" if texts is not None else "row %{customdata}<extra></extra>",
    }
    if flat:
        return go.Scattergl(x=points[:, 0], y=points[:, 1], **shared)
    return go.Scatter3d(x=points[:, 0], y=points[:, 1], z=points[:, 2], **shared)


def legend_keys(traces: Sequence[Any]) -> list[Any]:
    """Traces with no points that show the legend entries of faded traces in full colour (and toggle them)."""
    keys = []
    for trace in traces:
        if trace.showlegend and trace.marker.opacity is not None and trace.marker.opacity < 2 * FADED:
            colour = trace.marker.color if isinstance(trace.marker.color, str) else OTHER
            keys.append(key(trace.name, trace.marker.symbol, trace.type, colour, trace.legendgroup))
            trace.showlegend = False
    return keys


def key(name: str, symbol: str, kind: str, colour: str = OTHER, group: str | None = None) -> Any:
    """A legend entry without points; `name` is escaped already."""
    shared = {
        "mode": "markers",
        "name": name,
        "legendgroup": group,
        "showlegend": True,
        "hoverinfo": "skip",
        "marker": {"symbol": symbol, "color": colour, "size": 8 if kind == "scattergl" else 5},
    }
    if kind == "scattergl":
        return go.Scattergl(x=[None], y=[None], **shared)
    return go.Scatter3d(x=[None], y=[None], z=[None], **shared)


def _hover_texts(rows: np.ndarray, look: Look) -> list[str] | None:
    """What the hover box says for each drawn row: title, caption, the value of the colour column."""
    parts: list[list[str]] = []
    if look.titles is not None:
        parts.append([f"<b>{hover(look.titles[r], limit=120)}</b>" for r in rows])
    if look.captions is not None:
        parts.append([hover(look.captions[r]) for r in rows])
    if look.colour is not None:
        name = label(look.colour_name) or "value"
        values = look.colour[rows].tolist()
        shown = {v: f"{name}: {_value(v)}" for v in set(values)}
        parts.append([shown[v] for v in values])
    if not parts:
        return None
    return [
        "<br>".join(t for t in lines if t and t != "<b></b>") or f"row {r}"
        for r, lines in zip(rows, zip(*parts, strict=True), strict=True)
    ]


def _value(value: object) -> str:
    """A cell of the colour column as a hover text."""
    if value is None or value == "" or value != value:
        return NONE
    return f"{value:.4g}" if isinstance(value, float) else hover(value, limit=60)
