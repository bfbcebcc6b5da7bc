"""Measured contributions of modalities: the mean with its null, beside what is true or what the model says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from mmexplore.attribution.columns import ColumnContributions
from mmexplore.attribution.null import Null
from mmexplore.attribution.shapley import Contributions
from mmexplore.figures.escape import label
from mmexplore.figures.theme import BASE, LINE, OTHER, base_figure, modality_colours, palette


def mean_contributions(found: Contributions, null: Null | None = None) -> go.Figure:
    """Mean Shapley value of each modality; the grey band is where 95 % of the null's draws lie."""
    figure = base_figure("", f"Shapley value ({found.meaning})", height=320)
    colours = modality_colours(found.modalities)
    places = list(range(len(found.modalities)))
    mean = found.mean()
    figure.add_bar(
        x=places,
        y=mean,
        marker_color=[colours[m] for m in found.modalities],
        width=0.5,
        text=[f"{v:.3f}" for v in mean],
        textposition="outside",
        hovertemplate="%{y:.4f}<extra></extra>",
        showlegend=False,
    )
    if null is not None:
        for j in places:
            low, high = float(null.low[j]), float(null.high[j])
            figure.add_shape(type="rect", x0=j - 0.36, x1=j + 0.36, y0=low, y1=high, fillcolor=LINE, line_width=0)
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            marker={"symbol": "square", "size": 11, "color": LINE},
            name=f"nothing to find ({null.permuted} permuted)",
        )
    _names(figure, found.modalities)
    figure.update_layout(showlegend=null is not None)
    return figure


def estimates_beside_truth(
    shares: Mapping[str, Sequence[float] | np.ndarray], truth: Sequence[float] | np.ndarray, modalities: Sequence[str]
) -> go.Figure:
    """Planted data: each estimate's shares [M] (name -> numbers that sum to 1) as bars, the truth as a line each."""
    figure = base_figure("", "share", height=340)
    colours = palette(len(shares))
    places = np.arange(len(modalities))
    for (name, values), colour in zip(shares.items(), colours, strict=True):
        figure.add_bar(
            x=places,
            y=np.asarray(values, float),
            name=label(name, 40),
            marker_color=colour,
            hovertemplate=f"{label(name, 40)}: %{{y:.1%}}<extra></extra>",
        )
    for j, t in enumerate(np.asarray(truth, float)):
        figure.add_shape(type="line", x0=j - 0.45, x1=j + 0.45, y0=t, y1=t, line={"width": 3, "color": LINE})
    figure.add_scatter(
        x=[None], y=[None], mode="lines", line={"width": 3, "color": LINE}, name="true share, by construction"
    )
    _names(figure, modalities)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    figure.update_layout(barmode="group", bargap=0.25, showlegend=True)
    return figure


def _names(figure: go.Figure, modalities: Sequence[str]) -> None:
    figure.update_xaxes(
        tickvals=list(range(len(modalities))),
        ticktext=[label(m, 24) for m in modalities],
        showgrid=False,
        zeroline=False,
    )


def column_bars(found: ColumnContributions, max_columns: int = 30) -> go.Figure:
    """What is lost without each column of a table, most first, with its 95 % interval; columns past 30 are left out."""
    order = np.argsort(-found.mean, kind="stable")[:max_columns]
    figure = base_figure(f"lost: {found.meaning}", "", height=90 + 30 * len(order))
    names = [label(found.columns[p], 32) for p in order]
    figure.add_bar(
        x=found.mean[order],
        y=list(range(len(order))),
        orientation="h",
        width=0.6,
        marker_color=[BASE[0] if found.low[p] > 0 else OTHER for p in order],
        error_x={
            "type": "data",
            "symmetric": True,
            "array": found.high[order] - found.mean[order],
            "color": LINE,
            "thickness": 1.5,
        },
        customdata=names,
        hovertemplate="%{customdata}: %{x:.4f}<extra></extra>",
    )
    figure.update_yaxes(tickvals=list(range(len(order))), ticktext=names, autorange="reversed", showgrid=False)
    figure.update_layout(showlegend=False)
    return figure
