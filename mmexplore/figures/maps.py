"""Maps of points: one space, several linked ones, and the joint map with pair lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mmexplore import runtime
from mmexplore.figures.escape import hover, label
from mmexplore.figures.theme import (
    BASE,
    FUSED,
    NONE,
    OTHER,
    RAMP,
    CategoryScale,
    base_figure,
    categories,
    is_continuous,
    modality_colours,
)
from mmexplore.latent.projection import TITLES, Projection

MAX_LINES = 2000
MAX_LEGEND = 30  # classes with a legend entry of their own; the others keep their colours but share one entry
SYMBOLS = ("circle", "diamond", "square", "cross", "x", "circle-open", "diamond-open", "square-open")  # 2-D and 3-D
FADED = 0.18


@dataclass(frozen=True)
class _Look:
    """How the points of one space are drawn."""

    colour: np.ndarray | None  # [N] of the whole data set
    colour_name: str
    titles: Sequence[str] | None
    captions: Sequence[str] | None
    selected: np.ndarray
    symbol: str = "circle"
    plain: str = BASE[0]  # colour where there is no column
    name: str = ""  # legend group prefix and legend entry where there is no column


def scatter_map(
    projection: Projection,
    colour: Sequence[object] | np.ndarray | None = None,
    colour_name: str = "",
    titles: Sequence[str] | None = None,
    captions: Sequence[str] | None = None,
    selected: Sequence[int] | np.ndarray | None = None,
    height: int = 460,
    legend: bool = True,
) -> go.Figure:
    """A 2-D (WebGL) or 3-D map; each point's customdata is its row index and nothing else.

    Args:
        projection: the points.
        colour: a column [N] of the whole data set (classes or numbers); one colour when None.
        titles, captions: [N], shown on hover (escaped here).
        selected: rows to stand out; the others fade.
        legend: show it (the three linked maps share one).

    Colours depend on `colour` as a whole, not on what is drawn: linked maps agree.
    """
    plain = FUSED if projection.name == "fused" else BASE[0]
    look = _Look(_column(colour), colour_name, titles, captions, _rows(selected), plain=plain, name=projection.name)
    return _map(projection, look, height, legend)


def _map(projection: Projection, look: _Look, height: int, legend: bool = True) -> go.Figure:
    """The map of one space in this look."""
    figure = _frame(projection, height)
    figure.add_traces(list(_points(projection, look)))
    shown = legend and look.colour is not None and not _ramp(look.colour)
    figure.update_layout(showlegend=shown, legend={"title": {"text": label(look.colour_name)}})
    return figure


def linked_maps(
    projections: Mapping[str, Projection],
    colour: Sequence[object] | np.ndarray | None = None,
    colour_name: str = "",
    titles: Sequence[str] | None = None,
    captions: Sequence[str] | None = None,
    selected: Sequence[int] | np.ndarray | None = None,
    height: int = 380,
) -> dict[str, go.Figure]:
    """One map a space in one style (name -> figure), the legend under each, so that the maps have the same size."""
    figures, colours = {}, modality_colours([name for name in projections if name != "fused"])
    for name, projection in projections.items():
        look = _Look(_column(colour), colour_name, titles, captions, _rows(selected), plain=colours[name], name=name)
        figure = _map(projection, look, height)
        figure.update_layout(
            legend={
                "orientation": "h",
                "x": 0,
                "y": -0.1,
                "yanchor": "top",
                "title": {"text": ""},
                "font": {"size": 11},
                "maxheight": 72,
            },
            margin={"b": 80} if figure.layout.showlegend else {},
        )
        figure.update_traces(
            marker_colorbar={
                "orientation": "h",
                "x": 0.5,
                "y": -0.1,
                "yanchor": "top",
                "thickness": 8,
                "title": {"text": label(colour_name, 20), "side": "right"},
            },
            selector={"marker.showscale": True},
        )
        figures[name] = figure
    return figures


def joint_map(
    projections: Mapping[str, Projection],
    pairs: bool = True,
    colour: Sequence[object] | np.ndarray | None = None,
    colour_name: str = "",
    titles: Sequence[str] | None = None,
    captions: Mapping[str, Sequence[str]] | None = None,
    selected: Sequence[int] | np.ndarray | None = None,
    height: int = 560,
    max_lines: int = MAX_LINES,
) -> go.Figure:
    """Several modalities of one space on one map: a colour and a symbol each (or `colour` by a column and only the
    symbol by modality), thin lines between the modalities of a row.

    At most `max_lines` rows get lines (the selected ones first); the legend says how many of how many.
    """
    names = list(projections)
    first = projections[names[0]]
    figure, chosen = _frame(first, height), _rows(selected)
    if pairs:
        figure.add_traces(_pair_lines(projections, chosen, max_lines))
    colours = modality_colours(names)
    for j, name in enumerate(names):
        look = _Look(
            _column(colour),
            colour_name,
            titles,
            (captions or {}).get(name),
            chosen,
            symbol=SYMBOLS[j % len(SYMBOLS)],
            plain=colours[name],
            name=name,
        )
        traces = list(_points(projections[name], look))
        if colour is None:
            traces[0].update(showlegend=True)
        elif j:
            for trace in traces:
                trace.update(showlegend=False)  # a class is listed once and toggles in every modality
        figure.add_traces(traces)
        if colour is not None:
            figure.add_trace(_symbol_key(name, look.symbol, first.dims))
    figure.update_layout(showlegend=True, legend={"title": {"text": label(colour_name)}})
    if colour is not None and _ramp(_column(colour)):
        figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    return figure


# -- parts -----------------------------------------------------------------------------------------------------------
def _column(colour: Sequence[object] | np.ndarray | None) -> np.ndarray | None:
    return None if colour is None else pd.Series(list(colour)).to_numpy()


def _ramp(column: np.ndarray | None) -> bool:
    return column is not None and is_continuous(column)


def _rows(selected: Sequence[int] | np.ndarray | None) -> np.ndarray:
    return np.unique(np.asarray([] if selected is None else selected, dtype=int))


def _frame(projection: Projection, height: int) -> go.Figure:
    """An empty map: axes named after what they are; only PCA's have a meaning of their own."""
    kind = TITLES[projection.method]
    names = [f"{kind} {j + 1}" for j in range(projection.dims)]
    if projection.explained is not None:
        names = [
            f"{n} ({100 * share:.0f} % of the variance)" for n, share in zip(names, projection.explained, strict=True)
        ]
    figure = base_figure(names[0], names[1], height)
    figure.update_xaxes(showticklabels=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, zeroline=False, scaleanchor="x")
    figure.update_layout(dragmode="pan" if projection.dims == 2 else "orbit")
    if projection.dims == 3:
        axes = {
            f"{a}axis": {"title": {"text": n.split(" of ")[0] + ")" if "(" in n else n}}
            for a, n in zip("xyz", names, strict=True)
        }
        figure.update_layout(scene={**axes, "aspectmode": "data"}, margin={"l": 0, "r": 0, "t": 0, "b": 0})
    return figure


def _points(projection: Projection, look: _Look) -> Iterable[Any]:
    """The traces of one space: one a class up to MAX_LEGEND, one for the other classes, one for the selected rows."""
    here = np.isin(projection.rows, look.selected)
    fade = FADED if here.any() else 1.0
    texts = _hover_texts(projection.rows, look)
    every = np.arange(len(projection.rows))
    if look.colour is None:
        yield _trace(projection, every, look, look.plain, texts, fade, name=look.name)
        if here.any():
            yield _trace(projection, every[here], look, look.plain, texts, name="selected", bold=True)
        return
    if _ramp(look.colour):
        values = look.colour.astype(float)
        scale = {"cmin": float(np.nanmin(values)), "cmax": float(np.nanmax(values)), "colorscale": RAMP}
        bar = {"title": {"text": label(look.colour_name), "side": "top"}, "thickness": 12, "outlinewidth": 0}
        known = np.isfinite(values[projection.rows])
        if not known.all():
            yield _trace(projection, every[~known], look, OTHER, texts, fade, name=NONE)
        marker = {**scale, "showscale": True, "colorbar": bar}
        yield _trace(projection, every[known], look, values[projection.rows[known]], texts, fade, marker=marker)
        if (here & known).any():
            at = every[here & known]
            yield _trace(
                projection, at, look, values[projection.rows[at]], texts, name="selected", bold=True, marker=scale
            )
        return
    yield from _classes(projection, look, categories(look.colour), here, texts, fade)


def _classes(
    projection: Projection, look: _Look, scale: CategoryScale, here: np.ndarray, texts: list[str] | None, fade: float
) -> Iterable[Any]:
    """One trace a class; the classes past MAX_LEGEND keep their colours and share a trace."""
    codes = scale.codes[projection.rows]
    colours = np.array([*scale.colours, OTHER], dtype=object)
    single = len(scale.names) if len(scale.names) + (scale.other > 0) <= MAX_LEGEND else MAX_LEGEND - 1
    for code in range(single):
        name = label(scale.names[code], 24)
        yield _trace(projection, np.flatnonzero(codes == code), look, scale.colours[code], texts, fade, name=name)
    rest = np.flatnonzero(codes >= single)
    if len(scale.names) > single or scale.other:
        n = len(scale.names) - single + scale.other
        name = f"{n:,} more classes"
        yield _trace(projection, rest, look, colours[codes[rest]], texts, fade, name=name)
    if here.any():
        at = np.flatnonzero(here)
        yield _trace(projection, at, look, colours[codes[at]], texts, name="selected", bold=True)


def _trace(
    projection: Projection,
    at: np.ndarray,
    look: _Look,
    colour: Any,
    texts: list[str] | None,
    opacity: float = 1.0,
    name: str = "",
    bold: bool = False,
    marker: dict[str, Any] | None = None,
) -> Any:
    """One trace of the points at these positions."""
    points, n = projection.points[at], len(projection.points)
    size = 9 if n <= 300 else 6 if n <= 3000 else 4 if n <= 15_000 else 3
    flat = projection.dims == 2
    style = {
        "size": (size + 3 if bold else size) * (1.0 if flat else 0.6),
        "opacity": opacity * (1.0 if bold else 0.85 if n <= 3000 else 0.65),
        "color": colour,
        "symbol": look.symbol,
        "line": {"width": 1.5 if bold else 0, "color": "rgba(128,134,145,1)"},
        **(marker or {}),
    }
    shared = {
        "mode": "markers",
        "name": name,
        "legendgroup": name,
        "showlegend": bool(name) and not bold and look.colour is not None,
        "marker": style,
        "customdata": projection.rows[at],
        "hovertext": None if texts is None else [texts[i] for i in at],
        "hovertemplate": "%{hovertext}<extra></extra>" if texts is not None else "row %{customdata}<extra></extra>",
    }
    if flat:
        return go.Scattergl(x=points[:, 0], y=points[:, 1], **shared)
    return go.Scatter3d(x=points[:, 0], y=points[:, 1], z=points[:, 2], **shared)


def _hover_texts(rows: np.ndarray, look: _Look) -> list[str] | None:
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


def _symbol_key(name: str, symbol: str, dims: int) -> Any:
    """A legend entry that says which symbol a modality has."""
    kind = go.Scattergl if dims == 2 else go.Scatter3d
    place = {"x": [None], "y": [None]} | ({} if dims == 2 else {"z": [None]})
    return kind(
        **place,
        mode="markers",
        name=label(name),
        hoverinfo="skip",
        marker={"symbol": symbol, "color": OTHER, "size": 8 if dims == 2 else 5},
    )


def _pair_lines(projections: Mapping[str, Projection], selected: np.ndarray, max_lines: int) -> Any:
    """One trace of thin lines through the points of each row that has two modalities or more."""
    maps = list(projections.values())
    rows, counts = np.unique(np.concatenate([p.rows for p in maps]), return_counts=True)
    rows = rows[counts >= 2]
    total, first = len(rows), np.isin(rows, selected)
    if total > max_lines:  # the selected ones, then a seeded draw of the others
        order = np.concatenate([np.flatnonzero(first), runtime.rng(0).permutation(np.flatnonzero(~first))])
        rows = np.sort(rows[order[:max_lines]])
    strips = []
    for p in maps:
        at = np.searchsorted(p.rows, rows)
        there = (
            (at < len(p.rows)) & (p.rows[np.minimum(at, len(p.rows) - 1)] == rows)
            if len(p.rows)
            else np.zeros(len(rows), bool)
        )
        strip = np.full((len(rows), maps[0].dims), np.nan, np.float32)
        strip[there] = p.points[at[there]]
        strips.append(strip)
    path = np.stack([*strips, np.full_like(strips[0], np.nan)], axis=1)  # [rows, M + 1, dims]; NaN ends a line
    if len(maps) > 2:  # a gap in the middle of a row must not cut its line: move absent points to the end
        order = np.argsort(np.isnan(path[:, :, 0]), axis=1, kind="stable")
        path = np.take_along_axis(path, order[:, :, None], axis=1)
    path = path.reshape(-1, maps[0].dims)
    name = f"pairs ({len(rows):,})" if len(rows) == total else f"pairs ({len(rows):,} of {total:,} drawn)"
    shared = {
        "mode": "lines",
        "name": name,
        "hoverinfo": "skip",
        "connectgaps": False,
        "line": {"color": "rgba(128,134,145,0.35)", "width": 1},
    }
    if maps[0].dims == 2:
        return go.Scattergl(x=path[:, 0], y=path[:, 1], **shared)
    return go.Scatter3d(x=path[:, 0], y=path[:, 1], z=path[:, 2], **shared)
