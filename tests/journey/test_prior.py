"""Draws from a prior as the nearest real items, and odd items: against a model whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.errors import UserError
from tests.journey.oracle import Says, showing, whole
from tests.journey.small import workspace_of


def test_draws_are_the_nearest_real_items_and_hang_together_as_the_model_does():
    data = whole()
    workspace = showing(data, Says(data))
    drawn = journey.sample_items(workspace, 7, seed=3)
    want = np.random.default_rng(3).integers(0, 90, 7)
    assert (drawn.rows == want[:, None]).all() and np.allclose(drawn.scores, 1, atol=1e-5)
    assert drawn.coherence == 1.0 and drawn.chance == pytest.approx(1 / 3)
    unlabelled = journey.sample_items(showing(data.with_labels(None), Says(data)), 2)
    assert unlabelled.coherence is None


def test_odd_items_are_judged_among_their_like():
    data = whole(120)
    hide = np.zeros((120, 2), bool)
    hide[:40, 1] = True
    hide[119, 0] = True
    data = data.hide(hide)
    table = journey.oddest(showing(data, Says(data)))
    assert table["row"][0] == 17 and table["oddness"][0] > 10
    assert table["modalities"][0] == "image", "fewer modalities alone make nothing odd"
    assert 119 not in set(table["row"]), "alone with its pattern"
    assert len(table) == 119
    few = whole(18)
    with pytest.raises(UserError, match="20 items"):
        journey.oddest(showing(few, Says(few)))


def test_a_modality_that_no_item_has_is_not_drawn():
    data = whole()
    hide = np.zeros((90, 2), bool)
    hide[:, 1] = True
    drawn = journey.sample_items(showing(data.hide(hide), Says(data)), 3)
    assert drawn.modalities == ["image"] and drawn.rows.shape == (3, 1) and drawn.coherence is None


def test_a_fusion_without_a_prior_says_so():
    workspace = workspace_of(whole())
    workspace.add_fusion(journey.fuse(workspace, "late-sum"))
    for ask in (journey.sample_items, journey.oddest):
        with pytest.raises(UserError, match="generative"):
            ask(workspace)
