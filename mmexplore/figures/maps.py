"""Maps of points: one space, several linked ones, and the joint map with pair lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mmexplore import runtime
from mmexplore.figures.escape import label
from mmexplore.figures.points import Look, frame, key, legend_keys, point_traces
from mmexplore.figures.theme import BASE, FUSED, HouseFigure, modality_colours
from mmexplore.latent.projection import Projection

MAX_LINES = 2000
SYMBOLS = ("circle", "diamond", "square", "cross", "x", "circle-open", "diamond-open", "square-open")  # 2-D and 3-D


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
        legend: show it.

    Colours depend on `colour` as a whole, not on what is drawn: linked maps agree. The 30 most frequent classes have
    legend entries; the others keep their own colours and share one entry.
    """
    plain = FUSED if projection.name == "fused" else BASE[0]
    look = Look(
        _column(colour), colour_name, titles, captions, _rows(selected), plain=plain, name=label(projection.name)
    )
    return _map(projection, look, height, legend)


def _map(projection: Projection, look: Look, height: int, legend: bool = True) -> HouseFigure:
    """The map of one space in this look."""
    figure = frame(projection, height)
    traces = point_traces(projection, look)
    figure.add_traces(traces + legend_keys(traces))
    shown = legend and look.colour is not None and not look.ramp
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
) -> dict[str, HouseFigure]:
    """One map a space in one style (name -> figure), the legend under each, so that the maps have the same size."""
    figures, colours = {}, modality_colours([name for name in projections if name != "fused"])
    for name, projection in projections.items():
        look = Look(
            _column(colour), colour_name, titles, captions, _rows(selected), plain=colours[name], name=label(name)
        )
        figure = _map(projection, look, height)
        below: dict[str, Any] = {"orientation": "h", "yanchor": "top", "y": -0.1}
        figure.update_layout(legend={**below, "x": 0, "title": {"text": ""}, "font": {"size": 11}, "maxheight": 72})
        if figure.layout.showlegend:
            figure.update_layout(margin={"b": 80})
        bar = {**below, "x": 0.5, "thickness": 8, "title": {"text": label(colour_name, 20), "side": "right"}}
        figure.update_traces(marker_colorbar=bar, selector=lambda trace: bool(trace.marker.showscale))
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

    At most `max_lines` rows get lines, a seeded draw of them; with a selection only the selected ones do. The legend
    says how many of how many.
    """
    names, chosen, colours = list(projections), _rows(selected), modality_colours(list(projections))
    first = projections[names[0]]
    figure = frame(first, height)
    if pairs:
        figure.add_trace(_pair_lines(list(projections.values()), chosen, max_lines))
    keys: list[Any] = []
    for j, name in enumerate(names):
        symbol, caption = SYMBOLS[j % len(SYMBOLS)], (captions or {}).get(name)
        look = Look(_column(colour), colour_name, titles, caption, chosen, symbol, colours[name], label(name))
        traces = point_traces(projections[name], look)
        if colour is not None and j:
            for trace in traces:
                trace.showlegend = False  # a class is listed once and toggles in every modality
        keys += legend_keys(traces)
        if colour is not None:
            keys.append(key(label(name), symbol, traces[0].type))
        figure.add_traces(traces)
    figure.add_traces(keys)
    by = "" if colour is None else label(colour_name)
    figure.update_layout(showlegend=True, legend={"title": {"text": by}})
    if colour is not None and look.ramp:
        figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    return figure


def _column(colour: Sequence[object] | np.ndarray | None) -> np.ndarray | None:
    return None if colour is None else pd.Series(list(colour)).to_numpy()


def _rows(selected: Sequence[int] | np.ndarray | None) -> np.ndarray:
    return np.unique(np.asarray([] if selected is None else selected, dtype=int))


def _pair_lines(maps: list[Projection], selected: np.ndarray, max_lines: int) -> Any:
    """One trace of thin lines through the points of each row that has two modalities or more."""
    rows, counts = np.unique(np.concatenate([p.rows for p in maps]), return_counts=True)
    rows = rows[counts >= 2]
    of = "selected pairs" if np.isin(rows, selected).any() else "pairs"
    rows = rows[np.isin(rows, selected)] if of == "selected pairs" else rows
    total = len(rows)
    if total > max_lines:
        rows = np.sort(runtime.rng(0).choice(rows, max_lines, replace=False))
    strips = []
    for p in maps:
        place = pd.Index(p.rows).get_indexer(rows)  # -1 where this modality is absent
        strips.append(
            np.where(place[:, None] >= 0, p.points[np.maximum(place, 0)], np.nan)
            if len(p.rows)
            else np.full((len(rows), p.dims), np.nan)
        )
    path = np.stack(
        [*strips, np.full((len(rows), maps[0].dims), np.nan)], axis=1
    )  # [rows, M + 1, dims]; NaN ends a line
    # A gap in the middle of a row must not cut its line: absent points go to the end.
    order = np.argsort(np.isnan(path[:, :, 0]), axis=1, kind="stable")
    path = np.take_along_axis(path, order[:, :, None], axis=1).reshape(-1, maps[0].dims)
    opacity = 0.7 if len(rows) <= 50 else 0.3 if len(rows) <= 500 else 0.15
    shared = {
        "mode": "lines",
        "name": f"{of} ({len(rows):,})" if len(rows) == total else f"{of} ({len(rows):,} of {total:,} drawn)",
        "hoverinfo": "skip",
        "connectgaps": False,
        "opacity": opacity,
        "line": {"color": "rgb(128,134,145)", "width": 1},
    }
    if maps[0].dims == 2:
        return go.Scattergl(x=path[:, 0], y=path[:, 1], **shared)
    return go.Scatter3d(x=path[:, 0], y=path[:, 1], z=path[:, 2], **shared)
