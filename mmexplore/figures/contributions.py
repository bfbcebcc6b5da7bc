"""Measured contributions of modalities: the mean with its null, beside what is true or what the model says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from mmexplore.attribution.columns import ColumnContributions
from mmexplore.attribution.null import Null
from mmexplore.attribution.shapley import Contributions
from mmexplore.attribution.truth import BesideTruth
from mmexplore.figures.class_map import MAX_BARS, class_map
from mmexplore.figures.escape import label
from mmexplore.figures.theme import BASE, LINE, OTHER, TEXT, base_figure, modality_colours


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
        error_y=None if found.mean_error is None else {"type": "data", "array": found.mean_error, "color": TEXT},
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


def _names(figure: go.Figure, modalities: Sequence[str]) -> None:
    figure.update_xaxes(
        tickvals=list(range(len(modalities))),
        ticktext=[label(m, 24) for m in modalities],
        showgrid=False,
        zeroline=False,
    )


def methods_beside_truth(found: Sequence[BesideTruth], titles: Mapping[str, str]) -> go.Figure:
    """A panel a modality, a line a method: its measured share (disc), learned weight (diamond), the truth (rule)."""
    from plotly.subplots import make_subplots

    modalities = found[0].modalities
    names = [label(titles.get(f.method, f.method), 28) for f in found]
    house = base_figure(height=int(110 + 26 * max(len(found), 3)))
    figure = make_subplots(1, len(modalities), shared_yaxes=True, horizontal_spacing=0.03, figure=go.Figure())
    figure.update_layout(house.layout)
    colours, places = modality_colours(modalities), np.arange(len(found))
    for j, m in enumerate(modalities):
        where = {"row": 1, "col": j + 1}
        looks = (
            ("Shapley, measured", "circle", [f.measured[j] for f in found]),
            ("weights, learned", "diamond-open", [np.nan if f.learned is None else f.learned[j] for f in found]),
        )
        figure.add_scatter(
            x=[found[0].truth[j]] * 2,
            y=[-0.6, len(found) - 0.4],
            mode="lines",
            line={"color": TEXT, "width": 2},
            name="true share",
            legendgroup="true",
            showlegend=j == 0,
            hovertemplate="true share: %{x:.1%}<extra></extra>",
            **where,
        )
        for name, symbol, shares in looks:
            figure.add_scatter(
                x=shares,
                y=places,
                mode="markers",
                marker={"symbol": symbol, "size": 10, "color": colours[m], "line": {"width": 2, "color": colours[m]}},
                name=name,
                legendgroup=name,
                showlegend=j == 0,
                customdata=names,
                hovertemplate=f"%{{customdata}}, {name}: %{{x:.1%}}<extra></extra>",
                **where,
            )
        figure.update_xaxes(title_text=f"share of {label(m, 24)}", tickformat=".0%", range=[-0.04, 1.04], **where)
    figure.update_yaxes(tickvals=places, ticktext=names, range=[len(found) - 0.4, -0.6], zeroline=False)
    figure.update_layout(
        showlegend=True, legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0}, margin={"r": 16}
    )
    return figure


def class_contributions(per_class: Mapping[str, np.ndarray], modalities: Sequence[str], meaning: str) -> go.Figure:
    """Mean Shapley values [M] of each class: bars side by side, to the left where a modality misleads."""
    names = list(per_class)
    values = np.array([per_class[c] for c in names], float)
    if len(names) > MAX_BARS:
        return class_map(values, names, modalities, f"Shapley value ({meaning})")
    figure = base_figure(f"Shapley value ({meaning})", "", height=int(100 + 30 * max(len(names), 2)))
    colours, places = modality_colours(modalities), np.arange(len(names))
    for j, m in enumerate(modalities):
        figure.add_bar(
            x=values[:, j],
            y=places,
            orientation="h",
            name=label(m, 24),
            marker_color=colours[m],
            marker_line_width=0,
            customdata=[label(c, 60) for c in names],
            hovertemplate=f"%{{customdata}}, {label(m, 24)}: %{{x:.3f}}<extra></extra>",
        )
    figure.update_layout(
        barmode="relative",
        bargap=0.25,
        showlegend=True,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )
    figure.update_yaxes(tickvals=places, ticktext=[label(c) for c in names], autorange="reversed", showgrid=False)
    return figure


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
