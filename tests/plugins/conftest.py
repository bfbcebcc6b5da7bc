"""What each of these tests finds installed is its own affair."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mmexplore import discovery
from mmexplore.data import kinds
from mmexplore.encoders import found
from mmexplore.models import methods


def look_again() -> None:
    """Forget which packages offer what."""
    discovery._problems.clear()
    for remembered in (methods._installed, found.installed, kinds._installed, kinds._by_suffix):
        remembered.cache_clear()


@pytest.fixture(autouse=True)
def nothing_remains() -> Iterator[None]:
    yield
    look_again()
    methods._registered.clear()
    found._own.clear()
