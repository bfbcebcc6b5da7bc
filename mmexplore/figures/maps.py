"""Maps of points: one space, several linked ones, and the joint map with pair lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from mmexplore.latent.projection import Projection

MAX_LINES = 2000


def scatter_map(projection: Projection, colour: Sequence[object] | np.ndarray | None = None, colour_name: str = "",
                titles: Sequence[str] | None = None, captions: Sequence[str] | None = None,
                selected: Sequence[int] | np.ndarray | None = None, height: int = 460,
                legend: bool = True) -> go.Figure:
    """A 2-D (WebGL) or 3-D map; each point's customdata is its row index and nothing else.

    Args:
        projection: the points.
        colour: a column [N] of the whole data set (classes or numbers); one colour when None.
        titles, captions: [N], shown on hover (escaped here).
        selected: rows to stand out; the others fade.
        legend: show it (the three linked maps share one).

    Colours depend on `colour` as a whole, not on what is drawn: linked maps agree.
    """


def linked_maps(projections: Mapping[str, Projection], colour: Sequence[object] | np.ndarray | None = None,
                colour_name: str = "", titles: Sequence[str] | None = None, captions: Sequence[str] | None = None,
                selected: Sequence[int] | np.ndarray | None = None, height: int = 380) -> dict[str, go.Figure]:
    """One map a space in one style (name -> figure); only the last one carries the legend."""


def joint_map(projections: Mapping[str, Projection], pairs: bool = True, colour: Sequence[object] | np.ndarray | None = None,
              colour_name: str = "", titles: Sequence[str] | None = None, captions: Mapping[str, Sequence[str]] | None = None,
              selected: Sequence[int] | np.ndarray | None = None, height: int = 560, max_lines: int = MAX_LINES) -> go.Figure:
    """Several modalities of one space on one map: a colour and a symbol each (or `colour` by a column and only the
    symbol by modality), thin lines between the modalities of a row.

    At most `max_lines` rows get lines (the selected ones first); the legend says how many of how many.
    """
