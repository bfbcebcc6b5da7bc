"""Words and regions: a heat map over a picture, a bar a word, and the curves that say whether to believe them."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from mmexplore.attribution.faithfulness import Faithfulness
from mmexplore.figures.escape import label
from mmexplore.figures.theme import BASE, LINE, base_figure, empty_figure

RAISES, LOWERS = "#E08A00", "#2878BE"
FEWEST = 8  # places for bars, so that one word is not a wall
_STEPS = 16  # drawn points a cell, so that the smoothing looks smooth
#: over the greyed picture; see-through where nothing is said
_SIGNED = [[0, "rgba(40,120,190,0.85)"], [0.5, "rgba(128,128,128,0)"], [1, "rgba(240,140,0,0.85)"]]
_RAISING = [[0, "rgba(240,140,0,0)"], [1, "rgba(240,140,0,0.85)"]]


def heat_map(
    square: np.ndarray, values: np.ndarray, size: int = 380, limit: float | None = None, scale: bool = True
) -> go.Figure:
    """A map over the picture, which is greyed so that the colours can be told from its own.

    Args:
        square: uint8 [s, s, 3].
        values: float [rows, columns]; amber raises the similarity, blue lowers it, nothing is see-through.
        size: height in pixels.  limit: value of the fullest colour; the map's own largest by default.
        scale: draw the colour bar.
    """
    values = np.asarray(values, float)
    rows, columns = values.shape
    signed = bool(values.min() < 0)
    top = float(limit or np.abs(values).max()) or 1.0
    figure = base_figure(height=size)
    figure.add_layout_image(
        source=_png(square), xref="x", yref="y", x=0, y=0, sizex=columns, sizey=rows, sizing="stretch", layer="below"
    )
    smooth = Image.fromarray(values.astype(np.float32)).resize(
        (columns * _STEPS, rows * _STEPS), Image.Resampling.BICUBIC
    )
    bar = {
        "thickness": 10, "len": 0.9, "outlinewidth": 0, "tickvals": [-top, 0, top] if signed else [0, top],
        "ticktext": ["lowers", "0", "raises"] if signed else ["0", "more"],
    }  # fmt: skip
    figure.add_heatmap(
        z=np.asarray(smooth),
        x0=0.5 / _STEPS,
        dx=1 / _STEPS,
        y0=0.5 / _STEPS,
        dy=1 / _STEPS,
        zmin=-top if signed else 0,
        zmax=top,
        colorscale=_SIGNED if signed else _RAISING,
        showscale=scale,
        colorbar=bar,
        hoverinfo="skip",
    )
    figure.add_heatmap(
        z=values,
        x0=0.5,
        dx=1,
        y0=0.5,
        dy=1,
        opacity=0,
        showscale=False,
        hovertemplate="row %{y:.0f}, column %{x:.0f}: %{z:+.5f}<extra></extra>",
    )
    figure.update_xaxes(visible=False, range=[0, columns], constrain="domain", fixedrange=True)
    figure.update_yaxes(visible=False, range=[rows, 0], scaleanchor="x", constrain="domain", fixedrange=True)
    figure.update_layout(margin={"l": 0, "r": 0, "t": 4, "b": 4})
    return figure


def _png(square: np.ndarray) -> str:
    """The picture in light grey, as a data address: nothing is fetched."""
    grey = np.asarray(Image.fromarray(square).convert("L"), np.float32)
    content = io.BytesIO()
    Image.fromarray((64 + 0.75 * grey).clip(0, 255).astype(np.uint8)).save(content, "PNG")
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()


def word_bars(words: Sequence[str], scores: np.ndarray, meaning: str) -> go.Figure:
    """A bar for each word [W] in reading order: amber raises the similarity, blue lowers it."""
    if not len(words):
        return empty_figure("There are no words in this text.")
    figure = base_figure("", meaning, height=300)
    names = [label(w, 24) for w in words]
    figure.add_bar(
        x=list(range(len(words))),
        y=np.asarray(scores, float),
        marker_color=[RAISES if s >= 0 else LOWERS for s in scores],
        width=0.6,
        customdata=names,
        hovertemplate="%{customdata}: %{y:+.4f}<extra></extra>",
    )
    figure.add_hline(y=0, line={"width": 1, "color": LINE})
    figure.update_xaxes(
        tickvals=list(range(len(words))),
        ticktext=names,
        showgrid=False,
        zeroline=False,
        range=[-0.6, max(len(words), FEWEST) - 0.4],
    )
    figure.update_layout(showlegend=False)
    return figure


def faithfulness_curves(found: Faithfulness, names: Mapping[str, str], what: str) -> go.Figure:
    """Two panels: the similarity while parts are hidden, and while they are shown, the most important first.

    Args:
        names: order in `found` -> what it is called; the first is drawn strongest.  what: "picture" or "text".
    """
    figure = base_figure("", "similarity", height=320)
    figure.update_layout(
        xaxis={"domain": [0, 0.47], "title": {"text": f"share of the {what} hidden"}, "tickformat": ".0%"},
        xaxis2={
            "domain": [0.53, 1],
            "title": {"text": f"share of the {what} shown"},
            "tickformat": ".0%",
            "anchor": "y2",
        },
        yaxis2={"matches": "y", "showticklabels": False, "anchor": "x2"},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
        showlegend=True,
    )
    colours = dict(zip(names, (BASE[1], BASE[0], BASE[2]), strict=False))
    for axis, curves, random in (
        ("", found.deletion, found.random_deletion),
        ("2", found.insertion, found.random_insertion),
    ):
        place = {"xaxis": f"x{axis}", "yaxis": f"y{axis}", "x": found.shares}
        first = not axis
        low, high = random.min(axis=0), random.max(axis=0)
        figure.add_scatter(**place, y=high, mode="lines", line_width=0, showlegend=False, hoverinfo="skip")
        figure.add_scatter(
            **place, y=low, mode="lines", line_width=0, fill="tonexty", fillcolor="rgba(128,134,145,0.22)",
            name=f"{len(random)} random orders", showlegend=first, hoverinfo="skip", legendrank=3000,
        )  # fmt: skip
        figure.add_scatter(
            **place, y=random.mean(axis=0), mode="lines", line={"color": LINE, "dash": "dot"}, showlegend=first,
            name="mean of random orders", legendrank=2000, hovertemplate="random: %{y:.3f}<extra></extra>",
        )  # fmt: skip
        for j, (key, name) in enumerate(names.items()):
            figure.add_scatter(
                **place,
                y=curves[key],
                mode="lines+markers" if j == 0 else "lines",
                line={"color": colours[key], "width": 3 if j == 0 else 2},
                name=label(name, 40),
                showlegend=first,
                hovertemplate=f"{label(name, 40)}: %{{y:.3f}}<extra></extra>",
            )
    return figure
