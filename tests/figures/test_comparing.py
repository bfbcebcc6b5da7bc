"""The race drawn: the numbers that were given, the best on top, nothing of a stranger's as markup."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmexplore.figures.comparing import race_figure

RESULTS = [
    {"name": "b", "title": "<b>Better</b>", "baseline": False, "score": 0.8, "score_interval": [0.7, 0.85],
     "score_with_missing": 0.6, "score_with_missing_interval": [0.5, 0.7], "recall@10": 0.3},
    {"name": "late product", "title": "Late", "baseline": True, "score": 0.75, "score_interval": [0.7, 0.8],
     "score_with_missing": None, "recall@10": 0.4},
    {"name": "w", "title": "Worst", "baseline": False, "score": -0.2, "score_interval": [-0.3, 0.1],
     "recall@10": 0.1},
]  # fmt: skip


def dots(figure, name):
    return next(t for t in figure.data if t.name and t.name.startswith(name))


def test_scores_intervals_and_holes_stand_where_they_belong():
    figure = race_figure(RESULTS, "accuracy", 0.1, "late product", missing=0.5)
    method, baseline, holes = dots(figure, "method"), dots(figure, "baseline"), dots(figure, "with 50%")
    assert list(method.x) == [0.8, -0.2] and list(method.y) == [0, 2]
    assert list(baseline.x) == [0.75] and list(baseline.y) == [1]
    assert np.allclose(method.error_x.array, [0.05, 0.3]) and np.allclose(method.error_x.arrayminus, [0.1, 0.1])
    assert list(holes.x) == [0.6] and list(holes.y) == [0]
    lines = sorted(s.x0 for s in figure.layout.shapes)
    assert lines == [0.1, 0.75]
    assert figure.layout.yaxis.range == (2.5, -0.5), "the best is on top"


def test_another_measure_is_ordered_anew():
    figure = race_figure(RESULTS, "recall", value="recall@10")
    assert figure.layout.yaxis.ticktext[0] == "Late"
    assert not [t for t in figure.data if t.name.startswith("with")]


def test_strangers_words_are_text():
    text = json.dumps(race_figure(RESULTS, "<i>accuracy</i>", missing=0.5).to_dict(), default=str)
    assert "<b>" not in text and "<i>" not in text


@pytest.mark.parametrize("results", [[], [{"name": "x", "title": "x", "baseline": False, "score": None}]])
def test_nothing_to_draw_is_said(results):
    assert "Nothing" in race_figure(results, "accuracy").layout.annotations[0].text
