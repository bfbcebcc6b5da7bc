"""Curves of a fit."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from mmexplore.figures.escape import label
from mmexplore.figures.theme import BASE, LINE, TEXT, base_figure, empty_figure, modality_colours

KEPT = "kept"  # the history's row that names the epoch whose weights were kept


def learning_curves(history: pd.DataFrame, modalities: Sequence[str] = ()) -> go.Figure:
    """History (epoch, part, modality, value) -> a line for each (part, modality).

    Args:
        modalities: in the order of the data, so that each has the colour it has in other figures.

    Losses on the left, scores ("train accuracy" ...) on the right where there are any. Train is dotted, held-out
    ("val ...") solid, a vertical line marks the epoch that was kept. Where each side shows one quantity, the legend
    names a colour once for both sides. No rows: a figure that says so.
    """
    curves = history[history["part"] != KEPT]
    if curves.empty:
        return empty_figure("This method has a closed form: there is nothing to watch while it learns.")
    figure = base_figure("epoch", "loss")
    parts = curves["part"].str.split(" ", n=1, expand=True).reindex(columns=[0, 1])
    quantities = parts[1].fillna(parts[0])
    panels = [q for q in dict.fromkeys(quantities) if "loss" not in q]
    if panels and len(panels) < len(quantities.unique()):
        figure.update_layout(
            xaxis={"domain": [0, 0.46]}, xaxis2={"domain": [0.56, 1], "anchor": "y2"}, yaxis2={"anchor": "x2"}
        )
        figure.update_layout(
            xaxis2_title_text="epoch", yaxis2_title_text=label(panels[0] if len(panels) == 1 else "score")
        )
    elif panels:
        figure.update_yaxes(title_text=label(panels[0] if len(panels) == 1 else "score"))
    names = [m for m in dict.fromkeys([*modalities, *curves["modality"]]) if m]
    colours = {**modality_colours(names), "": TEXT} if names else {"": BASE[0]}
    several = len(panels) < len(quantities.unique())
    shared = len(panels) <= 1 and len(quantities.unique()) - len(panels) <= 1
    named: set[str] = set()
    for (part, modality), line in curves.groupby(["part", "modality"], sort=False):
        right = bool(panels) and several and "loss" not in str(part)
        name = _name(str(part), str(modality)) if shared else f"{part} · {modality}" if modality else str(part)
        figure.add_scatter(
            x=line["epoch"],
            y=line["value"],
            name=label(name, 40),
            legendgroup=label(name, 40),
            showlegend=name not in named,
            mode="lines",
            line={
                "color": colours[str(modality)],
                "width": 2,
                "dash": "dot" if str(part).startswith("train") else "solid",
            },
            xaxis="x2" if right else "x",
            yaxis="y2" if right else "y",
            hovertemplate="epoch %{x}: %{y:.4g}",
        )
        named.add(name)
    kept = history.loc[history["part"] == KEPT, "epoch"]
    if len(kept):
        for axis in ("x", "x2") if panels and several else ("x",):
            figure.add_shape(
                type="line",
                x0=kept.iloc[-1],
                x1=kept.iloc[-1],
                y0=0,
                y1=1,
                xref=axis,
                yref="y domain" if axis == "x" else "y2 domain",
                line={"color": LINE, "dash": "dash", "width": 1},
            )
        figure.add_annotation(x=kept.iloc[-1], y=1, yref="y domain", yanchor="bottom", text="kept", showarrow=False)
    # The legend's lines would press the axes together until their title stood among them.
    figure.update_layout(height=360 + 19 * (len(named) // 4))
    figure.update_layout(legend={"orientation": "h", "y": -0.26, "yanchor": "top", "x": 0}, showlegend=True)
    return figure


def _name(part: str, modality: str) -> str:
    """In the legend: of which rows, and with what shown."""
    rows = "train" if part.startswith("train") else "held out"
    return f"{rows}, only {modality} shown" if modality else rows
