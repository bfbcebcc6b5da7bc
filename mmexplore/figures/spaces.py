"""The geometry of spaces: the gap, neighbour overlap, canonical correlations."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from mmexplore.latent.geometry import ModalityGap, NeighbourOverlap


def overlap_bars(overlap: NeighbourOverlap) -> go.Figure:
    """Share of the fused neighbourhood also found in each modality alone (per cent), with interval and chance."""


def gap_histogram(a: np.ndarray, b: np.ndarray, names: tuple[str, str], gap: ModalityGap) -> go.Figure:
    """Both clouds along the line between their means (unit vectors a, b [N, d]): the gap seen from the side."""


def correlations(held_out: np.ndarray | None, train: np.ndarray | None) -> go.Figure:
    """Canonical correlations of the components, fitted rows against held-out rows."""
