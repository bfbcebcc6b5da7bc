"""Modality weights: an item, a class, the whole data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from mmexplore.figures.class_map import MAX_BARS, class_map
from mmexplore.figures.escape import hover, label
from mmexplore.figures.theme import LINE, base_figure, empty_figure, ink_on, modality_colours

MAX_DOTS = 5000


def distribution(
    weights: np.ndarray,
    modalities: Sequence[str],
    kind: str = "violin",
    source: str = "learned",
    present: np.ndarray | None = None,
) -> go.Figure:
    """How a modality's weight spreads over the items: weights [N, M]; kind "violin", "box" or "histogram".

    Rows where `present` [N, M] is False are left out of that modality. The dotted line is the even share 1 / M.
    """
    weights, colours = np.asarray(weights, float), modality_colours(modalities)
    axis = f"weight ({source})"
    figure = base_figure("" if kind != "histogram" else axis, axis if kind != "histogram" else "items", height=320)
    for j, m in enumerate(modalities):
        values = weights[:, j] if present is None else weights[present[:, j], j]
        values, name = values[np.isfinite(values)], label(m, 24)
        if kind == "histogram":
            figure.add_histogram(
                x=values,
                name=name,
                marker_color=colours[m],
                opacity=0.6,
                xbins={"start": 0, "end": 1.0001, "size": 0.025},
                hovertemplate=f"{name} %{{x}}: %{{y}} items<extra></extra>",
            )
        elif kind == "box":
            figure.add_box(y=values, x0=j, name=name, marker_color=colours[m], boxpoints=False, boxmean=True)
        else:
            # spanmode "hard": a smoothed tail must not run past 0 and 1, where no weight can be.
            figure.add_violin(
                y=values,
                x0=j,
                name=name,
                line_color=colours[m],
                box_visible=True,
                meanline_visible=True,
                points=False,
                spanmode="hard",
                hoverinfo="y+name",
                width=0.8,
            )
    even = {"line_dash": "dot", "line_color": LINE, "annotation_text": "even share", "annotation_font_size": 11}
    if kind == "histogram":
        figure.add_vline(x=1 / max(len(modalities), 1), annotation_position="top", **even)
        figure.update_layout(barmode="overlay", xaxis_range=[0, 1])
    else:
        figure.add_hline(y=1 / max(len(modalities), 1), annotation_position="top right", **even)
        figure.update_yaxes(range=[-0.02, 1.02], tickformat=".0%")
        ticks = [f"{label(m, 24)}" for m in modalities]
        figure.update_xaxes(tickvals=list(range(len(modalities))), ticktext=ticks, showgrid=False, zeroline=False)
    figure.update_layout(showlegend=kind == "histogram")
    return figure


def class_bars(
    per_class: Mapping[str, Sequence[float] | np.ndarray], modalities: Sequence[str], source: str = "learned"
) -> go.Figure:
    """Mean weights [M] of each class as stacked bars; above 24 classes a heat map."""
    if not per_class:
        return empty_figure("There are no classes.")
    values = np.array([np.asarray(v, float) for v in per_class.values()])
    if len(per_class) > MAX_BARS:
        return class_map(values, list(per_class), modalities, f"mean weight ({source})", shares=True)
    return _stacked(values, modalities, list(per_class), f"mean weight ({source})")


def _stacked(weights: np.ndarray, modalities: Sequence[str], names: Sequence[str], axis: str) -> go.Figure:
    """Stacked horizontal bars, first on top."""
    figure = base_figure(axis, "", height=int(90 + 26 * max(len(names), 2)))
    colours, rows = modality_colours(modalities), list(range(len(names)))
    texts = [hover(n, limit=160) for n in names]
    for j, m in enumerate(modalities):
        share = np.nan_to_num(weights[:, j])
        figure.add_bar(
            x=share,
            y=rows,
            orientation="h",
            name=label(m, 24),
            marker_color=colours[m],
            marker_line_width=0,
            text=[f"{100 * s:.0f} %" if s >= 0.08 else "" for s in share],
            textposition="inside",
            insidetextfont_color=ink_on(colours[m]),
            insidetextanchor="middle",
            textangle=0,
            customdata=texts,
            hovertemplate=f"%{{customdata}}<br>{label(m, 24)}: %{{x:.1%}}<extra></extra>",
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.25,
        uniformtext={"minsize": 9, "mode": "hide"},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    figure.update_layout(margin={"r": 24})
    figure.update_yaxes(
        tickvals=rows, ticktext=[label(n) for n in names], autorange="reversed", showgrid=False, zeroline=False
    )
    figure.update_layout(showlegend=True)
    return figure


def weight_against_contribution(
    weights: np.ndarray,
    contributions: np.ndarray,
    modalities: Sequence[str],
    rows: Sequence[int] | np.ndarray | None = None,
    titles: Sequence[str] | None = None,
    contribution_name: str = "share of the contribution norm",
    weight_name: str = "learned weight",
    selected: Sequence[int] | np.ndarray | None = None,
    present: np.ndarray | None = None,
) -> go.Figure:
    """Learned weight (x) against a second measure (y), both [N, M], a colour a modality; the diagonal = agreement.

    Args:
        rows: positions to draw; all when None. At most 5,000 are drawn, evenly spaced (the x axis says so).
        titles: [N], shown on hover.
        selected: rows to stand out; the others fade.
        present: bool [N, M]; an item has no point of a modality that it lacks. All when None.
    """
    weights, contributions = np.asarray(weights, float), np.asarray(contributions, float)
    chosen = np.arange(len(weights)) if rows is None else np.asarray(rows, int)
    drawn = chosen if len(chosen) <= MAX_DOTS else chosen[np.linspace(0, len(chosen) - 1, MAX_DOTS).astype(int)]
    note = "" if len(drawn) == len(chosen) else f" ({len(drawn):,} of {len(chosen):,} items drawn)"
    figure = base_figure(weight_name + note, contribution_name, height=380)
    colours = modality_colours(modalities)
    low = float(min(0.0, np.nanmin(contributions[drawn], initial=0)))
    high = float(max(1.0, np.nanmax(contributions[drawn], initial=1)))
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name="agreement",
        hoverinfo="skip",
        line={"dash": "dot", "color": LINE, "width": 1.5},
    )
    size = 7 if len(drawn) <= 500 else 4
    for j, m in enumerate(modalities):
        there = drawn if present is None else drawn[present[drawn, j]]
        text = None if titles is None else [hover(titles[i], limit=120) for i in there]
        figure.add_scattergl(
            x=weights[there, j],
            y=contributions[there, j],
            mode="markers",
            name=label(m, 24),
            marker={"color": colours[m], "size": size, "opacity": 0.6},
            selectedpoints=None if selected is None else np.flatnonzero(np.isin(there, selected)),
            customdata=there,
            hovertext=text,
            hovertemplate="%{hovertext}<br>%{x:.2f} · %{y:.2f}" if text else "%{x:.2f} · %{y:.2f}",
        )
    figure.update_xaxes(range=[-0.03, 1.03])
    figure.update_yaxes(range=[low - 0.03, high + 0.03])
    figure.update_layout(showlegend=True)
    return figure
