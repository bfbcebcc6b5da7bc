"""Search against a brute-force oracle."""

import numpy as np
import pytest

from mmexplore.errors import UserError
from mmexplore.retrieval.gallery import gallery_of
from mmexplore.retrieval.search import nearest, search
from tests.retrieval.paired import random_pairs


def test_equals_a_full_sort():
    data = random_pairs(200, 16)
    gallery, queries = gallery_of(data, "text"), data.vectors["image"]
    scores, items = search(gallery, queries, 7)
    full = queries / np.linalg.norm(queries, axis=1, keepdims=True) @ gallery.vectors.T
    np.testing.assert_array_equal(items, np.argsort(-full, axis=1)[:, :7])
    np.testing.assert_allclose(scores, np.take_along_axis(full, items, 1), atol=1e-5)


def test_more_asked_than_there_are_and_nothing_at_all():
    gallery = gallery_of(random_pairs(5), "text")
    assert search(gallery, gallery.vectors[0], 100)[1].shape == (1, 5)
    assert search(gallery, np.zeros((0, 8)), 3)[0].shape == (0, 3)
    assert nearest(np.zeros((0, 8), np.float32), np.zeros((2, 8)), 3)[0].shape == (2, 0)
    assert search(gallery, gallery.vectors[[3]], 1)[1].item() == 3


def test_another_width_is_refused():
    with pytest.raises(UserError, match="the query has 3 numbers"):
        search(gallery_of(random_pairs(5), "text"), np.zeros(3))
