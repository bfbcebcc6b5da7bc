"""What is lost when modalities go missing: curves of score against share, and one item's point that moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from mmexplore.figures.escape import label
from mmexplore.figures.theme import BASE, FUSED, LINE, OTHER, TEXT, base_figure, empty_figure, palette
from mmexplore.robustness.curves import Curve

DASHES = ("dash", "dot", "dashdot")
PANEL, GAP = 230, 70  # pixels of a panel's height, and between two


def score_curves(curves: Sequence[Curve], chance: float, metric: str, percent: bool = True) -> go.Figure:
    """Score against the share of items that lost a modality, a panel a modality: methods in colour with their 95 %
    band and the draws as small dots, references grey and dashed, chance as a thin line (where it is near).

    Args:
        metric: title of the score axis.  percent: is it a share (0..1), shown as per cent?
    """
    if not curves:
        return empty_figure("There is nothing to draw.")
    panels = list(dict.fromkeys(c.modality for c in curves))
    methods = list(dict.fromkeys(c.method for c in curves if not c.reference))
    others = list(dict.fromkeys(c.method for c in curves if c.reference))
    colours = dict(zip(methods, palette(len(methods)), strict=True))
    across = 1 if len(panels) == 1 else 2 if len(panels) in (2, 4) else 3
    down = -(-len(panels) // across)
    height = down * PANEL + (down - 1) * GAP + 90 + (90 if down == 1 else 0)
    figure = base_figure("", "", height=height)
    _panels(figure, panels, across, down, height, metric)
    number = ".1%" if percent else ".3f"
    low, high, near = _heights(curves, chance)
    figure.update_yaxes(range=[low, high], tickformat=".0%" if percent else "")
    for c in curves:
        j = panels.index(c.modality)
        axes = {"xaxis": f"x{j + 1 if j else ''}", "yaxis": f"y{j + 1 if j else ''}"}
        shared = {"legendgroup": label(c.method), "name": label(c.method, 48), **axes}
        hover = f"{label(c.method, 40)}: %{{y:{number}}} at %{{x:.0%}}<extra></extra>"
        if c.reference:
            line = {"color": OTHER, "width": 1.6, "dash": DASHES[others.index(c.method) % len(DASHES)]}
            figure.add_scatter(
                x=c.shares, y=c.score, mode="lines", line=line, hovertemplate=hover, showlegend=j == 0, **shared
            )
            continue
        colour = colours[c.method]
        figure.add_scatter(
            x=np.concatenate([c.shares, c.shares[::-1]]),
            y=np.concatenate([c.high, c.low[::-1]]),
            fill="toself",
            fillcolor=_clear(colour),
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
            showlegend=False,
            **shared,
        )
        if len(c.by_draw) > 1:
            figure.add_scatter(
                x=np.tile(c.shares, len(c.by_draw)),
                y=c.by_draw.ravel(),
                mode="markers",
                marker={"color": colour, "size": 4, "opacity": 0.45},
                hoverinfo="skip",
                showlegend=False,
                **shared,
            )
        figure.add_scatter(
            x=c.shares,
            y=c.score,
            mode="lines+markers",
            line={"color": colour, "width": 2.2},
            marker={"size": 6},
            hovertemplate=hover,
            showlegend=j == 0,
            **shared,
        )
    for j in range(len(panels)):
        figure.add_scatter(
            x=[0, 1], y=[chance, chance], mode="lines", line={"color": LINE, "width": 1}, hoverinfo="skip",
            name=f"chance {chance:{number}}" + ("" if near else " (below)"), legendgroup="chance", showlegend=j == 0,
            xaxis=f"x{j + 1 if j else ''}", yaxis=f"y{j + 1 if j else ''}",
        )  # fmt: skip
    return figure


def _heights(curves: Sequence[Curve], chance: float) -> tuple[float, float, bool]:
    """Ends of the score axis, and whether chance is on it: far below the curves it would press them flat."""
    low = min(float(c.score.min() if c.reference else min(c.low.min(), c.by_draw.min())) for c in curves)
    high = max(float(c.score.max() if c.reference else c.high.max()) for c in curves)
    near = chance >= low - 0.5 * (high - low)
    low = min(low, chance) if near else low
    room = 0.06 * max(high - low, 0.02)
    return low - room, high + room, near


def _panels(figure: go.Figure, names: list[str], across: int, down: int, height: int, metric: str) -> None:
    """The axes of each panel, its name above it; one score axis for all."""
    width, gap = (1 - 0.05 * (across - 1)) / across, GAP / height
    tall = (1 - gap * (down - 1)) / down
    for j, name in enumerate(names):
        row, column = divmod(j, across)
        n = j + 1 if j else ""
        left, top = column * (width + 0.05), 1 - row * (tall + gap)
        last = j + across >= len(names)
        figure.update_layout(
            {
                f"xaxis{n}": {
                    "domain": [left, left + width],
                    "anchor": f"y{n}",
                    "tickvals": [0, 0.5, 1],
                    "ticktext": ["0", "50", "100"],  # the sign is in the title: two panels' ends must not touch
                    "range": [-0.03, 1.03],
                    "title": {"text": "items that lost it, %" if last else ""},
                    "zeroline": False,
                },
                f"yaxis{n}": {
                    "domain": [max(0.0, top - tall), top],
                    "anchor": f"x{n}",
                    "matches": "y" if j else None,
                    "title": {"text": metric if column == 0 else ""},
                    "showticklabels": column == 0,
                    "zeroline": False,
                },
            }
        )
        figure.add_annotation(
            text=f"<b>{label(name, 30)}</b>", x=left, y=top, xref="paper", yref="paper", xanchor="left",
            yanchor="bottom", showarrow=False,
        )  # fmt: skip
    figure.update_layout(
        showlegend=True,
        margin={"t": 78},
        legend={"orientation": "h", "x": 0, "y": 1 + 44 / height, "yanchor": "bottom"},
    )


def _clear(colour: str) -> str:
    """A colour as a band behind its line."""
    r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({r},{g},{b},0.16)"


def moved_point(
    background: go.Figure, full: np.ndarray, reduced: np.ndarray, before: np.ndarray, after: np.ndarray
) -> go.Figure:
    """The fused map (of `figures.maps.scatter_map`) with one item on it: where it lies with everything, where with
    what is left, the line between, and rings around the neighbours before and after.

    Args:
        full, reduced: [2].  before, after: [k, 2], the neighbours' places.
    """
    figure = go.Figure(background)
    figure.update_traces(marker_opacity=0.3, selector={"type": "scattergl"})
    rings = (
        ("neighbours before", before, "circle-open", BASE[0], 13),
        ("neighbours now", after, "diamond-open", BASE[1], 15),
    )
    for name, points, symbol, colour, size in rings:
        figure.add_scatter(
            x=points[:, 0], y=points[:, 1], mode="markers", name=name, hoverinfo="skip",
            marker={"symbol": symbol, "size": size, "color": colour, "line": {"width": 2}},
        )  # fmt: skip
    figure.add_scatter(
        x=[full[0], reduced[0]], y=[full[1], reduced[1]], mode="lines", line={"color": TEXT, "width": 2.5},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    marks = (("with everything", full, FUSED, 13), ("with what is left", reduced, BASE[5], 17))
    for name, point, colour, size in marks:
        figure.add_scatter(
            x=[point[0]], y=[point[1]], mode="markers", name=name, hovertemplate=f"{name}<extra></extra>",
            marker={"symbol": "circle" if size == 13 else "star", "size": size, "color": colour,
                    "line": {"width": 1.5, "color": "#FFFFFF"}},
        )  # fmt: skip
    figure.update_layout(
        showlegend=True, legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "title": {"text": ""}}
    )
    return figure
