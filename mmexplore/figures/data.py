"""How many items of which class there are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from mmexplore.figures.escape import label
from mmexplore.figures.theme import OTHER, base_figure, categories, empty_figure


def class_counts(labels: Sequence[object] | np.ndarray, max_classes: int = 40) -> go.Figure:
    """Items a class, most frequent first; the rest as "other"."""
    scale = categories(labels, max_classes)
    if not scale.names:
        return empty_figure("There are no labels.")
    names, counts = [label(n) for n in scale.names], list(scale.counts)
    if scale.other:
        names.append(f"{scale.other:,} other classes")
        counts.append(int((scale.codes == len(scale.names)).sum()))
    figure = base_figure("items", "", height=60 + 22 * len(names))
    figure.add_bar(
        x=counts,
        y=list(range(len(names))),
        orientation="h",
        marker_color=[*scale.colours, OTHER][: len(names)],
        marker_line_width=0,
        customdata=names,
        hovertemplate="%{customdata}: %{x:,}<extra></extra>",
    )
    figure.update_yaxes(tickvals=list(range(len(names))), ticktext=names, autorange="reversed", showgrid=False)
    return figure
