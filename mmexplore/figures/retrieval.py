"""How well one modality finds another, beside chance; what a similarity means; what the gap slider does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from mmexplore.retrieval.metrics import RetrievalReport
from mmexplore.retrieval.rescore import Hubness
from mmexplore.retrieval.thermometer import Thermometer


def recall_bars(reports: Sequence[RetrievalReport] | Mapping[str, RetrievalReport]) -> go.Figure:
    """R@1 / 5 / 10 of each report (a direction, or a named method) with its interval; a tick marks chance."""


def rank_histogram(report: RetrievalReport) -> go.Figure:
    """In which places the true matches lie (log-spaced bins), with the median and the median under chance."""


def thermometer_figure(thermometer: Thermometer, score: float | None = None) -> go.Figure:
    """Similarities of random and of true pairs as two densities; a line where `score` lies."""


def gap_curve(
    amounts: Sequence[float],
    reports: Mapping[str, Sequence[RetrievalReport]],
    gaps: Sequence[float] | None = None,
    chosen: float | None = None,
    metric: str = "r1",
) -> go.Figure:
    """A recall (direction -> one report an amount) against how far the clouds were moved together; the gap beside it."""


def hub_histogram(hubs: Hubness) -> go.Figure:
    """How many items turn up how often among the k nearest (N_k), log counts."""
