"""The bootstrap against its definition, one draw and one item at a time."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.scores import bootstrap
from mmexplore.scores.bootstrap import group_codes, interval, intervals, median_interval, n_draws, resamples


def by_loop(statistic, values, groups, seed) -> np.ndarray:
    """Percentiles of `statistic` over data sets made of whole groups that are drawn with replacement."""
    names = np.unique(groups)
    random, found = np.random.default_rng(seed), []
    for _ in range(n_draws(len(names))):
        drawn = random.integers(0, len(names), len(names))
        found.append(statistic(np.concatenate([values[groups == names[g]] for g in drawn])))
    return np.percentile(found, [2.5, 97.5])


def lower_median(values: np.ndarray) -> float:
    return np.sort(values)[(len(values) + 1) // 2 - 1]


@pytest.fixture
def measured() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.integers(1, 30, 90).astype(float), random.integers(0, 25, 90).astype(str).astype(object)


def test_means_and_medians_are_those_of_the_drawn_items(measured):
    values, groups = measured
    np.testing.assert_allclose(interval(values, groups, 3), by_loop(np.mean, values, groups, 3))
    np.testing.assert_allclose(median_interval(values, groups, 3), by_loop(lower_median, values, groups, 3))
    both = intervals(np.stack([values, values**2]), groups, 3)
    np.testing.assert_allclose(both, [interval(values, groups, 3), interval(values**2, groups, 3)])


def test_how_the_draws_are_cut_into_blocks_changes_nothing(measured, monkeypatch):
    values, groups = measured
    whole = interval(values, groups), median_interval(values, groups)
    monkeypatch.setattr(bootstrap, "_BLOCK", 333)
    assert len(list(resamples(25, 100, np.random.default_rng(0)))) == 8
    assert (interval(values, groups), median_interval(values, groups)) == whole


def test_each_draw_has_as_many_groups_as_there_are():
    blocks = np.concatenate(list(resamples(40, 200, np.random.default_rng(0))))
    assert blocks.shape == (200, 40) and (blocks.sum(axis=1) == 40).all()


def test_many_groups_are_drawn_less_often():
    assert [n_draws(n) for n in (1, 10_000, 20_000, 1_000_000)] == [1000, 1000, 500, 200]


def test_groups_have_the_order_of_their_names_and_numbers_that_of_their_values():
    assert list(group_codes(np.array([10, 2, 2]))) == [1, 0, 0]
    assert list(group_codes(np.array(["10", "2", "2"], object))) == [0, 1, 1]


def test_the_interval_draws_whole_groups():
    """Ten copies of each answer are no more evidence than one."""
    random = np.random.default_rng(0)
    one = (random.random(60) < 0.7).astype(float)
    groups = np.arange(60).astype(str)
    apart, copied = interval(one, groups), interval(np.repeat(one, 10), np.repeat(groups, 10))
    np.testing.assert_allclose(apart, copied)
    loose = interval(np.repeat(one, 10), np.arange(600).astype(str))
    assert np.diff(loose) < 0.6 * np.diff(copied)
    spread = 1.96 * one.std() / np.sqrt(60)
    np.testing.assert_allclose(apart, [one.mean() - spread, one.mean() + spread], atol=0.03)
