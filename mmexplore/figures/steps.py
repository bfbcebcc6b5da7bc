"""A fused vector that comes about in steps: its map after each one, and what each one changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from mmexplore import runtime
from mmexplore.figures.escape import label
from mmexplore.figures.intervals import interval_bars
from mmexplore.figures.maps import scatter_map
from mmexplore.figures.theme import BASE, FUSED, OTHER, base_figure
from mmexplore.latent.projection import Projection

MAX_TAILS = 2000
LEAST_COSINE = 0.9  # the axis reaches from here to 1, further down where a step turns more: 0.995 must not look low
MARGIN = 0.06  # of the map's width, around the outermost point


def step_map(projections: Sequence[Projection], at: int, tails: bool = True, **look: Any) -> go.Figure:
    """The map after step `at`, framed so that every step has the same frame; thin tails from where each point was.

    Args:
        projections: a map a step, in one plane (`project_steps`).
        tails: from the step before; at most `MAX_TAILS`, a seeded draw.
        look: as of `scatter_map`.
    """
    figure = scatter_map(projections[at], **look)
    every = np.concatenate([p.points for p in projections])
    low, high = (every.min(0), every.max(0)) if len(every) else (np.zeros(2), np.ones(2))
    room = MARGIN * max(float((high - low).max()), 1e-6)
    ranges = [[float(a - room), float(b + room)] for a, b in zip(low, high, strict=True)]
    if projections[at].dims == 2:
        figure.update_xaxes(range=ranges[0])
        figure.update_yaxes(range=ranges[1])
    else:
        figure.update_scenes({f"{axis}axis_range": r for axis, r in zip("xyz", ranges, strict=True)})
    if tails and at > 0:
        figure.add_trace(_tails(projections[at - 1], projections[at]))
        figure.data = (figure.data[-1], *figure.data[:-1])  # below the points
    return figure


def _tails(before: Projection, after: Projection) -> Any:
    """One trace of thin lines from where each point was."""
    n = len(after.points)
    drawn = np.sort(runtime.rng(0).choice(n, min(n, MAX_TAILS), replace=False))
    ends = np.full((len(drawn), after.dims), np.nan)  # NaN ends a line
    path = np.stack([before.points[drawn], after.points[drawn], ends], axis=1).reshape(-1, after.dims)
    of = "" if len(drawn) == n else f" ({len(drawn):,} of {n:,} drawn)"
    shared: dict[str, Any] = {
        "mode": "lines",
        "name": f"from the step before{of}",
        "hoverinfo": "skip",
        "showlegend": False,
        "opacity": 0.35,
        "line": {"color": OTHER, "width": 1},
    }
    if after.dims == 2:
        return go.Scattergl(x=path[:, 0], y=path[:, 1], **shared)
    return go.Scatter3d(x=path[:, 0], y=path[:, 1], z=path[:, 2], **shared)


def step_changes(
    steps: Sequence[Mapping[str, Any]], at: int, metric: str | None = None, chance: float | None = None
) -> go.Figure:
    """Two small panels over the steps: mean cosine to the step before; the probe's score (where `metric` names one).

    Args:
        steps: mappings with step, cosine, cosine_interval, score, score_interval.
        at: the step that is looked at: its dot is filled.
    """
    figure = base_figure("step", "cosine to the step before", height=250)
    turned = [s for s in steps if s["cosine"] is not None]
    _panel(figure, turned, "cosine", at, FUSED, "")
    least = min([LEAST_COSINE, *(s["cosine_interval"][0] for s in turned)])
    figure.update_yaxes(range=[least - 0.1 * (1 - least), 1 + 0.1 * (1 - least)])
    axes = ["xaxis"]
    if metric is not None:
        figure.update_layout(
            xaxis={"domain": [0, 0.44]},
            xaxis2={"domain": [0.56, 1], "anchor": "y2", "title": {"text": "step"}},
            yaxis2={"anchor": "x2", "title": {"text": label(metric, 40)}},
        )
        _panel(figure, steps, "score", at, BASE[0], "2")
        axes.append("xaxis2")
        if chance is not None:
            figure.add_scatter(
                x=[-0.4, len(steps) - 0.6], y=[chance] * 2, mode="lines", name="chance", xaxis="x2", yaxis="y2",
                line={"dash": "dot", "color": BASE[5], "width": 1.5}, hovertemplate="chance %{y:.3f}",
            )  # fmt: skip
    whole = {"tickvals": [s["step"] for s in steps], "range": [-0.4, len(steps) - 0.6], "zeroline": False}
    figure.update_layout(dict.fromkeys(axes, whole))
    figure.update_layout(showlegend=False)
    return figure


def _panel(figure: go.Figure, steps: Sequence[Mapping[str, Any]], value: str, at: int, colour: str, axis: str) -> None:
    y = np.array([s[value] for s in steps], float)
    low, high = np.array([s[f"{value}_interval"] for s in steps], float).reshape(-1, 2).T
    figure.add_scatter(
        x=[s["step"] for s in steps],
        y=y,
        mode="lines+markers+text",
        text=[f"{v:.3f}" for v in y],
        textposition="bottom right",
        cliponaxis=False,
        line={"color": colour, "width": 1.5},
        marker={
            "size": 10,
            "symbol": ["circle" if s["step"] == at else "circle-open" for s in steps],
            "color": colour,
            "line": {"width": 1.5, "color": colour},
        },
        error_y=interval_bars(y, low, high, colour),
        customdata=np.stack([low, high], axis=1),
        hovertemplate="step %{x}: %{y:.3f} (%{customdata[0]:.3f} to %{customdata[1]:.3f})<extra></extra>",
        xaxis=f"x{axis}",
        yaxis=f"y{axis}",
    )
