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

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REPOSITORY = Path(__file__).resolve().parents[1]
CHROMIUM = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
CHROMIUM += "--disable-component-update --disable-sync"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# The same examples in every run, and no clock in a test. To look for new ones: pytest --hypothesis-profile=search
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", derandomize=False, deadline=None)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data for tests, kept beside the repository."""
    folder = Path(os.environ.get("MMEXPLORE_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.exists():
        pytest.skip(f"real test data not found at {folder} (set MMEXPLORE_TEST_DATA)")
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
