"""One look for every figure: colours that colour-blind people can tell apart, on dark and on light pages alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

# For st.plotly_chart(config=CONFIG): the PNG button gives a sharp picture, no logo, no call home.
CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "toImageButtonOptions": {"format": "png", "filename": "mmexplore", "scale": 2},
    "scrollZoom": True,
    "typesetMath": False,
    "responsive": True,
}


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
    """Colours for a column of classes [N]; any number of classes ("" and None become "(none)")."""


def is_continuous(values: Sequence[object] | np.ndarray) -> bool:
    """Should this column be drawn on a colour ramp (numbers with more than 12 different values)?"""


def palette(n: int) -> list[str]:
    """n distinct colours: the first 8 are Okabe-Ito's (adapted to both backgrounds), then golden-angle hues."""


def modality_colours(modalities: Sequence[str]) -> dict[str, str]:
    """A colour for each modality, by its place: the same in every view. "fused" has its own."""


def base_figure(x_title: str = "", y_title: str = "", height: int = 360) -> go.Figure:
    """An empty figure in the house style: transparent, small margins, axes labelled, no title."""


def on_paper(figure: go.Figure, dark: bool = False) -> go.Figure:
    """A copy with a solid background and text colour, for export and the report (the app's pages need neither)."""
