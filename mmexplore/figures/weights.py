"""Modality weights: an item, a class, the whole data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go


def item_bars(
    weights: np.ndarray,
    modalities: Sequence[str],
    names: Sequence[str],
    source: str = "learned",
    captions: Sequence[str] | None = None,
) -> go.Figure:
    """One stacked bar an item: weights [n, M] (rows sum to 1), `names` [n] beside the bars, first item on top."""


def weight_bar(weights: np.ndarray, modalities: Sequence[str]) -> go.Figure:
    """One slim stacked bar for one item's weights [M]: for a card in a grid; no axes."""


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


def class_bars(
    per_class: Mapping[str, Sequence[float] | np.ndarray], modalities: Sequence[str], source: str = "learned"
) -> go.Figure:
    """Mean weights [M] of each class as stacked bars; above 24 classes a heat map."""


def class_heatmap(
    per_class: Mapping[str, Sequence[float] | np.ndarray], modalities: Sequence[str], source: str = "learned"
) -> go.Figure:
    """Mean weights [M] of each class as a heat map (classes down, modalities across)."""


def weight_against_contribution(
    weights: np.ndarray,
    contributions: np.ndarray,
    modalities: Sequence[str],
    rows: Sequence[int] | np.ndarray | None = None,
    titles: Sequence[str] | None = None,
    contribution_name: str = "share of the contribution norm",
) -> go.Figure:
    """Learned weight (x) against a second measure (y), both [N, M], a colour a modality; the diagonal = agreement."""


def entropy_histogram(entropy: np.ndarray, n_modalities: int) -> go.Figure:
    """Entropy of each item's weights (nats), with the marks of "one modality only" (0) and "even" (log M)."""
