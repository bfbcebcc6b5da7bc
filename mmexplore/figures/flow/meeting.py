"""How the modalities meet: one drawing a family, so that two families are never mistaken for one another."""

from __future__ import annotations

from collections.abc import Callable

from mmexplore.figures.flow.canvas import Canvas, bar_height
from mmexplore.figures.flow.stages import Flow
from mmexplore.figures.theme import FUSED, LINE

Levels = dict[str, float]  # modality -> y
Colours = dict[str, str]
Places = tuple[float, float, float]  # x of the parts, of the meeting, of the fused vector


def draw_meeting(canvas: Canvas, flow: Flow, level: Levels, colours: Colours, places: Places, middle: float) -> None:
    """From the parts at places[0] to the fused vector at places[2]."""
    SHAPES.get(flow.shape, _side_by_side)(canvas, flow, level, colours, places, middle)


def _parts(canvas: Canvas, flow: Flow, level: Levels, colours: Colours, x: float) -> None:
    """What each modality has become, as bars with their width."""
    for m, y in level.items():
        tall = canvas.bar(x, y, flow.part, colours[m])
        if flow.part is not None:
            canvas.words(x, y + tall / 2 + 0.13, f"{flow.part:,}", size=10)


def _side_by_side(canvas: Canvas, flow: Flow, level: Levels, colours: Colours, places: Places, middle: float) -> None:
    """The parts stacked to one long vector, and a layer."""
    part, meet, vector = places
    _parts(canvas, flow, level, colours, part)
    each = min(0.62, 0.9 * bar_height(flow.part))
    top = middle - each * len(level) / 2
    for j, (m, y) in enumerate(level.items()):
        canvas.curve(part + 0.14, y, meet - 0.5, top + each * (j + 0.5), colours[m])
        canvas.box(meet - 0.46, top + each * j, meet - 0.24, top + each * (j + 1) - 0.03, colours[m])
    canvas.line([(meet - 0.2, middle), (vector - 0.16, middle)])
    canvas.node(meet + 0.5, middle, flow.meet)
    if flow.own_heads:
        for m, y in level.items():
            canvas.line([(part + 0.14, y + 0.24), (part + 0.36, y + 0.24)], colours[m], "dot")
            canvas.box(part + 0.36, y + 0.17, part + 0.48, y + 0.31, colours[m])


def _sum(canvas: Canvas, flow: Flow, level: Levels, colours: Colours, places: Places, middle: float) -> None:
    """One weight a modality, from a scorer that sees all parts."""
    part, meet, vector = places
    _parts(canvas, flow, level, colours, part)
    top = min(level.values()) - 0.58
    canvas.words((part + meet) / 2 + 0.1, top, "scorer", size=11)
    canvas.box(part + 0.6, top - 0.17, meet - 0.35, top + 0.17, LINE, filled=False)
    at, above = (part + meet) / 2 + 0.1, top + 0.17
    for m, y in sorted(level.items(), key=lambda item: item[1]):  # no line runs through a sign
        canvas.line([(part + 0.14, y - 0.12), (part + 0.72, top + 0.17)], LINE, "dot", 1)
        canvas.line([(at, above), (at, y - 0.22)], LINE, "dot", 1)
        above = y + 0.22
        canvas.line([(part + 0.14, y), (at - 0.17, y)], colours[m])
        canvas.curve(at + 0.17, y, meet + 0.35, middle, colours[m])
        canvas.node(at, y, "α", 24, colours[m])
    canvas.node(meet + 0.5, middle, flow.meet)
    canvas.line([(meet + 0.72, middle), (vector - 0.16, middle)])


def _gates(canvas: Canvas, flow: Flow, level: Levels, colours: Colours, places: Places, middle: float) -> None:
    """A gate for every number: a column of small gates on each way."""
    part, meet, vector = places
    _parts(canvas, flow, level, colours, part)
    at, tall = (part + meet) / 2, max(0.5, bar_height(flow.part))
    for m, y in level.items():
        canvas.line([(part + 0.14, y), (at - 0.2, y)], colours[m])
        for k in range(6):  # six stand for all
            y0 = y - tall / 2 + tall * k / 6
            share = (0.9, 0.25, 0.6, 0.1, 0.75, 0.4)[(k + 2 * list(level).index(m)) % 6]
            canvas.box(at - 0.2, y0, at - 0.2 + 0.4 * share, y0 + tall / 6 - 0.03, colours[m])
        canvas.box(at - 0.2, y - tall / 2, at + 0.2, y + tall / 2 - 0.03, LINE, filled=False)
        canvas.curve(at + 0.22, y, meet + 0.3, middle, colours[m])
    canvas.words(at, min(level.values()) - 0.6, "gates z", size=11)
    canvas.node(meet + 0.5, middle, flow.meet)
    canvas.line([(meet + 0.72, middle), (vector - 0.16, middle)])


def _tensor(canvas: Canvas, flow: Flow, level: Levels, colours: Colours, places: Places, middle: float) -> None:
    """A grid of products; more than two modalities make it a stack of grids."""
    part, meet, vector = places
    _parts(canvas, flow, level, colours, part)
    sheets, cells, size = min(max(len(level) - 1, 1), 4), 5, 0.19
    left, top = meet - 0.45, middle - cells * size * 1.0 / 2
    for m, y in level.items():
        canvas.curve(part + 0.14, y, left - 0.12, middle, colours[m])
    for sheet in reversed(range(sheets)):
        x0, y0 = left + 0.1 * sheet, top - 0.12 * sheet
        for k in range(cells + 1):
            canvas.line([(x0, y0 + k * size), (x0 + cells * size, y0 + k * size)], FUSED, width=1)
            canvas.line([(x0 + k * size, y0), (x0 + k * size, y0 + cells * size)], FUSED, width=1)
    if flow.count:
        canvas.words(left + cells * size / 2, top + cells * size + 0.2, f"{flow.count:,}", size=11)
    canvas.line([(left + cells * size + 0.1 * sheets, middle), (vector - 0.16, middle)])
    canvas.words(left - 0.05, top - 0.12 * sheets - 0.12, flow.meet, size=15)


def _low_rank(canvas: Canvas, flow: Flow, level: Levels, colours: Colours, places: Places, middle: float) -> None:
    """R products side by side, added up."""
    part, meet, vector = places
    _parts(canvas, flow, level, colours, part)
    shown = min(max(flow.count, 1), 4)
    for r in range(shown):
        y = middle + (r - (shown - 1) / 2) * 0.62
        for m, start in level.items():
            canvas.curve(part + 0.14, start, meet - 0.4, y, colours[m])
        canvas.node(meet - 0.2, y, flow.meet, 26)
        canvas.curve(meet - 0.02, y, meet + 0.75, middle)
    canvas.words(meet - 0.2, middle - shown * 0.31 - 0.2, f"R = {flow.count}", size=11)
    canvas.node(meet + 0.9, middle, "Σ")
    canvas.line([(meet + 1.1, middle), (vector - 0.16, middle)])


def _tokens(canvas: Canvas, flow: Flow, level: Levels, colours: Colours, places: Places, middle: float) -> None:
    """Every token looks at every other; the summary token is read."""
    part, meet, vector = places
    _parts(canvas, flow, level, colours, part)
    right = meet + 0.55
    ys = {"": min(level.values()) - 0.55, **level}
    for a, ya in ys.items():
        for b, yb in ys.items():
            canvas.line([(part + 0.3, ya), (right - 0.14, yb)], colours.get(b, LINE), "dot" if a != b else "solid", 1)
    for m, y in ys.items():
        for x in (part + 0.3, right):
            canvas.node(x, y, "s" if m == "" else "", 20 if m == "" else 15, colours.get(m, FUSED))
    canvas.words(part + 0.1, ys[""], "summary", "right", 11)
    canvas.curve(right + 0.16, ys[""], vector - 0.16, middle, FUSED)


def _bottleneck(canvas: Canvas, flow: Flow, level: Levels, colours: Colours, places: Places, middle: float) -> None:
    """Own lanes, joined by a few shared tokens only."""
    part, meet, vector = places
    _parts(canvas, flow, level, colours, part)
    shown, at, right = min(max(flow.count, 1), 6), (part + meet) / 2 + 0.2, meet + 0.6
    tokens = [middle + (k - (shown - 1) / 2) * 0.26 for k in range(shown)]
    for m, y in level.items():
        canvas.line([(part + 0.14, y), (right, y)], colours[m])
        for x0, x1 in ((part + 0.3, at), (right - 0.1, at)):
            canvas.line([(x0, y), (x1, tokens[len(tokens) // 2])], colours[m], "dot", 1.2)
        canvas.curve(right, y, vector - 0.16, middle, colours[m])
        canvas.node(right, y, "", 13, colours[m])
    for y in tokens:
        canvas.node(at, y, "", 14, FUSED)
    canvas.words(at, tokens[0] - 0.24, "shared tokens", size=11)


def _loop(canvas: Canvas, flow: Flow, level: Levels, colours: Colours, places: Places, middle: float) -> None:
    """The fused vector goes back to every part."""
    part, meet, vector = places
    _parts(canvas, flow, level, colours, part)
    for m, y in level.items():
        canvas.curve(part + 0.14, y, meet - 0.05, middle, colours[m])
    canvas.node(meet + 0.15, middle, flow.meet)
    canvas.line([(meet + 0.37, middle), (vector - 0.16, middle)])
    low = max(level.values()) + 0.5
    canvas.line([(vector, middle + 0.62), (vector, low), (part + 0.45, low)], FUSED, "dash")
    for y in level.values():
        canvas.line([(part + 0.45, low), (part + 0.45, y + 0.16), (part + 0.18, y + 0.16)], FUSED, "dash", 1.2)
    canvas.words((part + vector) / 2 + 0.3, low - 0.15, f"back to every modality, {flow.count} times", size=11)


def _experts(canvas: Canvas, flow: Flow, level: Levels, colours: Colours, places: Places, middle: float) -> None:
    """Each modality answers on its own (small histograms); the answers meet."""
    part, meet, vector = places
    for j, (m, y) in enumerate(level.items()):
        heights = [(0.12, 0.34, 0.5, 0.2, 0.08), (0.3, 0.5, 0.14, 0.1, 0.2), (0.1, 0.2, 0.24, 0.5, 0.12)][j % 3]
        shown = heights if flow.fused and flow.fused > 1 else heights[1:2]
        for k, h in enumerate(shown):
            x = part - 0.1 + 0.13 * k
            canvas.box(x, y + 0.26 - h, x + 0.1, y + 0.26, colours[m])
        canvas.curve(part + 0.66, y, meet + 0.3, middle, colours[m])
        canvas.words(part + 0.7, y + 0.2, f"{flow.part:,}", "left", 10)
    canvas.node(meet + 0.5, middle, flow.meet, 36 if len(flow.meet) > 1 else 30)
    canvas.line([(meet + 0.76, middle), (vector - 0.16, middle)])


def _gaussians(canvas: Canvas, flow: Flow, level: Levels, colours: Colours, places: Places, middle: float) -> None:
    """A Gaussian a modality; the joint one at the meeting: sharper for a product, all of them for a mixture."""
    part, meet, vector = places
    for j, (m, y) in enumerate(level.items()):
        canvas.bell(part + 0.35, y, colours[m], (0.8, 1.1, 0.65)[j % 3])
        canvas.words(part + 0.35, y + 0.33, "μ, σ" if flow.part is None else f"μ, σ: {flow.part:,} each", size=10)
        canvas.curve(part + 0.78, y, meet + 0.05, middle, colours[m])
    canvas.node(meet + 0.25, middle, flow.meet, 30 if len(flow.meet) <= 2 else 42)
    if flow.meet == "Π":
        canvas.bell(meet + 1.05, middle, FUSED, 2.2)
    else:
        for j, m in enumerate(level):
            canvas.bell(meet + 0.85 + 0.4 * j / max(len(level) - 1, 1), middle, colours[m], 2.0, 0.6)
    canvas.line([(meet + 1.45, middle), (vector - 0.16, middle)])


def _codes(canvas: Canvas, flow: Flow, level: Levels, colours: Colours, places: Places, middle: float) -> None:
    """A code a modality, averaged."""
    part, meet, vector = places
    _parts(canvas, flow, level, colours, part)
    for m, y in level.items():
        canvas.curve(part + 0.14, y, meet + 0.15, middle, colours[m])
    canvas.node(meet + 0.4, middle, flow.meet, 40)
    canvas.line([(meet + 0.68, middle), (vector - 0.16, middle)])


def _shared(canvas: Canvas, flow: Flow, level: Levels, colours: Colours, places: Places, middle: float) -> None:
    """Each modality keeps a vector of its own, all in one space: a cloud in which pairs lie close."""
    part, meet, vector = places
    _parts(canvas, flow, level, colours, part)
    left, right, half = meet + 0.1, vector + 1.1, 0.5 * max(len(level), 2) * 0.85
    canvas.box(left, middle - half, right, middle + half, LINE, filled=False)
    canvas.words((left + right) / 2, middle - half - 0.16, "one space: cosines can be compared", size=11)
    spots = [(0.22, 0.3), (0.68, 0.22), (0.45, 0.62), (0.82, 0.72), (0.2, 0.8)]
    for j, (m, y) in enumerate(level.items()):
        canvas.curve(part + 0.14, y, left, middle + (j - (len(level) - 1) / 2) * 0.2, colours[m])
        for fx, fy in spots:
            x = left + (right - left) * fx + 0.1 * (j - (len(level) - 1) / 2)
            canvas.node(x, middle - half + 2 * half * fy + 0.07 * (j % 2), "", 8, colours[m])


def _adversary(canvas: Canvas, flow: Flow, level: Levels, colours: Colours, places: Places, middle: float) -> None:
    """The shared space, and a discriminator whose gradient is turned round."""
    _shared(canvas, flow, level, colours, places, middle)
    low = max(level.values()) + 0.5
    canvas.line(
        [(places[2], middle + 0.425 * max(len(level), 2)), (places[2], low), (places[0] + 0.3, low)], LINE, "dash"
    )
    canvas.words((places[0] + places[2]) / 2 + 0.2, low - 0.14, "which modality was it? gradient reversed", size=11)


SHAPES: dict[str, Callable[[Canvas, Flow, Levels, Colours, Places, float], None]] = {
    "side by side": _side_by_side,
    "sum": _sum,
    "gates": _gates,
    "tensor": _tensor,
    "low rank": _low_rank,
    "tokens": _tokens,
    "bottleneck": _bottleneck,
    "loop": _loop,
    "experts": _experts,
    "gaussians": _gaussians,
    "codes": _codes,
    "shared": _shared,
    "adversary": _adversary,
}
