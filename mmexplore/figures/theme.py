"""One look for every figure: colours that colour-blind people can tell apart, on dark and on light pages alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mmexplore.figures.classes import NONE, class_names, count_classes
from mmexplore.figures.escape import label

# For st.plotly_chart(config=CONFIG): the PNG button gives a sharp picture, no logo, no LaTeX from outside.
CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "toImageButtonOptions": {"format": "png", "filename": "mmexplore", "scale": 2},
    "scrollZoom": True,
    "typesetMath": False,
    "responsive": True,
}

# Okabe and Ito's eight hues, with lightness moved to where they show on white and on near-black.
BASE = ("#2878BE", "#E08A00", "#009E73", "#CC5F96", "#3FAFDF", "#D1480F", "#8A6BBE", "#9A8F00")
FUSED = "#8A6BBE"
OTHER = "#8B8F96"
# Blue to amber, lightness rising evenly: readable by all, and no end vanishes in white or black.
RAMP = ["#3759A6", "#1483A5", "#38A391", "#92B352", "#ECAE30"]
TEXT = "#767C85"  # 4.2 : 1 on white, 4.5 : 1 on near-black; the app's own theme replaces it
GRID = "rgba(128,134,145,0.22)"
LINE = "rgba(128,134,145,0.55)"
FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', sans-serif"
MANY_VALUES = 12  # numbers with more different values than this are a ramp


@dataclass(frozen=True)
class CategoryScale:
    """A colour for each class.

    Attributes:
        names: classes, most frequent first.  colours: "#rrggbb", one a class.  counts: items of each.
        other: how many classes share the grey of "other" (0 mostly; above `max_classes`).
        codes: int [N], the class of each item (len(names) = other).
    """

    names: tuple[str, ...]
    colours: tuple[str, ...]
    counts: tuple[int, ...]
    other: int
    codes: np.ndarray


def categories(values: Sequence[object] | np.ndarray, max_classes: int = 240) -> CategoryScale:
    """Colours for a column of classes [N]; any number of classes ("" and None become "(none)", which is grey)."""
    texts = class_names(values)
    counts = count_classes(texts)
    shown = list(counts)[:max_classes]
    position = {name: i for i, name in enumerate(shown)}
    codes = pd.Series(texts, dtype=object).map(position).fillna(len(shown)).to_numpy(int)
    hues = iter(palette(len(shown)))
    colours = tuple(OTHER if name == NONE else next(hues) for name in shown)
    return CategoryScale(tuple(shown), colours, tuple(counts[n] for n in shown), len(counts) - len(shown), codes)


def is_continuous(values: Sequence[Any] | np.ndarray) -> bool:
    """Should this column be drawn on a colour ramp (numbers with more than 12 different values)?"""
    column = pd.Series(values)
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return bool(numeric and column.nunique() > MANY_VALUES)


def palette(n: int) -> list[str]:
    """n distinct colours: the first 8 are Okabe-Ito's (adapted to both backgrounds), then golden-angle hues at four
    lightnesses in OKLCH (Ottosson 2020)."""
    extra = [
        _oklch((0.66, 0.54, 0.76, 0.60)[i % 4], (0.14, 0.11, 0.12, 0.17)[(i // 4) % 4], i * 137.508 + 20)
        for i in range(max(n - len(BASE), 0))
    ]
    return [*BASE[:n], *extra]


def _oklch(lightness: float, chroma: float, hue: float) -> str:
    """OKLCH (0..1, 0..0.4, degrees) -> "#rrggbb"; chroma is lowered until the colour exists in sRGB."""
    for _ in range(40):
        a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
        long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
        medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
        short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
        linear = (
            4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
        )
        if min(linear) >= 0 and max(linear) <= 1:
            break
        chroma *= 0.94
    steps = [12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in np.clip(linear, 0, 1)]
    return "#" + "".join(f"{round(255 * c):02X}" for c in steps)


def ink_on(colour: str) -> str:
    """Black or white, whichever is read better on "#rrggbb" (contrast of WCAG 2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#FFFFFF" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "#000000"


def modality_colours(modalities: Sequence[str]) -> dict[str, str]:
    """A colour for each modality, by its place: the same in every view. "fused" has its own."""
    hues = [c for c in palette(len(modalities) + 2) if c != FUSED]
    return {**dict(zip(modalities, hues, strict=False)), "fused": FUSED}


def _template() -> go.layout.Template:
    """Fonts and grid lines as a template: the app's theme may replace them, a figure on its own keeps them."""
    axis = {
        "gridcolor": GRID,
        "zerolinecolor": GRID,
        "linecolor": LINE,
        "automargin": True,
        "title": {"standoff": 8},
        "ticklabelstandoff": 4,
    }
    scene_axis = {
        "gridcolor": "#9AA0A8",  # the 3-D renderer draws no transparent lines
        "zerolinecolor": "#9AA0A8",
        "linecolor": "#9AA0A8",
        "showbackground": False,
        "showticklabels": False,
        "showspikes": False,
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 12, "color": TEXT},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": list(BASE),
            "xaxis": axis,
            "yaxis": axis,
            "scene": {"xaxis": scene_axis, "yaxis": scene_axis, "zaxis": scene_axis},
            "legend": {"itemsizing": "constant", "tracegroupgap": 0, "bgcolor": "rgba(0,0,0,0)"},
            "hoverlabel": {"align": "left", "font": {"family": FONT, "size": 12}},
        }
    )


class HouseFigure(go.Figure):
    """A figure that can be settled: the copy of all its points that each rerun asks for is then made once."""

    _settled: dict[str, Any] | None = None

    def settle(self) -> HouseFigure:
        """To be called after the last change; later ones are not shown."""
        self._settled = self.to_dict()
        return self

    def to_dict(self) -> dict[str, Any]:
        """As plotly's, or what it was when the figure was settled."""
        return super().to_dict() if self._settled is None else self._settled


def base_figure(x_title: str = "", y_title: str = "", height: int = 360) -> HouseFigure:
    """An empty figure in the house style: transparent, small margins, axes labelled, no title."""
    figure = HouseFigure()
    figure.update_layout(
        template=_template(),
        height=height,
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        modebar={"bgcolor": "rgba(0,0,0,0)", "orientation": "h"},
        uirevision="keep",
    )
    figure.update_xaxes(title_text=x_title)
    figure.update_yaxes(title_text=y_title)
    return figure


def density_edges(low: float, high: float, bins: int = 60) -> np.ndarray:
    """Edges of `bins` equal bins over low..high and one empty bin at either end, where a drawn density falls to 0."""
    step = (high - low if high > low else 1e-3) / bins
    return low + step * np.arange(-1, bins + 2)


def empty_figure(message: str, height: int = 200) -> HouseFigure:
    """A figure that says in a sentence why there is nothing to draw."""
    figure = base_figure(height=height)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(text=label(message, 200), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False)
    return figure


def on_paper(figure: go.Figure, dark: bool = False) -> go.Figure:
    """A copy with a solid background and text colour, for export and the report (the app's pages need neither)."""
    copy = go.Figure(figure)
    paper, ink = ("#0E1117", "#E6E9EF") if dark else ("#FFFFFF", "#2B3038")
    copy.update_layout(paper_bgcolor=paper, plot_bgcolor=paper, font={"color": ink})
    return copy
