"""The geometry of spaces: the gap, neighbour overlap, canonical correlations."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from mmexplore.data.embeddings import unit
from mmexplore.figures.escape import label
from mmexplore.figures.intervals import interval_bars
from mmexplore.figures.theme import (
    BASE,
    OTHER,
    TEXT,
    HouseFigure,
    base_figure,
    density_edges,
    empty_figure,
    modality_colours,
)
from mmexplore.latent.geometry import ModalityGap
from mmexplore.latent.neighbours import NeighbourOverlap


def overlap_bars(overlap: NeighbourOverlap) -> HouseFigure:
    """Share of the fused neighbourhood also found in each modality alone (per cent), with interval and chance.

    Two more bars say how much was found in every modality at once, and how much only in the fused space.
    """
    names = list(overlap.share)
    colours = modality_colours(names)
    rows = [(label(m, 24), overlap.share[m], overlap.interval[m], overlap.chance[m], colours[m]) for m in names]
    none = (float("nan"), float("nan"))
    if len(names) > 1:
        rows.append(("all of them", overlap.together, none, float("nan"), OTHER))
    rows.append(("only fused", overlap.new, none, float("nan"), colours["fused"]))
    share = 100 * np.array([r[1] for r in rows])
    low, high = 100 * np.array([r[2] for r in rows]).T
    chance = 100 * np.array([r[3] for r in rows])
    places = list(range(len(rows)))
    figure = base_figure(f"per cent of the {overlap.k} nearest fused neighbours", "", height=80 + 38 * len(rows))
    figure.add_bar(
        x=share,
        y=places,
        orientation="h",
        marker_color=[r[4] for r in rows],
        marker_line_width=0,
        name="share",
        error_x=interval_bars(share, low, high, TEXT),
        hovertemplate="%{x:.1f} %<extra></extra>",
        showlegend=False,
    )
    figure.add_scatter(
        x=chance,
        y=places,
        mode="markers",
        name="chance",
        hovertemplate="chance %{x:.2f} %<extra></extra>",
        marker={"symbol": "line-ns", "size": 20, "line": {"width": 2.5, "color": BASE[5]}},
    )
    figure.update_yaxes(
        tickvals=places, ticktext=[r[0] for r in rows], autorange="reversed", showgrid=False, zeroline=False
    )
    figure.add_scatter(  # beside the interval, not under it
        x=np.nan_to_num(np.fmax(high, share)) + 0.8,
        y=places,
        mode="text",
        text=[f"{s:.0f} %" if np.isfinite(s) else "not measured" for s in share],
        textposition="middle right",
        hoverinfo="skip",
        showlegend=False,
        cliponaxis=False,
    )
    figure.update_xaxes(range=[0, 108])
    figure.update_layout(legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0}, showlegend=True)
    return figure


def gap_histogram(a: np.ndarray, b: np.ndarray, names: tuple[str, str], gap: ModalityGap) -> go.Figure:
    """Both clouds along the line between their means (vectors a, b [N, d], normalised here): the gap from the side."""
    if not np.isfinite(gap.distance) or len(a) == 0 or len(b) == 0:
        return empty_figure("One of the two modalities has no rows.")
    sides = [unit(v) @ unit(gap.direction) for v in (a, b)]
    low, high = min(s.min() for s in sides), max(s.max() for s in sides)
    edges = density_edges(low, high)
    figure = base_figure("position along the line between the two means", "share of the items", height=280)
    for name, side, colour in zip(names, sides, modality_colours(names).values(), strict=False):
        figure.add_scatter(
            x=(edges[:-1] + edges[1:]) / 2,
            y=np.histogram(side, edges)[0] / len(side),
            mode="lines",
            fill="tozeroy",
            line={"color": colour, "width": 2, "shape": "hvh"},
            name=label(name, 24),
            hovertemplate="%{x:.3f}: %{y:.1%}",
        )
        figure.add_vline(x=float(side.mean()), line_color=colour, line_dash="dot")
    figure.add_annotation(
        x=float(np.mean([s.mean() for s in sides])),
        y=1,
        yref="paper",
        yanchor="bottom",
        showarrow=False,
        text=f"gap {gap.distance:.3f}",
    )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": 1.08, "yanchor": "bottom", "x": 0})
    return figure


def correlations(held_out: np.ndarray | None, train: np.ndarray | None) -> go.Figure:
    """Canonical correlations of the components, fitted rows against held-out rows (the distance is overfitting)."""
    if held_out is None and train is None:
        return empty_figure("This method has no components to correlate.")
    figure = base_figure("component", "correlation of the two sides", height=300)
    for name, values, dash, colour in (
        ("train rows", train, "dot", OTHER),
        ("held-out rows", held_out, "solid", BASE[0]),
    ):
        if values is not None and len(values):
            figure.add_scatter(
                x=np.arange(1, len(values) + 1),
                y=np.asarray(values, float),
                name=name,
                mode="lines+markers" if len(values) <= 40 else "lines",
                line={"color": colour, "dash": dash},
                hovertemplate="component %{x}: %{y:.3f}",
            )
    figure.update_xaxes(rangemode="tozero", tickformat="d")
    figure.update_layout(legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0}, showlegend=True)
    return figure
