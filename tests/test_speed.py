"""The list of slow tests names files that exist, and methods that exist."""

from __future__ import annotations

from mmexplore.models.methods import fusion_methods
from tests.conftest import TESTS
from tests.speed import REPRESENTED, SLOW, is_slow


def test_what_is_listed_is_there() -> None:
    for path in (*SLOW, *REPRESENTED):
        assert (TESTS / path).exists(), f"{path}: say in tests/speed.py where it went"
    for names in REPRESENTED.values():
        assert set(names) < set(fusion_methods())


def test_a_file_a_folder_and_a_case_are_told_apart() -> None:
    assert is_slow("test_cli.py", {}) and is_slow("pages/test_fuse.py", {}) and not is_slow("test_store.py", {})
    file = "methods/test_fusions.py"
    assert is_slow(file, {"name": "tensor"}) and not is_slow(file, {"name": "attention"}) and not is_slow(file, {})
