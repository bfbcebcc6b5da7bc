"""Figures of missing modalities: every row is counted, every score is where it was measured."""

from __future__ import annotations

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from mmexplore.figures.patterns import missing_pattern, subset_columns
from mmexplore.figures.robustness import moved_point, score_curves
from mmexplore.robustness.curves import curve
from mmexplore.robustness.subsets import Subset

NASTY = "<script>x</script> $a$ %{y}"
SHARES = np.array([0.0, 0.5, 1.0])
GROUPS = np.array(list("abcdefgh"))


def curves(modalities: list[str]) -> list:
    random = np.random.default_rng(0)
    made = []
    for m in modalities:
        made.append(curve(NASTY, m, SHARES, random.random((3, 3, 8)), GROUPS))
        made.append(curve("late product", m, SHARES, np.full((3, 3, 8), 0.5), GROUPS, reference=True))
    return made


def subsets(names: list[str]) -> dict[str, list[Subset]]:
    found = [Subset(tuple(names[: i + 1]), 0.2 + i / 10, [0.1, 0.4 + i / 10], 5, 0.3) for i in range(len(names))]
    return {NASTY: found, "other": found[::-1]}


FIGURES = {
    "pattern": lambda: missing_pattern(np.random.default_rng(0).random((90, 3)) > 0.4, [NASTY, "b", "c"], 3),
    "curves": lambda: score_curves(curves([NASTY, "b", "c", "d", "e", "f"]), 0.1, "Accuracy"),
    "subsets": lambda: subset_columns(subsets([NASTY, "b", "c"]), [NASTY, "b", "c"], 0.1, "Accuracy"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_house_style_and_nothing_typed_acts_as_markup(name):
    text = FIGURES[name]().to_json()
    assert "<script" not in text and "\\u003cscript" not in text and "$a$" not in text
    layout = json.loads(text)["layout"]
    assert layout["paper_bgcolor"] == "rgba(0,0,0,0)" and "title" not in layout


def test_ticks_of_neighbouring_panels_do_not_touch():
    """At 768 px a panel of three is about 190 px wide, 19 px from the next: half a label stands out at either end."""
    layout = json.loads(score_curves(curves(["a", "b", "c"]), 0.1, "Accuracy").to_json())["layout"]
    for axis in ("xaxis", "xaxis2", "xaxis3"):
        assert layout[axis]["tickvals"] == [0, 0.5, 1] and layout[axis]["title"]["text"].endswith("%")
        assert max(map(len, layout[axis]["ticktext"])) == 3


def test_every_row_is_counted_once_whatever_is_shown():
    random = np.random.default_rng(0)
    present = random.random((5000, 9)) > 0.4
    n_patterns = len(np.unique(present, axis=0))
    assert n_patterns > 200
    bars = missing_pattern(present, [f"modality {i}" for i in range(9)]).data[0]
    assert len(bars.y) == 21 and sum(bars.y) == 5000
    assert bars.hovertext[-1].startswith(f"{n_patterns - 20:,} other patterns")
    assert list(bars.y[:20]) == sorted(bars.y[:20], reverse=True)


def test_the_bars_at_the_right_count_each_modality_and_dots_say_who_is_there():
    present = np.array([[1, 1]] * 5 + [[1, 0]] * 3 + [[0, 1]] * 2, bool)
    figure = missing_pattern(present, ["a", "b"])
    right = next(t for t in figure.data if t.type == "bar" and t.orientation == "h")
    assert list(right.x) == [8, 7]
    dots = [t for t in figure.data if t.type == "scatter" and t.mode == "markers"]
    assert [c != "rgba(0,0,0,0)" for c in dots[0].marker.color] == [True, True, False]
    assert [c != "rgba(0,0,0,0)" for c in dots[1].marker.color] == [True, False, True]


def test_curves_are_drawn_where_they_were_measured_one_panel_a_modality():
    made = curves(["a", "b"])
    figure = score_curves(made, 0.1, "Accuracy")
    lines = [t for t in figure.data if t.mode == "lines+markers"]
    assert [np.allclose(t.y, c.score) for t, c in zip(lines, made[::2], strict=True)] == [True, True]
    assert {t.xaxis for t in lines} == {"x", "x2"}
    shown = [t.name for t in figure.data if t.showlegend]
    assert len(shown) == 3 and sum("chance" in n for n in shown) == 1


@pytest.mark.parametrize(("chance", "on_it"), [(0.2, True), (-3.0, False)])
def test_chance_far_below_does_not_press_the_curves_flat(chance, on_it):
    figure = score_curves(curves(["a"]), chance, "R2", percent=False)
    low, _ = figure.layout.yaxis.range
    assert (low < chance) == on_it
    assert any(("(below)" in t.name) != on_it for t in figure.data if t.name and "chance" in t.name)


def test_nothing_to_draw_is_said():
    for figure in (score_curves([], 0.1, "Accuracy"), subset_columns({"a": []}, ["x"], 0.1, "Accuracy")):
        assert len(figure.data) == 0 and figure.layout.annotations[0].text.endswith(".")


def test_only_the_item_moves():
    back = go.Figure(go.Scattergl(x=[0, 1], y=[0, 1], marker={"opacity": 0.8}))
    full, near = np.array([0.2, 0.3]), np.array([[0.0, 0.1]])
    one, two = (moved_point(back, full, np.array([x, 0.9]), near, near) for x in (0.5, 0.7))
    assert back.data[0].marker.opacity == 0.8  # the figure that is kept stays as it is
    moved = [(a.name, list(a.x) != list(b.x)) for a, b in zip(one.data, two.data, strict=True)]
    assert [name for name, did in moved if did and name] == ["with what is left"]
