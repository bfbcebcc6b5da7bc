"""Holes are exact, nested, the same for everybody, and touch nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.errors import UserError
from mmexplore.robustness.holes import ANY, hidden_cells, of_class
from tests.models.methods.made import data, reordered

NAMES = ["sound", "image", "text"]


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("modality", [*NAMES, ANY])
def test_the_share_is_exact_among_the_items_that_have_it(modality: str, share: float):
    whole = data()
    hidden = hidden_cells(whole, modality, share)
    for j, name in enumerate(NAMES):
        wanted = round(share * whole.present[name].sum()) if modality in (name, ANY) else 0
        assert hidden[:, j].sum() == wanted
    assert not (hidden & ~whole.mask).any()  # what is absent cannot be taken away


def test_smaller_shares_lie_within_larger_ones_and_seeds_differ():
    whole = data()
    small, large = (hidden_cells(whole, ANY, share, seed=4) for share in (0.3, 0.6))
    assert not (small & ~large).any()
    assert np.array_equal(small, hidden_cells(whole, ANY, 0.3, seed=4))
    assert not np.array_equal(small, hidden_cells(whole, ANY, 0.3, seed=5))


def test_the_order_of_modalities_changes_no_hole():
    whole = data()
    turned = reordered(whole, NAMES[::-1])
    assert np.array_equal(hidden_cells(whole, ANY, 0.4), hidden_cells(turned, ANY, 0.4)[:, ::-1])


def test_a_class_wise_drop_touches_that_class_only():
    whole = data()
    rows = of_class(whole, "class 1")
    hidden = hidden_cells(whole, "image", 1.0, rows)
    assert np.array_equal(hidden[:, 1], rows & whole.present["image"])
    assert not hidden[:, [0, 2]].any()


def test_the_share_counts_only_the_items_that_may_lose_it():
    whole = data()
    test = whole.in_split("test")
    hidden = hidden_cells(whole, "text", 0.5, test)
    assert hidden.any(axis=1)[~test].sum() == 0
    assert hidden.sum() == round(0.5 * (test & whole.present["text"]).sum())


@pytest.mark.parametrize(("modality", "share"), [("smell", 0.5), ("text", 1.2), ("text", -0.1), ("text", float("nan"))])
def test_a_wrong_wish_is_one_sentence(modality: str, share: float):
    with pytest.raises(UserError):
        hidden_cells(data(), modality, share)


def test_an_unknown_class_names_those_there_are():
    with pytest.raises(UserError, match="class 0, class 1, class 2"):
        of_class(data(), "class 9")
    with pytest.raises(UserError, match="no classes"):
        of_class(data().with_labels(None), "class 1")
