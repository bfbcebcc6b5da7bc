"""Numbers of many classes, a row a class and a column a modality: where bars would be too many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from mmexplore.figures.escape import label
from mmexplore.figures.theme import RAMP, base_figure

MAX_BARS = 24  # classes above which bars become a heat map


def class_map(
    values: np.ndarray, classes: Sequence[object], modalities: Sequence[str], meaning: str, shares: bool = False
) -> go.Figure:
    """A heat map of `values` [classes, modalities].

    Args:
        meaning: what a number is, beside the colour bar.
        shares: the numbers are shares, 0 to 1: the colours span that, and per cent are written.
    """
    ticks, rows = [label(c) for c in classes], list(range(len(classes)))
    form = ".0%" if shares else ".3f"
    figure = base_figure("", "", height=int(np.clip(80 + 14 * len(rows), 240, 1400)))
    figure.add_heatmap(
        z=values,
        x=list(range(len(modalities))),
        y=rows,
        colorscale=RAMP,
        xgap=2,
        ygap=1,
        customdata=np.repeat(np.array([label(c, 60) for c in classes], object)[:, None], len(modalities), axis=1),
        hovertemplate=f"%{{customdata}}: %{{z:{form}}}<extra></extra>",
        colorbar={"title": {"text": meaning, "side": "right"}, "thickness": 12, "outlinewidth": 0},
    )
    if shares:
        figure.update_traces(zmin=0, zmax=1, colorbar_tickformat=form)
    figure.update_yaxes(
        tickvals=rows,
        ticktext=ticks,
        autorange="reversed",
        showgrid=False,
        tickfont_size=11 if len(rows) <= 60 else 9,
    )
    figure.update_xaxes(
        tickvals=list(range(len(modalities))), ticktext=[label(m, 24) for m in modalities], showgrid=False, side="top"
    )
    return figure
