"""A curve's area and intervals against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.robustness.curves import area, curve, difference

SHARES = np.array([0.0, 0.2, 0.5, 1.0])
GROUPS = np.array([f"g{i}" for i in range(50)])


def rates(height: np.ndarray, draws: int = 2, n: int = 50) -> np.ndarray:
    """[R, S, n] of the same height for every draw and item."""
    return np.broadcast_to(height[None, :, None], (draws, len(height), n)).astype(float)


def test_the_area_of_a_constant_curve_is_the_constant():
    found = curve("m", "image", SHARES, rates(np.full(4, 0.37)), GROUPS)
    assert found.area == pytest.approx(0.37) and found.area_interval == pytest.approx([0.37, 0.37])
    assert np.allclose(found.score, 0.37)


def test_the_area_of_a_straight_line_is_its_middle_whatever_the_grid():
    assert area(SHARES, 1 - SHARES) == pytest.approx(0.5)
    assert area(np.array([0.2, 0.6]), np.array([1.0, 0.0])) == pytest.approx(0.5)
    assert area(np.array([0.5]), np.array([0.8])) == pytest.approx(0.8)


def test_the_interval_is_that_of_the_mean_and_whole_groups_are_drawn():
    random = np.random.default_rng(0)
    hits = (random.random((3, 1, 50)) < 0.6).astype(float)
    alone = curve("m", "image", SHARES[:1], hits, GROUPS)
    want = 1.96 * hits.mean(axis=0).std() / np.sqrt(50)
    assert (alone.high[0] - alone.low[0]) / 2 == pytest.approx(want, rel=0.15)
    one = curve("m", "image", SHARES[:1], hits, np.repeat("same", 50))
    assert one.low[0] == pytest.approx(one.high[0])  # a single group: nothing to draw


def test_two_curves_are_compared_item_by_item():
    random = np.random.default_rng(1)
    common = random.random((1, 4, 50))
    a, b = (curve("m", "image", SHARES, common + gain, GROUPS) for gain in (0.1, 0.0))
    gain, (low, high) = difference(a, b, GROUPS)
    assert gain == pytest.approx(0.1) and low == pytest.approx(0.1) and high == pytest.approx(0.1)
