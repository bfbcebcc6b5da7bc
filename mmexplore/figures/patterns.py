"""Which modalities go together: a matrix of dots, a column a combination, as in an UpSet plot (Lex 2014)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from mmexplore.figures.escape import label
from mmexplore.figures.intervals import interval_bars
from mmexplore.figures.theme import BASE, GRID, LINE, OTHER, TEXT, base_figure, empty_figure, modality_colours, palette

if TYPE_CHECKING:
    from mmexplore.robustness.subsets import Subset

ROW = 26  # pixels a modality takes in the matrix
NAME = 22  # characters of a modality's name


def missing_pattern(present: np.ndarray, modalities: Sequence[str], max_patterns: int = 20) -> go.Figure:
    """Which modalities are present together: present bool [N, M]; one column a pattern, most frequent first.

    The bars above count the rows of each pattern, the bars at the right those of each modality. Patterns past
    `max_patterns` are added up in a last grey column; its dots are as large as the share of its rows that have the
    modality.
    """
    if len(present) == 0 or len(modalities) == 0:
        return empty_figure("There are no rows.")
    present = np.asarray(present, bool)
    patterns, inverse, counts = np.unique(present, axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    shown, n_shown = patterns[order][:max_patterns], counts[order][:max_patterns]
    rest = order[max_patterns:]
    figure = base_figure("", "rows", height=170 + ROW * len(modalities))
    bars = [*n_shown, *([counts[rest].sum()] if len(rest) else [])]
    share = [f"{n / len(present):.1%}" for n in bars]
    names = [_in_words(pattern, modalities) for pattern in shown]
    names += [f"{len(rest):,} other patterns"] if len(rest) else []
    texts = [f"{n:,}" for n in bars]
    figure.add_bar(
        x=list(range(len(bars))),
        y=bars,
        marker_color=[BASE[0]] * len(shown) + [OTHER] * (len(rest) > 0),
        marker_line_width=0,
        text=texts,
        textfont_size=11 if len(bars) <= 12 and max(map(len, texts)) <= 6 else 9,
        textposition="outside",
        cliponaxis=False,
        constraintext="none",
        textangle=0 if len(bars) <= 12 else -90,
        hovertext=[f"{name}<br>{n:,} rows ({s})" for name, n, s in zip(names, bars, share, strict=True)],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    part = present[np.isin(inverse.ravel(), rest)].mean(axis=0) if len(rest) else None
    _matrix(figure, shown, modalities, part)
    _modality_bars(figure, present, modalities)
    if len(rest):
        figure.add_annotation(
            x=len(shown), y=-0.62, yref="y2", yanchor="top", text=f"{len(rest):,} others", showarrow=False, font_size=11
        )
    _axes(figure, len(modalities), max(len(bars), 4), [0, 0.8])
    return figure


def subset_columns(
    subsets: Mapping[str, Sequence[Subset]],
    modalities: Sequence[str],
    chance: float,
    metric: str,
    percent: bool = True,
    most: int = 32,
) -> go.Figure:
    """Scores of methods when only some modalities are shown; a column a subset, the worst of the first method first.

    Args:
        subsets: method -> its subsets, in the order of `robustness.subset_scores`.
        metric: title of the score axis.  percent: is it a share (0..1), shown as per cent?
        most: columns drawn; the axis says how many there are.
    """
    first = next(iter(subsets.values()), [])
    if not first:
        return empty_figure("No item has a modality to show.")
    columns = [s.shown for s in first[:most]]
    axis = "" if len(columns) == len(first) else f"the worst {len(columns)} of {len(first)} subsets"
    figure = base_figure(axis, metric, height=250 + ROW * len(modalities))
    for (name, found), colour in zip(subsets.items(), palette(len(subsets)), strict=True):
        by_shown = {s.shown: s for s in found}
        here = [by_shown[c] for c in columns]
        score = np.array([s.score for s in here])
        low, high = np.array([s.interval for s in here]).T
        figure.add_scatter(
            x=list(range(len(columns))),
            y=score,
            name=label(name, 40),
            mode="markers",
            marker={"color": colour, "size": 8},
            error_y=interval_bars(score, low, high, colour, 1, 0),
            hovertext=[f"only {', '.join(label(m) for m in c)}" for c in columns],
            hovertemplate="%{hovertext}: %{y:.1%}" if percent else "%{hovertext}: %{y:.3f}",
        )
    figure.update_yaxes(tickformat=".0%" if percent else "")
    figure.add_hline(y=chance, line={"color": LINE, "dash": "dot"}, annotation_text="chance", annotation_font_size=11)
    matrix = np.array([[m in c for m in modalities] for c in columns])
    _matrix(figure, matrix, modalities, None)
    _axes(figure, len(modalities), len(columns), [0, 1])
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    return figure


def _in_words(pattern: np.ndarray, modalities: Sequence[str]) -> str:
    there = [label(m, NAME) for m, here in zip(modalities, pattern, strict=True) if here]
    return "nothing at all" if not there else "all modalities" if len(there) == len(modalities) else " + ".join(there)


def _matrix(figure: go.Figure, columns: np.ndarray, modalities: Sequence[str], other: np.ndarray | None) -> None:
    """Dots [P, M] on the axes x, y2: filled where present, a line from the first to the last of a column."""
    height, (n, m) = len(modalities) - 1, columns.shape
    lines_x: list[float | None] = []
    lines_y: list[float | None] = []
    for x, column in enumerate(columns):
        at = np.flatnonzero(column)
        if len(at) > 1:
            lines_x += [x, x, None]
            lines_y += [height - at[0], height - at[-1], None]
    figure.add_scatter(
        x=lines_x, y=lines_y, yaxis="y2", mode="lines", line={"color": LINE, "width": 2}, hoverinfo="skip",
        showlegend=False,
    )  # fmt: skip
    size = 13 if n <= 24 else 9
    colours = modality_colours(modalities)
    for j, name in enumerate(modalities):
        there = columns[:, j]
        sizes = [float(size)] * n
        texts = [f"{label(name)}: {'present' if t else 'missing'}" for t in there]
        fill = [colours[name] if t else "rgba(0,0,0,0)" for t in there]
        edge = [colours[name] if t else GRID for t in there]
        if other is not None:
            sizes.append(3 + (size - 3) * float(np.sqrt(other[j])))
            texts.append(f"{label(name)}: present in {other[j]:.0%} of these rows")
            fill.append(OTHER if other[j] else "rgba(0,0,0,0)")
            edge.append(OTHER)
        figure.add_scatter(
            x=list(range(len(sizes))),
            y=[height - j] * len(sizes),
            yaxis="y2",
            mode="markers",
            hovertext=texts,
            hovertemplate="%{hovertext}<extra></extra>",
            showlegend=False,
            marker={"size": sizes, "color": fill, "line": {"width": 1.5, "color": edge}, "opacity": 1},
        )
    figure.update_layout(
        yaxis2={
            "tickvals": list(range(m))[::-1],
            "ticktext": [label(name, NAME) for name in modalities],
            "range": [-0.7, m - 0.3],
            "showgrid": False,
            "zeroline": False,
            "automargin": True,
            "fixedrange": True,
        }
    )


def _modality_bars(figure: go.Figure, present: np.ndarray, modalities: Sequence[str]) -> None:
    """How many rows each modality has, at the right of the matrix, on the axes x3, y2."""
    counts, colours = present.sum(axis=0), modality_colours(modalities)
    figure.add_bar(
        x=counts,
        y=list(range(len(modalities)))[::-1],
        xaxis="x3",
        yaxis="y2",
        orientation="h",
        width=0.5,
        marker_color=[colours[m] for m in modalities],
        marker_line_width=0,
        text=[f"{n:,}" for n in counts],
        textposition="outside",
        textfont={"size": 11, "color": TEXT},
        cliponaxis=False,
        constraintext="none",
        hovertext=[f"{label(m)}: {n:,} rows ({n / len(present):.1%})" for m, n in zip(modalities, counts, strict=True)],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    figure.update_layout(
        xaxis3={
            "domain": [0.83, 1],
            "anchor": "y2",
            "range": [0, len(present) * 1.45],
            "showgrid": False,
            "zeroline": True,
            "showticklabels": False,
            "fixedrange": True,
        }
    )


def _axes(figure: go.Figure, m: int, n: int, across: list[float]) -> None:
    """Bars or scores above, the matrix of `m` rows and `n` columns below, ROW pixels a row."""
    inside = figure.layout.height - 32
    matrix = ROW * m / inside
    figure.update_layout(
        showlegend=False,
        xaxis={
            "domain": across,
            "showgrid": False,
            "zeroline": False,
            "tickvals": [],
            "anchor": "y2",
            "range": [-0.7, n - 0.3],
            "fixedrange": True,
        },
        yaxis={"domain": [matrix + 34 / inside, 1], "rangemode": "tozero", "fixedrange": True},
        yaxis2_domain=[18 / inside, matrix + 18 / inside],
    )
