"""Bars of intervals: their length, and no bar where there is nothing to draw."""

from __future__ import annotations

import numpy as np

from mmexplore.figures.intervals import interval_bars


def test_a_bar_goes_from_end_to_end_and_never_the_wrong_way():
    value = np.array([0.5, 0.5, np.nan])
    bars = interval_bars(value, np.array([0.4, 0.6, np.nan]), np.array([0.7, 0.8, np.nan]), "red", 1, 0)
    np.testing.assert_allclose(bars["array"], [0.2, 0.3, 0])
    np.testing.assert_allclose(bars["arrayminus"], [0.1, 0, 0])
    assert (bars["color"], bars["thickness"], bars["width"]) == ("red", 1, 0)
