"""Holes: as many as asked, never a whole row, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.scores.missing import draw_missing
from tests.models.methods.made import data, reordered


def test_holes_are_as_many_as_asked_and_leave_something_in_every_row():
    whole = data(3000, holes=0)
    had = whole.mask.any(1)
    for share in (0, 0.3, 0.5, 1):
        holes = draw_missing(whole, share, seed=1)
        left = whole.hide(holes).mask
        assert (left.any(1) == had).all(), "a row keeps one modality, and none gains any"
        # each of 3 cells goes with p = share; one comes back where all would have gone
        assert holes[had].mean() == pytest.approx(share - share**3 / 3, abs=0.02)


def test_only_present_cells_are_taken():
    holey = data(300, holes=0.4)
    assert not (draw_missing(holey, 0.7, seed=2) & ~holey.mask).any()


def test_same_seed_same_holes_in_any_order_and_more_share_only_adds():
    whole = data(200)
    holes = draw_missing(whole, 0.4, seed=3)
    assert (holes == draw_missing(whole, 0.4, seed=3)).all()
    assert (holes != draw_missing(whole, 0.4, seed=4)).any()
    order = ["text", "sound", "image"]
    columns = [whole.modalities.index(m) for m in order]
    assert (draw_missing(reordered(whole, order), 0.4, seed=3) == holes[:, columns]).all()
    assert not (holes & ~draw_missing(whole, 0.8, seed=3)).any()


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_a_share_is_a_share(share):
    with pytest.raises(ValueError, match="share"):
        draw_missing(data(), share)


def test_rows_are_drawn_one_by_one():
    assert len(np.unique(draw_missing(data(500, holes=0), 0.5).dot([1, 2, 4]))) == 7, "every subset but nothing left"
