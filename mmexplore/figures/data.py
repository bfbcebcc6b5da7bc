"""What is there and what is missing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go


def missing_pattern(present: np.ndarray, modalities: Sequence[str], max_patterns: int = 16) -> go.Figure:
    """Which modalities are present together: present bool [N, M]; one column a pattern, most frequent first."""


def class_counts(labels: Sequence[object] | np.ndarray, max_classes: int = 40) -> go.Figure:
    """Items a class, most frequent first; the rest as "other"."""
