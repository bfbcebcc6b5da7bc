"""Each step clears what was built on the one before."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.journey import mean_entropy
from mmexplore.workspace import Workspace
from tests.test_embeddings import make


def test_new_vectors_clear_the_fits_and_new_pairs_clear_the_vectors():
    workspace = Workspace()
    workspace.set_embeddings(make(), {"a": "x"})
    workspace.aligned = workspace.embeddings
    workspace.current = "attention"
    workspace.set_embeddings(make(seed=1), {"a": "y"})
    assert workspace.aligned is None
    assert workspace.current is None
    workspace.set_dataset(object())  # type: ignore[arg-type]
    assert workspace.embeddings is None
    assert workspace.encoders == {}


def test_the_split_is_drawn_once_and_kept():
    workspace = Workspace()
    workspace.set_embeddings(make(), {})
    first = workspace.ensure_split().splits
    assert workspace.split_source == "drawn"
    assert workspace.ensure_split().splits is first


def test_a_split_of_the_data_is_obeyed():
    workspace = Workspace()
    given = np.array(["train"] * 6 + ["test"] * 6, object)
    workspace.set_embeddings(make().with_splits(given), {})
    assert workspace.split_source == "data"
    assert list(workspace.ensure_split().splits) == list(given)


def test_selection_gives_rows_in_order():
    workspace = Workspace()
    workspace.set_embeddings(make(), {})
    workspace.selection = frozenset({"i7", "i2", "nowhere"})
    assert workspace.selected_rows().tolist() == [2, 7]


def test_mean_entropy_is_one_for_even_and_zero_for_one_modality():
    mask = np.array([[True, True, False], [True, True, True], [True, False, False]])
    even = mask / mask.sum(axis=1, keepdims=True)
    assert mean_entropy(even, mask) == pytest.approx(1)
    one = np.zeros((3, 3))
    one[:, 0] = 1
    assert mean_entropy(one, mask) == 0.0
    assert mean_entropy(even[2:], mask[2:]) is None
