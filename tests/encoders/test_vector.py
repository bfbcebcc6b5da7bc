"""Vectors that a person brings are left as they are."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.encoders.vector import AsIs, space_of
from mmexplore.errors import UserError


def test_nothing_is_changed() -> None:
    cells = [np.array([3.0, 4.0]), np.array([1, 2])]
    np.testing.assert_array_equal(AsIs().encode(cells), np.array([[3, 4], [1, 2]], np.float32))


@pytest.mark.parametrize("cell", [np.array([1.0, np.nan]), np.array([]), np.array(["a"]), "text", None])
def test_what_is_no_vector_is_refused(cell: object) -> None:
    with pytest.raises(UserError):
        AsIs().encode([cell])


def test_one_width() -> None:
    with pytest.raises(UserError, match="3 numbers"):
        AsIs().encode([np.ones(2), np.ones(3)])


def test_shared_vectors_of_one_width_share_a_space_and_others_do_not():
    from mmexplore.encoders.shared_vector import SharedVectors

    shared, own = SharedVectors.card, AsIs.card
    assert space_of(shared, "image", 512) == space_of(shared, "text", 512)
    assert space_of(shared, "image", 512) != space_of(shared, "sound", 64)
    assert space_of(own, "image", 512) != space_of(own, "text", 512)
