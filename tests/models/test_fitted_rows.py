"""Rows that a fit has seen are known again: by id, by group, and by content where ids only number the rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mmexplore as mm
from mmexplore.data.embeddings import concatenate
from mmexplore.models.estimator import load_estimator
from mmexplore.models.methods import all_methods


def arrays(n: int = 60, seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    shared = random.normal(size=(n, 3))
    return {m: np.hstack([shared, random.normal(size=(n, 3))]).astype(np.float32) for m in ("a", "b")}


@pytest.fixture(scope="module")
def fitted() -> tuple[mm.Alignment, mm.Embeddings]:
    emb = mm.Embeddings.of(arrays())
    return mm.RidgeCCA(n_components=3).fit(emb, holdout=0.2), emb


def test_numbered_rows_of_the_same_data_are_known_by_their_numbers(fitted):
    cca, emb = fitted
    assert cca.seen(emb).sum() == 48
    order = np.random.default_rng(1).permutation(60)
    np.testing.assert_array_equal(cca.seen(emb.take(order)), cca.seen(emb)[order])
    assert not cca.seen(emb.take(~cca.seen(emb))).any()
    assert set(mm.recall(cca, emb)["rows"]) == {"12 held-out items"}


def test_other_data_with_the_same_numbers_are_other_items(fitted):
    cca, _ = fitted
    others = mm.Embeddings.of(arrays(seed=5))
    assert not cca.seen(others).any()
    assert set(mm.recall(cca, others, strict=True)["rows"]) == {"60 held-out items"}


def test_the_same_arrays_given_again_are_the_same_items(fitted):
    cca, emb = fitted
    again = mm.Embeddings.of(arrays())
    np.testing.assert_array_equal(cca.seen(again), cca.seen(emb))
    named = mm.Embeddings.of(arrays(), ids=[f"item {i}" for i in range(60)])
    np.testing.assert_array_equal(cca.seen(named), cca.seen(emb))
    both = concatenate([emb.take(np.arange(30)), mm.Embeddings.of(arrays()).take(np.arange(30, 60))])
    np.testing.assert_array_equal(cca.seen(both), cca.seen(emb))


def test_another_row_of_a_fitted_group_is_no_new_item():
    """A second caption of a fitted photo: the photo has been seen."""
    emb = mm.Embeddings.of(
        arrays(), ids=[f"r{i}" for i in range(60)], groups=[f"photo {i // 2}" for i in range(60)],
        splits=["train"] * 39 + ["test"] * 21,
    )  # fmt: skip
    cca = mm.RidgeCCA(n_components=3).fit(emb)
    assert cca.seen(emb)[39] and cca.seen(emb).sum() == 40
    assert set(mm.recall(cca, emb)["rows"]) == {"20 held-out items"}


def test_the_index_of_a_table_names_its_rows():
    given = arrays()
    names = [f"p{i}" for i in range(60)]
    tables = {m: pd.DataFrame(v, index=names) for m, v in given.items()}
    emb = mm.Embeddings.of(tables)
    assert emb.ids.tolist() == names and emb.numbered == ""
    assert mm.Embeddings.of({m: pd.DataFrame(v) for m, v in given.items()}).numbered
    cca = mm.RidgeCCA(n_components=3).fit(emb)
    changed = mm.Embeddings.of({m: t + 1 for m, t in tables.items()})
    assert cca.seen(changed).all()  # the same items, encoded in another way


def test_it_is_saved(fitted, tmp_path):
    cca, emb = fitted
    cca.save(tmp_path / "cca")
    emb.save(tmp_path / "emb")
    again, reopened = load_estimator(tmp_path / "cca", all_methods()), mm.Embeddings.load(tmp_path / "emb")
    for asked in (emb, reopened, mm.Embeddings.of(arrays())):
        np.testing.assert_array_equal(again.seen(asked), cca.seen(emb))
    assert not again.seen(mm.Embeddings.of(arrays(seed=5))).any()
