"""What is there and what is missing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from mmexplore.figures.escape import label
from mmexplore.figures.theme import BASE, GRID, OTHER, base_figure, categories, empty_figure, modality_colours


def missing_pattern(present: np.ndarray, modalities: Sequence[str], max_patterns: int = 16) -> go.Figure:
    """Which modalities are present together: present bool [N, M]; one column a pattern, most frequent first.

    The bars above count the rows of each pattern; patterns past `max_patterns` are added up in a last column.
    """
    if len(present) == 0 or len(modalities) == 0:
        return empty_figure("There are no rows.")
    patterns, counts = np.unique(np.asarray(present, bool), axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    patterns, counts = patterns[order], counts[order]
    shown, rest = patterns[:max_patterns], counts[max_patterns:]
    columns = list(range(len(shown)))
    figure = base_figure("", "rows", height=190 + 26 * len(modalities))
    bars = [*counts[:max_patterns], *([rest.sum()] if len(rest) else [])]
    figure.add_bar(
        x=list(range(len(bars))),
        y=bars,
        marker_color=[BASE[0]] * len(shown) + [OTHER],
        marker_line_width=0,
        text=[*(f"{n:,}" for n in counts[:max_patterns]), *([f"{rest.sum():,}<br>others"] if len(rest) else [])],
        textposition="outside",
        cliponaxis=False,
        constraintext="none",
        textangle=0,
        hoverinfo="skip",
    )
    colours = modality_colours(modalities)
    for j, m in enumerate(modalities):
        place = len(modalities) - 1 - j
        there = shown[:, j]
        figure.add_scatter(
            x=columns,
            y=[place] * len(columns),
            yaxis="y2",
            mode="markers",
            hoverinfo="text",
            hovertext=[
                f"{label(m)}: {'present' if t else 'missing'} in {n:,} rows"
                for t, n in zip(there, counts, strict=False)
            ],
            marker={
                "size": 15,
                "color": [colours[m] if t else GRID for t in there],
                "symbol": ["circle" if t else "circle-open" for t in there],
                "line": {"width": 1.5, "color": [colours[m] if t else OTHER for t in there]},
            },
        )
    ticks, names = list(range(len(modalities)))[::-1], [label(m, 24) for m in modalities]
    figure.update_layout(
        showlegend=False,
        xaxis={
            "visible": True,
            "showgrid": False,
            "zeroline": False,
            "tickvals": [],
            "anchor": "y2",
            "range": [-0.6, max(len(bars), 4) - 0.4],
        },
        yaxis={"domain": [0.45, 1], "rangemode": "tozero"},
        yaxis2={
            "domain": [0, 0.38],
            "tickvals": ticks,
            "ticktext": names,
            "range": [-0.6, len(modalities) - 0.4],
            "showgrid": False,
            "zeroline": False,
            "automargin": True,
        },
    )
    return figure


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
