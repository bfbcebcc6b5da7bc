"""The race drawn: a competitor a line, its score with interval, and what is left of it with cells missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from mmexplore.figures.escape import hover, label
from mmexplore.figures.intervals import interval_bars
from mmexplore.figures.theme import BASE, LINE, OTHER, base_figure, empty_figure

METHOD, BASELINE = BASE[0], OTHER


def race_figure(
    results: Sequence[Mapping[str, Any]],
    metric: str,
    chance: float | None = None,
    reference: str | None = None,
    value: str = "score",
    missing: float | None = None,
) -> go.Figure:
    """Dots with intervals, best on top: methods in blue, baselines in grey, a hollow diamond with cells missing.

    Args:
        results: a mapping each with name, title, baseline, and `value`, f"{value}_interval"; optional
            "score_with_missing" and its interval.
        metric: how the axis is called.  chance: a dotted line.  reference: name whose score is a dashed line.
        value: which number is drawn ("score", "recall@10" ...).
        missing: share of the cells that were missing, for the legend; None leaves the diamonds out.
    """
    drawn = sorted((r for r in results if r.get(value) is not None), key=lambda r: -r[value])
    if not drawn:
        return empty_figure("Nothing could be compared.")
    figure = base_figure(label(metric, 60), "", height=110 + 30 * len(drawn))
    place = {r["name"]: j for j, r in enumerate(drawn)}
    holes = [r for r in drawn if missing is not None and r.get("score_with_missing") is not None]
    if holes:
        _dots(
            figure, holes, place, "score_with_missing", f"with {missing:.0%} of the cells missing", BASE[1], "diamond"
        )
    for name, baseline, colour in (("method", False, METHOD), ("baseline", True, BASELINE)):
        rows = [r for r in drawn if r["baseline"] is baseline]
        if rows:
            _dots(figure, rows, place, value, name, colour, "circle")
    if chance is not None:
        dotted = {"dash": "dot", "color": BASE[5], "width": 1.5}
        figure.add_vline(x=chance, line=dotted)
        figure.add_scatter(x=[None], y=[None], mode="lines", name="chance", line=dotted)
    bar = next((r for r in drawn if r["name"] == reference), None)
    if bar is not None:
        figure.add_vline(x=bar[value], line_dash="dash", line_color=LINE, line_width=1)
    figure.update_yaxes(
        tickvals=list(range(len(drawn))),
        ticktext=[label(r["title"], 44) for r in drawn],
        range=[len(drawn) - 0.5, -0.5],
        zeroline=False,
    )
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0})
    return figure


def _dots(
    figure: go.Figure,
    rows: Sequence[Mapping[str, Any]],
    place: Mapping[str, int],
    value: str,
    name: str,
    colour: str,
    symbol: str,
) -> None:
    x = np.array([r[value] for r in rows], float)
    low, high = np.array([r.get(f"{value}_interval") or (r[value], r[value]) for r in rows], float).T
    hollow = symbol == "diamond"
    figure.add_scatter(
        x=x,
        y=[place[r["name"]] for r in rows],
        mode="markers",
        name=name,
        marker={
            "symbol": f"{symbol}-open" if hollow else symbol,
            "size": 9 if hollow else 10,
            "color": colour,
            "line": {"width": 1.5, "color": colour},
        },
        error_x=interval_bars(x, low, high, colour, 1 if hollow else 1.6, 0),
        customdata=[[hover(r["title"]), lo, hi] for r, lo, hi in zip(rows, low, high, strict=True)],
        hovertemplate="%{customdata[0]}: %{x:.3f} (%{customdata[1]:.3f} to %{customdata[2]:.3f})",
    )
