"""Bars, lines, nodes and words on a plotly figure, in a plane of 10 by `rows` units, y downwards."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import plotly.graph_objects as go

from mmexplore.figures.escape import label
from mmexplore.figures.theme import LINE, base_figure

ROW = 58  # pixels of one unit of y
WIDTH = 10.0
TALLEST = 4096  # numbers at which a bar has its full height


class Canvas:
    """Collects what is drawn; `figure()` gives it back as one plotly figure."""

    def __init__(self, rows: float) -> None:
        self.rows = rows
        self.drawn = base_figure(height=int(ROW * rows) + 40)
        self.drawn.update_layout(margin={"l": 4, "r": 4, "t": 8, "b": 8}, showlegend=False, hovermode=False)
        self.drawn.update_layout(dragmode=False)
        self.drawn.update_xaxes(visible=False, range=[0, WIDTH], fixedrange=True)
        self.drawn.update_yaxes(visible=False, range=[rows, 0], fixedrange=True)
        self.paths: dict[tuple[str, str, float], list[tuple[float, float]]] = defaultdict(list)

    def bar(self, x: float, y: float, numbers: int | None, colour: str, height: float | None = None) -> float:
        """A vector as an upright bar, its height the logarithm of how many numbers it has; returns the height."""
        tall = bar_height(numbers) if height is None else height
        self.box(x - 0.11, y - tall / 2, x + 0.11, y + tall / 2, colour)
        return tall

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: str, filled: bool = True) -> None:
        """A rectangle; an unfilled one has a dashed border."""
        self.drawn.add_shape(
            type="rect", x0=x0, x1=x1, y0=y0, y1=y1, layer="above" if filled else "below",
            fillcolor=colour if filled else "rgba(0,0,0,0)",
            line={"color": colour, "width": 0 if filled else 1, "dash": "solid" if filled else "dot"},
        )  # fmt: skip

    def line(
        self, points: list[tuple[float, float]], colour: str = LINE, dash: str = "solid", width: float = 1.6
    ) -> None:
        """A polyline through these points."""
        self.paths[colour, dash, width] += [*points, (np.nan, np.nan)]

    def curve(self, x0: float, y0: float, x1: float, y1: float, colour: str = LINE, dash: str = "solid") -> None:
        """A line that leaves and arrives level."""
        t = np.linspace(0, 1, 24)
        ease = t * t * (3 - 2 * t)
        self.line(list(zip(x0 + (x1 - x0) * t, y0 + (y1 - y0) * ease, strict=True)), colour, dash)

    def bell(self, x: float, y: float, colour: str, sharp: float = 1.0, wide: float = 0.8, tall: float = 0.42) -> None:
        """A Gaussian; `sharp` > 1 is narrower."""
        t = np.linspace(-1, 1, 41)
        up = np.exp(-0.5 * (3 * sharp * t) ** 2)
        self.line(list(zip(x + wide / 2 * t, y + tall / 2 - tall * up, strict=True)), colour, width=2)

    def node(self, x: float, y: float, sign: str, size: float = 30, colour: str = LINE) -> None:
        """A round node with a sign in it."""
        self.drawn.add_scatter(
            x=[x],
            y=[y],
            mode="markers+text",
            text=[sign],
            textposition="middle center",
            marker={"size": size, "color": "rgba(128,134,145,0.16)", "line": {"width": 1.5, "color": colour}},
            textfont={"size": 13 if len(sign) <= 2 else 10},
            hoverinfo="skip",
            cliponaxis=False,
        )

    def words(
        self, x: float, y: float, text: str, anchor: str = "center", size: int = 12, limit: int = 90, colour: str = ""
    ) -> None:
        """A line of words; `anchor`: left, center, right."""
        font = {"size": size} | ({"color": colour} if colour else {})
        self.drawn.add_annotation(
            x=x, y=y, text=label(text, limit), showarrow=False, xanchor=anchor, yanchor="middle", font=font
        )

    def figure(self) -> go.Figure:
        traces = []
        for (colour, dash, width), points in self.paths.items():
            x, y = zip(*points, strict=True)
            line = {"color": colour, "dash": dash, "width": width}
            traces.append(go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", cliponaxis=False))
        self.drawn.add_traces(traces)
        self.drawn.data = tuple(t for t in self.drawn.data if t.mode == "lines") + tuple(
            t for t in self.drawn.data if t.mode != "lines"
        )
        return self.drawn


def bar_height(numbers: int | None) -> float:
    """0.16 for one number, 0.8 for `TALLEST` or more, the logarithm between; 0.4 where the count is not known."""
    if numbers is None:
        return 0.4
    return 0.16 + 0.64 * min(1.0, float(np.log(max(numbers, 1)) / np.log(TALLEST)))
