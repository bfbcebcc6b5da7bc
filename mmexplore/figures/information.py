"""Redundancy, uniqueness and synergy of two modalities: four bars with their intervals and the mark of nothing."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from mmexplore.attribution.information import Information
from mmexplore.attribution.pid import part_names
from mmexplore.figures.escape import label
from mmexplore.figures.theme import BASE, OTHER, TEXT, base_figure, modality_colours


def information_bars(found: Information) -> go.Figure:
    """Bits of each part; the line is the 95 % interval, the tick the 95th percentile with the labels permuted."""
    figure = base_figure("bits told of the label", "", height=260)
    own = modality_colours([found.a, found.b])
    values = found.found.as_array()
    places = np.arange(4)
    figure.add_bar(
        x=values,
        y=places,
        orientation="h",
        width=0.6,
        marker_color=[BASE[2], own[found.a], own[found.b], BASE[6]],
        marker_line_width=0,
        customdata=np.stack([found.low, found.high, found.null], axis=1),
        hovertemplate="%{x:.3f} bits (%{customdata[0]:.3f} to %{customdata[1]:.3f}); "
        "labels permuted: up to %{customdata[2]:.3f}<extra></extra>",
        showlegend=False,
    )
    middle, half = (found.low + found.high) / 2, (found.high - found.low) / 2
    figure.add_scatter(  # the interval leans against the bias of the estimate, so it has a middle of its own
        x=middle,
        y=places,
        mode="markers",
        marker={"size": 1, "color": TEXT},
        error_x={"type": "data", "array": half, "color": TEXT, "thickness": 1.5, "width": 4},
        hoverinfo="skip",
        name="95 % interval",
        showlegend=False,
    )
    figure.add_scatter(
        x=found.null,
        y=places,
        mode="markers",
        marker={"symbol": "line-ns", "size": 26, "line": {"width": 2.5, "color": OTHER}},
        hoverinfo="skip",
        name="nothing to find (labels permuted)",
    )
    names = [label(n, 44) for n in part_names(found.a, found.b)]
    figure.update_yaxes(tickvals=places, ticktext=names, autorange="reversed", showgrid=False, zeroline=False)
    figure.update_xaxes(rangemode="tozero")
    figure.update_layout(
        showlegend=True, legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0}, margin={"r": 24}
    )
    return figure
