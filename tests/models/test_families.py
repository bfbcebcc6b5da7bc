"""Every method is of a family that is listed, and every family has a method."""

from __future__ import annotations

import pytest

from mmexplore.models.families import FAMILIES
from mmexplore.models.methods import all_methods


@pytest.mark.parametrize("name", all_methods())
def test_a_methods_family_is_listed(name):
    assert all_methods()[name].family in FAMILIES


def test_a_family_is_one_sentence_and_has_a_method():
    assert {cls.family for cls in all_methods().values()} == set(FAMILIES)
    for family in FAMILIES.values():
        assert family.title and family.about.endswith(".") and family.about.count(".") == 1
    assert len({f.title for f in FAMILIES.values()}) == len(FAMILIES)
