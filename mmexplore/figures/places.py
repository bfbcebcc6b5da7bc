"""Places on a plain map of the world (longitude across, latitude up), drawn without tiles or anything from outside.

The coasts are Natural Earth's at 1:110 million (public domain), simplified and bundled: plotly's own maps would fetch
theirs from the web.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import plotly.graph_objects as go

from mmexplore.figures.escape import hover, label
from mmexplore.figures.theme import BASE, LINE, base_figure, categories

MAX_LEGEND = 20


@cache
def coast() -> tuple[np.ndarray, ...]:
    """The coast lines, each float [P, 2] of (longitude, latitude) in degrees."""
    lines = json.loads(Path(__file__).with_name("coast.json").read_text(encoding="utf-8"))["lines"]
    return tuple(np.array(line) for line in lines)


def place_map(
    places: np.ndarray,
    rows: np.ndarray,
    titles: Sequence[str],
    colour: np.ndarray | None = None,
    selected: np.ndarray | None = None,
) -> go.Figure:
    """Points where the items are; the view begins at what they cover.

    Args:
        places: float [P, 2] of (latitude, longitude) in degrees.  rows: int [P], their rows in the data.
        titles: [N], for the hover boxes.  colour: classes [N], or None.  selected: rows drawn larger.
    """
    figure = base_figure("longitude", "latitude", height=380)
    xs, ys = [], []
    for line in coast():
        xs += [*line[:, 0].tolist(), None]
        ys += [*line[:, 1].tolist(), None]
    figure.add_scatter(x=xs, y=ys, mode="lines", line={"color": LINE, "width": 1}, hoverinfo="skip", showlegend=False)
    chosen = np.isin(rows, [] if selected is None else selected)
    sizes = np.where(chosen, 11, 7)
    scale = None if colour is None else categories(np.asarray(colour, object)[rows], MAX_LEGEND)
    groups = (
        [(np.arange(len(rows)), BASE[0], "")]
        if scale is None
        else [
            (np.flatnonzero(scale.codes == c), [*scale.colours, "#8B8F96"][c], label([*scale.names, "others"][c], 24))
            for c in np.unique(scale.codes)
        ]
    )
    for at, hue, name in groups:
        figure.add_scattergl(
            x=places[at, 1],
            y=places[at, 0],
            mode="markers",
            name=name,
            showlegend=bool(name),
            marker={"color": hue, "size": sizes[at], "line": {"width": 1, "color": "white"}},
            customdata=rows[at, None],
            hovertext=[hover(titles[r]) for r in rows[at]],
            hoverinfo="text",
        )
    margin = 4 + 0.06 * float(np.ptp(places[:, 1]) if len(places) else 0)
    if len(places):
        low, high = places.min(axis=0), places.max(axis=0)
        figure.update_xaxes(range=[max(-185, low[1] - margin), min(185, high[1] + margin)])
        figure.update_yaxes(range=[max(-95, low[0] - margin), min(95, high[0] + margin)])
    figure.update_yaxes(scaleanchor="x", scaleratio=1.0, constrain="domain")
    figure.update_layout(dragmode="lasso")
    return figure
