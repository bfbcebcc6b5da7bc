"""Scores that differ by rounding alone are ties, and every rank in the house is read off by the same rule."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.data.embeddings import unit
from mmexplore.retrieval.mispairs import mispairs
from mmexplore.retrieval.ranks import ranks_of
from mmexplore.scores.ties import SAME, places
from mmexplore.scores.view_scores import find_places, find_ranks
from tests.retrieval.paired import paired


def test_places_by_hand():
    scores = np.array([[0.5, 0.5 + SAME / 2, 0.5 - SAME / 2, 0.5 + 2 * SAME, 0.4, -np.inf]])
    above, ties = places(scores, np.array([0.5]))
    assert (above.tolist(), ties.tolist()) == ([1], [3])
    assert [int(v) for v in places(scores[0], np.float64(0.5))] == [1, 3]


@pytest.mark.parametrize("noise", [0.0, 2e-7])
def test_near_ties_have_one_rank_everywhere(noise):
    """Twenty answers of which half are the same but for rounding: the middle of their places, by both ways."""
    random = np.random.default_rng(0)
    n = 20
    answers = unit(random.normal(size=(n, 8)))
    answers[: n // 2] = answers[0] + noise * random.normal(size=(n // 2, 8)).astype(np.float32)
    queries, own = answers[:1].repeat(n // 2, 0), np.arange(n // 2)
    expected = np.full(n // 2, 1 + (n // 2 - 1) / 2)  # nine wrong ones are as near as the right one
    assert np.array_equal(find_ranks(queries, answers, own, np.arange(n)), expected)
    assert np.array_equal(ranks_of(queries, answers, np.arange(n // 2 + 1), own), expected)
    above, ties = find_places(queries, answers, own, np.arange(n))
    assert not above.any() and (ties == n // 2 - 1).all()


def test_mispairs_rank_by_the_same_rule():
    """One picture for all texts, but for rounding: every text has the middle place."""
    random = np.random.default_rng(1)
    n = 9
    same = unit(np.ones((n, 4))) + 1e-7 * random.normal(size=(n, 4)).astype(np.float32)
    data = paired(same, unit(random.normal(size=(n, 4))))
    assert np.allclose(mispairs(data, "image", "text")["rank_backward"], (n + 1) / 2)
