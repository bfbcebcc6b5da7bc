"""Curves of a fit."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go


def learning_curves(history: pd.DataFrame) -> go.Figure:
    """History (epoch, part, modality, value) -> a line for each (part, modality); held-out parts are dotted, the best
    epoch of the held-out loss is marked. No rows: an empty figure that says the method has a closed form."""
