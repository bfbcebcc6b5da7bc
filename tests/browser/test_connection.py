"""A connection that breaks (a sleeping laptop, a tunnel) and comes back: nothing of the person's is gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.browser.conftest import Person
from tests.browser.test_browser import PHOTOS, bring, photo_zip

pytestmark = pytest.mark.browser


def test_a_connection_that_comes_back_finds_everything(person: Person, tmp_path: Path):
    lines: list[WebSocketRoute] = []

    def through(line: WebSocketRoute) -> None:
        line.connect_to_server()
        lines.append(line)

    person.page.route_web_socket(re.compile("/_stcore/stream"), through)
    person.open()
    bring(person, photo_zip(tmp_path / "photos.zip", PHOTOS))
    before = len(lines)
    lines[-1].close()
    for _ in range(120):
        if len(lines) > before:
            break
        person.page.wait_for_timeout(250)
    assert len(lines) > before, "the browser did not come back"
    person.settle()
    expect(person.page.get_by_test_id("stSidebar").get_by_text(f"{len(PHOTOS)} rows")).to_be_visible()
    person.go("Encode")
    expect(person.page.get_by_role("button", name="Encode", exact=True).first).to_be_enabled()
    person.go("Data")
    assert person.page.locator("[class*='st-key-card-pairs-'] img").count() == len(PHOTOS)
