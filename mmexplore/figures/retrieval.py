"""How well one modality finds another, beside chance; what a similarity means; what the gap slider does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go

from mmexplore.figures.escape import hover, label
from mmexplore.figures.intervals import interval_bars
from mmexplore.figures.theme import (
    BASE,
    LINE,
    OTHER,
    RAMP,
    TEXT,
    HouseFigure,
    base_figure,
    density_edges,
    empty_figure,
    ink_on,
    palette,
)
from mmexplore.retrieval.metrics import RetrievalReport
from mmexplore.retrieval.rescore import Hubness
from mmexplore.retrieval.thermometer import Thermometer
from mmexplore.scores.metric_names import RETRIEVAL

BINS = 60
MANY = 9  # directions: more are no longer told apart as bars


def recall_bars(reports: Sequence[RetrievalReport] | Mapping[str, RetrievalReport]) -> HouseFigure:
    """R@1 / 5 / 10 and MRR of each report (a direction, or a named method) with its interval; a tick marks chance."""
    named = dict(reports) if isinstance(reports, Mapping) else {f"{r.src} → {r.dst}": r for r in reports}
    if not named:
        return empty_figure("Nothing was measured.")
    figure = base_figure("", "per cent of the queries", height=360)
    width = 0.8 / len(named)
    for j, ((name, report), colour) in enumerate(zip(named.items(), palette(len(named)), strict=True)):
        x = np.arange(len(RETRIEVAL)) + (j - (len(named) - 1) / 2) * width
        y = np.array([getattr(report, m) for m in RETRIEVAL])
        low, high = np.array([report.intervals[m] for m in RETRIEVAL]).T
        chance = [getattr(report, f"chance_{m}") for m in RETRIEVAL]
        figure.add_bar(
            x=x,
            y=y,
            width=width * 0.9,
            name=label(name, 40),
            marker_color=colour,
            marker_line_width=0,
            error_y=interval_bars(y, low, high, TEXT),
            text=[f"{v:.1f}" for v in y],
            textposition="inside",
            insidetextfont_color=ink_on(colour),
            insidetextanchor="middle",
            textangle=0,
            customdata=np.stack([low, high, chance], axis=1),
            hovertemplate="%{y:.1f} (%{customdata[0]:.1f} to %{customdata[1]:.1f}); chance %{customdata[2]:.2f}",
        )
        figure.add_scatter(
            x=x,
            y=chance,
            mode="markers",
            name="chance",
            legendgroup="chance",
            showlegend=j == 0,
            hoverinfo="skip",
            marker={
                "symbol": "line-ew",
                "size": 260 * width / len(RETRIEVAL),
                "line": {"width": 2.5, "color": BASE[5]},
            },
        )
    figure.update_xaxes(
        tickvals=list(range(len(RETRIEVAL))),
        ticktext=[m.short for m in RETRIEVAL.values()],
        showgrid=False,
        zeroline=False,
    )
    # Weak results must be readable too: the axis ends above the highest interval (and says per cent).
    highest = max(max(r.intervals[m][1], getattr(r, f"chance_{m}")) for r in named.values() for m in RETRIEVAL)
    figure.update_yaxes(range=[0, min(103, max(10, 1.15 * highest))])
    figure.update_layout(
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0}, bargap=0.1, showlegend=True
    )
    return figure


def recall_of_directions(reports: Mapping[tuple[str, str], RetrievalReport]) -> HouseFigure:
    """Reports by (from, to): bars, as `recall_bars`; from `MANY` directions on one square a direction, R@10 in it.

    A direction that was not measured has an empty square.
    """
    if len(reports) < MANY:
        return recall_bars({f"{a} to {b}": report for (a, b), report in reports.items()})
    names = list(dict.fromkeys(name for direction in reports for name in direction))
    grid: list[list[float | None]] = [[None] * len(names) for _ in names]
    texts, hovers = ([["" for _ in names] for _ in names] for _ in range(2))
    for (a, b), report in reports.items():
        i, j = names.index(a), names.index(b)
        low, high = report.intervals["r10"]
        grid[i][j] = report.r10
        texts[i][j] = f"{report.r10:.0f} (chance {report.chance_r10:.0f})"
        hovers[i][j] = (
            f"{hover(a)} to {hover(b)}: R@10 {report.r10:.1f} ({low:.1f} to {high:.1f}), chance {report.chance_r10:.1f}"
            f"<br>{report.n_queries:,} queries among {report.n_gallery:,}"
        )
    figure = base_figure("found", "asked with", height=110 + 48 * len(names))
    figure.add_heatmap(
        z=grid,
        x=list(range(len(names))),
        y=list(range(len(names))),
        text=texts,
        texttemplate="%{text}",
        customdata=hovers,
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        colorscale=RAMP,  # opaque: plotly then finds a colour for the text that can be read
        zmin=0,
        zmax=100,
        xgap=2,
        ygap=2,
        colorbar={"title": {"text": "R@10, %", "side": "right"}, "thickness": 12, "outlinewidth": 0},
    )
    ticks = {"tickvals": list(range(len(names))), "ticktext": [label(n, 20) for n in names]}
    figure.update_xaxes(**ticks, showgrid=False, zeroline=False)
    figure.update_yaxes(**ticks, autorange="reversed", showgrid=False, zeroline=False)
    return figure


def rank_histogram(report: RetrievalReport) -> HouseFigure:
    """In which places the true matches lie (log-spaced bins), with the median and the median under chance."""
    edges = np.unique(np.round(np.geomspace(1, max(report.n_gallery, 2) + 1, 25)))
    counts = np.histogram(report.ranks, edges)[0]
    left, right = np.log10(edges[:-1] - 0.5), np.log10(edges[1:] - 0.5)  # place 1 stands over the tick 1
    figure = base_figure("place of the true match (log scale)", "queries", height=300)
    names = [f"{a:,.0f}" if b - a <= 1 else f"{a:,.0f} to {b - 1:,.0f}" for a, b in pairwise(edges)]
    figure.add_bar(
        x=(left + right) / 2,
        y=counts,
        width=(right - left) * 0.92,
        marker_color=BASE[0],
        marker_line_width=0,
        customdata=names,
        hovertemplate="place %{customdata}: %{y} queries<extra></extra>",
    )
    marks = (
        ("median", report.median_rank, BASE[5], "top right", 0),
        ("by chance", report.chance_median_rank, OTHER, "top left", -16),
    )
    for name, rank, colour, side, lower in marks:
        figure.add_vline(
            x=float(np.log10(max(rank, 1))),
            line_dash="dot",
            line_color=colour,
            annotation_position=side,
            annotation_text=f"{name} {rank:,.0f}",
            annotation_yshift=lower,
        )
    ticks = [t for t in (1, 2, 5, 10, 20, 50, 100, 200, 500, *(10**e for e in range(3, 8))) if t <= report.n_gallery]
    figure.update_xaxes(tickvals=np.log10(ticks), ticktext=[f"{t:,}" for t in ticks])
    figure.update_yaxes(range=[0, 1.3 * max(counts.max(initial=0), 1)])  # the two names stand above the bars
    figure.update_layout(showlegend=False)
    return figure


def thermometer_figure(thermometer: Thermometer, score: float | None = None) -> go.Figure:
    """Similarities of random and of true pairs as two densities; a line where `score` lies."""
    figure = base_figure(
        f"similarity of {label(thermometer.src)} and {label(thermometer.dst)} (cosine)",
        "share of the pairs",
        height=280,
    )
    ends = np.concatenate([thermometer.true, thermometer.random, [] if score is None else [score]])
    low, high = float(ends.min()), float(ends.max())
    edges = density_edges(low, high)
    for name, values, colour in (
        ("random pairs", thermometer.random, OTHER),
        ("true pairs", thermometer.true, BASE[0]),
    ):
        share = np.histogram(values, edges)[0] / len(values)
        figure.add_scatter(
            x=(edges[:-1] + edges[1:]) / 2,
            y=share,
            mode="lines",
            line={"color": colour, "width": 2, "shape": "hvh"},
            fill="tozeroy",
            name=f"{name} ({len(values):,})",
            hovertemplate="%{x:.3f}: %{y:.1%}",
        )
    if score is not None:
        figure.add_vline(
            x=score, line_color=BASE[5], line_width=2, annotation_text=f"{score:.3f}", annotation_position="top"
        )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    figure.update_layout(legend={"orientation": "h", "y": 1.1, "yanchor": "bottom", "x": 0}, showlegend=True)
    return figure


def hub_histogram(hubs: Hubness) -> go.Figure:
    """How many items turn up how often among the k nearest (N_k), log counts."""
    figure = base_figure(f"times an item is among the {hubs.k} nearest", "items (log scale)", height=280)
    counts = np.bincount(hubs.counts) if len(hubs.counts) else np.zeros(1, int)
    step = max(1, int(np.ceil(len(counts) / BINS)))
    grouped = np.add.reduceat(counts, np.arange(0, len(counts), step))
    start = np.arange(len(grouped)) * step
    names = [f"{s:,}" if step == 1 else f"{s:,} to {s + step - 1:,}" for s in start]
    figure.add_bar(
        x=start + (step - 1) / 2,
        y=np.where(grouped > 0, grouped, np.nan),
        width=step * 0.9,
        marker_color=BASE[0],
        marker_line_width=0,
        customdata=names,
        hovertemplate="%{customdata} times: %{y} items<extra></extra>",
    )
    mean = float(hubs.counts.mean()) if len(hubs.counts) else 0.0
    figure.add_vline(x=mean, line_dash="dot", line_color=LINE, annotation_text=f"mean {mean:.1f}")
    figure.update_yaxes(type="log", dtick=1, range=[-0.3, float(np.log10(max(grouped.max(), 1))) + 0.2])
    return figure
