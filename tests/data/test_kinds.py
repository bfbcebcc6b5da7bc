"""A kind is its name; the table of kinds is whole."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from mmexplore.data import kinds
from mmexplore.data.dataset import Kind
from mmexplore.encoders import registry


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda k: pickle.loads(pickle.dumps(k)), Kind, str])
def test_a_kind_is_equal_to_its_name_and_a_built_in_one_is_one_object(again) -> None:
    for kind in (*kinds.cards(), Kind("point cloud")):
        same = again(kind)
        assert same == kind and hash(same) == hash(kind) and f"{same}" == kind.value == json.loads(json.dumps(kind))
    if again is not str:
        assert all(again(kind) is kind for kind in kinds.cards())


@pytest.mark.parametrize("name", ["", "Image", "<b>", "a*b*", "two  blanks", " image", "x" * 33, "a_b", "a\nb"])
def test_a_name_that_could_be_markup_is_none(name: str) -> None:
    """It is read from files that others made, and shown."""
    with pytest.raises(ValueError, match="cannot be the name of a kind"):
        Kind(name)


def test_the_table_is_whole() -> None:
    assert {kinds.Kind(c.name) for c in kinds.BUILT_IN} == {getattr(Kind, n) for n in vars(Kind) if n.isupper()}
    suffixes = [suffix for card in kinds.BUILT_IN for suffix in card.suffixes]
    assert len(set(suffixes)) == len(suffixes), "a suffix stands for one kind"
    for card in kinds.BUILT_IN:
        assert registry.find_card(card.encoder, card.kind).offline
        assert all(kinds.kind_of_suffix(suffix) is card.kind for suffix in card.suffixes)
        assert set(card.played) <= set(card.suffixes) and card.title


def test_a_kind_that_nobody_knows_is_a_kind_without_a_card() -> None:
    assert kinds.card_of("smell") is None and Kind("smell") not in kinds.cards()
