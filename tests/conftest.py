"""Shared fixtures: real data beside the repository, a cache of its own, threads that do not fight."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MMEXPLORE_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import hypothesis
import pytest

from tests.speed import is_slow

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REPOSITORY = Path(__file__).resolve().parents[1]
TESTS = REPOSITORY / "tests"
CHROMIUM = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
CHROMIUM += "--disable-component-update --disable-sync"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

#: what `shared_data` holds: file or folder -> what is in it
REAL_DATA = {
    "stamps.zip": "519 Tux Paint stamps with names in four languages and sounds",
    "fsdd.zip": "the Free Spoken Digit Dataset",
    "uci_mfeat.npz": "UCI Multiple Features",
    "clip_coco500.npz": "CLIP vectors of 500 COCO pairs",
    "flickr8k_train_features.safetensors": "features of Flickr8k's train part",
    "emoji_styles.npz": "features of emoji as three vendors draw them",
    "forms": "small files in the forms in which people have data",
}

# The same examples in every run, and no clock in a test. To look for new ones: pytest --hypothesis-profile=search
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", derandomize=False, deadline=None)
hypothesis.settings.load_profile("repeatable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as `slow` what `tests/speed.py` says is."""
    for item in items:
        if item.path.is_relative_to(TESTS):
            case = getattr(item, "callspec", None)
            test = f"{item.path.relative_to(TESTS).as_posix()}::{item.name}"
            if is_slow(test, {} if case is None else case.params):
                item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data for tests (see `REAL_DATA`): that of MMEXPLORE_TEST_DATA, else beside the repository."""
    folder = Path(os.environ.get("MMEXPLORE_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    absent = [f"{name} ({what})" for name, what in REAL_DATA.items() if not (folder / name).exists()]
    if absent:
        pytest.skip(
            f"needs real data that the repository does not carry: {'; '.join(absent)}. CONTRIBUTING.md (Tests) says "
            "what they are; set MMEXPLORE_TEST_DATA to a folder that holds them"
        )
    return folder


def chromium() -> str:
    """The installed Chromium or Chrome; the test says what to install where there is none."""
    asked = os.environ.get("MMEXPLORE_BROWSER")
    found = asked or next((path for name in NAMES if (path := shutil.which(name))), None)
    if not found:
        pytest.fail("no Chromium found: install the package chromium, or set MMEXPLORE_BROWSER to one")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser a process: Playwright cannot be started twice in one."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM.split())
        yield opened
        opened.close()
