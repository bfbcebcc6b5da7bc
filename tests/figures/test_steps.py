"""The map after a step is framed alike for all steps; the panels show what each step changed."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.figures import steps as module
from mmexplore.figures.steps import step_changes, step_map
from mmexplore.latent.projection import project_steps

STEPS = np.random.default_rng(0).normal(size=(3, 40, 8)).astype(np.float32)
LINES = [
    {"step": 0, "cosine": None, "cosine_interval": None, "score": 0.5, "score_interval": [0.4, 0.6]},
    {"step": 1, "cosine": 0.7, "cosine_interval": [0.6, 0.8], "score": 0.9, "score_interval": [0.8, 1.0]},
]


@pytest.mark.parametrize("dims", [2, 3])
def test_every_step_has_the_same_frame_and_holds_every_point(dims):
    maps = project_steps(STEPS, dims=dims)
    figures = [step_map(maps, t) for t in range(3)]
    if dims == 2:
        frames = [(f.layout.xaxis.range, f.layout.yaxis.range) for f in figures]
    else:
        frames = [tuple(f.layout.scene[f"{a}axis"].range for a in "xyz") for f in figures]
    assert len(set(frames)) == 1
    for axis, (low, high) in enumerate(frames[0]):
        every = np.concatenate([p.points[:, axis] for p in maps])
        assert low < every.min() and every.max() < high


def test_tails_lead_from_the_step_before_and_lie_below_the_points(monkeypatch):
    maps = project_steps(STEPS)
    assert len(step_map(maps, 0).data) == len(step_map(maps, 1, tails=False).data) == len(step_map(maps, 1).data) - 1
    tail = step_map(maps, 1).data[0]
    np.testing.assert_array_equal(np.array(tail.x)[0::3], maps[0].points[:, 0])
    np.testing.assert_array_equal(np.array(tail.x)[1::3], maps[1].points[:, 0])
    assert np.isnan(np.array(tail.x)[2::3]).all()
    monkeypatch.setattr(module, "MAX_TAILS", 10)
    few = step_map(maps, 1).data[0]
    assert len(few.x) == 30 and few.name.endswith("(10 of 40 drawn)")


def test_two_panels_with_labels_one_without():
    figure = step_changes(LINES, 1, "accuracy", 0.25)
    cosine, score, chance = figure.data
    assert list(cosine.x) == [1] and list(cosine.y) == [0.7] and list(score.y) == [0.5, 0.9]
    assert list(score.marker.symbol) == ["circle-open", "circle"], "the step that is looked at is filled"
    assert list(chance.y) == [0.25, 0.25] and figure.layout.yaxis2.title.text == "accuracy"
    assert len(step_changes(LINES, 0).data) == 1


def test_a_small_turn_looks_small():
    def axis(*cosines):
        lines = [LINES[0], *(LINES[1] | {"cosine": c, "cosine_interval": [c, c]} for c in cosines)]
        return step_changes(lines, 0).layout.yaxis.range

    assert axis(0.995, 0.997) == axis(0.9999) and axis(0.995)[0] < 0.9 and axis(0.995)[1] > 1
    assert axis(0.2)[0] < 0.2
