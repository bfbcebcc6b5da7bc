"""Tables and places against their closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.encoders import registry
from mmexplore.encoders.place import SCALES, Place, on_globe
from mmexplore.encoders.table import CATEGORIES, Table
from mmexplore.errors import UserError


def _rows(*rows: tuple[str, ...]) -> list[np.ndarray]:
    return [np.array(r) for r in rows]


def _unscaled(vectors: np.ndarray) -> np.ndarray:
    """What stood there before the length became 1: the last entry was 1."""
    return vectors[:, :-1] / vectors[:, -1:]


def test_numbers_are_scaled_marked_where_missing_and_categories_one_hot() -> None:
    rows = _rows(("1", "red"), ("3", "blue"), ("", "red"), ("5", ""))
    fitted = Table().fit(rows)
    vectors = fitted.encode(rows)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    found = _unscaled(vectors)
    numbers = np.array([1, 3, 3, 5])  # the median stands in for the empty one
    np.testing.assert_allclose(found[:, 0], (numbers - 3) / numbers.std(), atol=1e-5)
    np.testing.assert_allclose(found[:, 1], [0, 0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(found[:, 2:], [[0, 0, 1], [0, 1, 0], [0, 0, 1], [1, 0, 0]], atol=1e-6)  # "", blue, red


def test_what_the_train_rows_did_not_hold_is_met_calmly() -> None:
    fitted = Table().fit(_rows(("1", "a"), ("2", "b"), ("3", "a")))
    odd = _rows(("1e30", "c"), ("words", "<b>"), ("", ""), ("nan", "a"))
    vectors = fitted.encode(odd)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert _unscaled(vectors)[0, 0] == pytest.approx(5, rel=1e-5)


def test_many_categories_share_the_last_entry() -> None:
    rows = _rows(*[(f"c{i % 60}",) for i in range(600)])
    assert Table().fit(rows).encode(rows).shape[1] == CATEGORIES + 1


def test_a_table_of_other_columns_is_refused_and_an_unfitted_encoder_says_so() -> None:
    fitted = Table().fit(_rows(("1", "a"), ("2", "b")))
    with pytest.raises(UserError, match="2 columns"):
        fitted.encode(_rows(("1",)))
    with pytest.raises(UserError, match="fitted"):
        registry.load("table").encode(_rows(("1",)))


def test_a_column_that_is_empty_or_constant_in_the_train_rows() -> None:
    rows = _rows(("", "7", "x"), ("", "7", "x"))
    assert np.isfinite(Table().fit(rows).encode([*rows, np.array(["3", "8", "y"])])).all()


PLACES = [
    np.array(p, np.float32)
    for p in [(0, 179.9), (0, -179.9), (90, 0), (90, 120), (48.85, 2.35), (51.5, -0.12), (-33.9, 151.2)]
]


def test_places_are_unit_vectors_without_a_seam() -> None:
    vectors = Place().encode(PLACES)
    assert vectors.shape == (7, Place.card.dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.97  # either side of the date line
    np.testing.assert_allclose(vectors[2], vectors[3], atol=1e-6)  # the pole is one place


def test_the_cosine_of_two_places_is_the_mean_of_gaussians() -> None:
    random = np.random.default_rng(0)
    places = [np.array([random.uniform(-60, 60), random.uniform(-180, 180)]) for _ in range(40)]
    places += [p + random.normal(scale=2, size=2) for p in places]  # near ones, too
    vectors, points = Place().encode(places), np.array([on_globe(p) for p in places])
    apart = ((points[:, None] - points[None]) ** 2).sum(axis=-1)
    expected = np.mean([np.exp(-(s**2) * apart / 2) for s in SCALES], axis=0)
    error = vectors @ vectors.T - expected
    assert np.sqrt((error**2).mean()) < 0.06


@pytest.mark.parametrize("bad", [np.array([91.0, 0.0]), np.array([np.nan, 0.0]), np.zeros(3), "Paris", None])
def test_what_is_no_place_gets_one_sentence(bad) -> None:
    with pytest.raises(UserError, match="place"):
        Place().encode([bad])
