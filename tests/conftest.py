"""Shared fixtures: real data beside the repository, a cache of its own, threads that do not fight."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MMEXPLORE_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data for tests, kept beside the repository."""
    folder = Path(os.environ.get("MMEXPLORE_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.exists():
        pytest.skip(f"real test data not found at {folder} (set MMEXPLORE_TEST_DATA)")
    return folder
