"""The list of slow tests names files that exist, and methods that exist."""

from __future__ import annotations

from mmexplore.models.methods import fusion_methods
from tests.conftest import TESTS
from tests.speed import REPRESENTED, SLOW, is_slow


def test_what_is_listed_is_there() -> None:
    for listed in (*SLOW, *REPRESENTED):
        path, _, name = listed.partition("::")
        assert (TESTS / path).exists(), f"{path}: say in tests/speed.py where it went"
        assert not name or f"def {name}(" in (TESTS / path).read_text(encoding="utf-8"), listed
    for names in REPRESENTED.values():
        assert set(names) < set(fusion_methods())


def test_a_file_a_folder_and_a_case_are_told_apart() -> None:
    assert is_slow("test_deploy.py::a", {}) and is_slow("app/pages/test_fuse.py::a", {})
    assert not is_slow("server/test_store.py::a", {})
    test = "models/methods/test_fusions.py::test_it_learns[x]"
    assert is_slow(test, {"name": "tensor"}) and not is_slow(test, {"name": "attention"}) and not is_slow(test, {})
