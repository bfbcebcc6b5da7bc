"""Deletion and insertion on scores whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.attribution.faithfulness import faithfulness
from mmexplore.attribution.regions import BASELINES, centre_weight, neutral, occlusion, region_of_pixel, with_regions

WEIGHTS = np.array([4.0, 0, 2, 0, 1, 0, 0, 0])


def additive(keep: np.ndarray) -> np.ndarray:
    return keep @ WEIGHTS


def test_areas_of_a_sum_in_closed_form():
    found = faithfulness({"true": WEIGHTS, "wrong": -WEIGHTS}, additive, "zero", steps=8)
    shown = np.cumsum([0, *np.sort(WEIGHTS)[::-1]])  # 0 4 6 7 7 ...
    assert np.allclose(found.insertion["true"], shown)
    assert np.allclose(found.deletion["true"], 7 - shown)
    assert found.areas("true")[1] == pytest.approx(np.trapezoid(shown, np.arange(9) / 8))
    assert found.margin("true") == pytest.approx(-found.margin("wrong"))


def test_random_orders_have_no_margin_and_the_true_order_beats_them():
    found = faithfulness({"true": WEIGHTS}, additive, "zero", steps=8, n_random=20)
    margins = found.random_margins
    assert len(margins) == 20
    assert margins.mean() == pytest.approx(0, abs=1e-9), "every order is there with its reverse"
    assert margins.std() > 0.5
    assert found.margin("true") > margins.max()
    assert found.beaten("true") == 1


def test_nothing_to_find_gives_no_margin():
    found = faithfulness({"any": np.arange(6.0)}, lambda keep: np.ones(len(keep)), "zero")
    assert found.margin("any") == 0
    assert found.beaten("any") == 0.5


def test_no_row_is_asked_twice_and_the_seed_decides():
    asked = []

    def score(keep: np.ndarray) -> np.ndarray:
        asked.append(keep)
        return additive(keep)

    one = faithfulness({"true": WEIGHTS}, score, "zero", seed=3)
    assert len(asked) == 1
    assert len(np.unique(asked[0], axis=0)) == len(asked[0]) == one.evaluations
    again, other = (faithfulness({"true": WEIGHTS}, additive, "zero", seed=s) for s in (3, 4))
    assert np.array_equal(one.random_deletion, again.random_deletion)
    assert not np.array_equal(one.random_deletion, other.random_deletion)
    assert one.as_dict()["random"]["deletion"] == pytest.approx(one.as_dict()["random"]["insertion"])


def test_few_parts_are_taken_one_by_one():
    found = faithfulness({"w": np.array([1.0, 2, 3])}, lambda keep: keep.sum(1).astype(float), "cut")
    assert np.allclose(found.shares, [0, 1 / 3, 2 / 3, 1])


# -- regions -----------------------------------------------------------------------
@pytest.fixture(scope="module")
def square() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)


@pytest.mark.parametrize("baseline", BASELINES)
def test_regions_are_shown_as_they_are_and_hidden_ones_are_neutral(square: np.ndarray, baseline: str):
    grid, keep = (7, 5), np.random.default_rng(1).random((4, 35)) < 0.5
    keep[0], keep[1] = True, False
    changed = with_regions(square, keep, grid, baseline)
    assert np.array_equal(changed[0], square)
    assert np.array_equal(changed[1], neutral(square, baseline))
    place = region_of_pixel(60, grid)
    assert np.array_equal(np.unique(place), np.arange(35))
    shown = keep[2][place]
    assert np.array_equal(changed[2][shown], square[shown])
    assert np.array_equal(changed[2][~shown], neutral(square, baseline)[~shown])


def test_neutral_pictures_keep_the_mean_colour_but_no_detail(square: np.ndarray):
    for baseline in BASELINES:
        blank = neutral(square, baseline).reshape(-1, 3).astype(float)
        assert np.abs(blank.mean(0) - square.reshape(-1, 3).mean(0)).max() < 4
        assert blank.std() < 0.2 * square.std()


def test_occlusion_of_a_sum_gives_back_its_terms():
    assert np.allclose(occlusion(additive, 8), WEIGHTS)


def test_the_centre_weighs_most():
    weight = centre_weight((7, 7)).reshape(7, 7)
    assert weight.argmax() == 24
    assert np.allclose(weight, weight[::-1, ::-1])
    assert centre_weight((1, 1)).shape == (1,)
