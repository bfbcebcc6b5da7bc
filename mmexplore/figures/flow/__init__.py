"""The way of the vectors through a method, drawn with the sizes of the data: every family has a shape of its own."""

from __future__ import annotations

import plotly.graph_objects as go

from mmexplore.figures.flow.canvas import Canvas
from mmexplore.figures.flow.meeting import draw_meeting
from mmexplore.figures.flow.stages import Flow
from mmexplore.figures.theme import FUSED, modality_colours

MODALITY, PART, MEET, VECTOR, END = 1.75, 3.7, 5.75, 7.6, 8.9  # where each stage stands, 0 to 10


def flow_diagram(flow: Flow) -> go.Figure:
    """Modalities -> what each becomes -> where they meet -> the fused vector -> what is made of it, left to right.

    A vector is a bar whose height is the logarithm of its width, the width is written beside it.
    """
    names = list(flow.dims)
    colours = modality_colours(names)
    rows = max(len(names), 2 if not flow.rebuilds else 3)
    canvas = Canvas(rows + 1.5)
    level = {m: 0.9 + j + (rows - len(names)) / 2 for j, m in enumerate(names)}
    middle = 0.4 + rows / 2
    for m, d in flow.dims.items():
        canvas.words(MODALITY - 0.25, level[m] - 0.13, m, "right", limit=16)
        canvas.words(MODALITY - 0.25, level[m] + 0.16, f"{d:,}", "right", 11)
        canvas.bar(MODALITY, level[m], d, colours[m])
        canvas.line([(MODALITY + 0.14, level[m]), (PART - 0.14, level[m])], colours[m])
    canvas.words(MODALITY - 0.11, min(level.values()) - 0.6, flow.step, "left", 11, limit=26)
    draw_meeting(canvas, flow, level, colours, (PART, MEET, VECTOR), middle)
    if flow.shape not in ("shared", "adversary"):
        _vector(canvas, flow, middle)
        _ends(canvas, flow, level, colours, middle)
    canvas.words(5, rows + 1.15, flow.how[:1].upper() + flow.how[1:], size=12, limit=100)
    return canvas.figure()


def _vector(canvas: Canvas, flow: Flow, middle: float) -> None:
    """The fused vector."""
    tall = canvas.bar(VECTOR, middle, flow.fused, FUSED)
    title = {"experts": "answer", "codes": "code", "gaussians": "code"}.get(flow.shape, "fused")
    canvas.words(VECTOR, middle - tall / 2 - 0.17, title, size=12)
    if flow.fused is not None:
        canvas.words(VECTOR, middle + tall / 2 + 0.17, f"{flow.fused:,}", size=11)


def _ends(canvas: Canvas, flow: Flow, level: dict[str, float], colours: dict[str, str], middle: float) -> None:
    """Heads, and (where every modality is rebuilt) decoders."""
    if flow.rebuilds:
        for m, d in flow.dims.items():
            canvas.curve(VECTOR + 0.16, middle, END - 0.14, level[m], colours[m], "dot")
            canvas.bar(END, level[m], d, colours[m])
            canvas.words(END + 0.2, level[m], m, "left", 11, limit=12)
        canvas.words((VECTOR + END) / 2, min(level.values()) - 0.6, "decoders", size=11)
    for words, numbers in flow.ends:
        if flow.rebuilds:  # a head beside the decoders: a regression on the code
            low = max(level.values()) + 0.52
            canvas.line([(VECTOR, middle + 0.75), (VECTOR, low), (END - 0.3, low)])
            canvas.words(END - 0.2, low, words if numbers is None else f"{numbers:,} {words}", "left", 11, limit=20)
            continue
        canvas.line([(VECTOR + 0.16, middle), (END - 0.25 if flow.shape != "experts" else VECTOR + 0.3, middle)])
        if numbers is not None:
            canvas.bar(END, middle, numbers, FUSED)
            canvas.words(END + 0.22, middle, f"{numbers:,} {words}", "left", 12, limit=16)
        else:
            canvas.words(END - 0.2 if flow.shape != "experts" else VECTOR + 0.35, middle, words, "left", 12, limit=22)
