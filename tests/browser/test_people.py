"""Several people at once: nobody sees what is another's, and what they bring goes when they go, also by a crash."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from benchmarks.load import HOST, free_port, start_server
from benchmarks.visitor import Visitor
from tests.browser.conftest import Person
from tests.browser.test_browser import PHOTOS, bring, photo_zip

pytestmark = pytest.mark.browser

GRACE = 2


class Server:
    """A server of the app with uploads of its own, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.uploads, self.port, self._folder = folder / "uploads", free_port(), folder
        self.start()

    def start(self) -> None:
        self.process = start_server(
            self.port,
            self._folder / "log",
            MMEXPLORE_UPLOADS=str(self.uploads),
            MMEXPLORE_SESSION_GRACE=str(GRACE),
            MMEXPLORE_LOCAL_PATHS="0",
        )

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def files(self) -> list[Path]:
        return [p for p in self.uploads.rglob("*") if p.is_file() and p.suffix != ".lock" and p.name != ".lock"]


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    from mmexplore.journey import showcase

    showcase.prepare_example("emoji")
    server = Server(tmp_path)
    yield server
    server.process.kill()
    server.process.wait(20)


def someone(browser: Browser, server: Server) -> Person:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    return Person(page, f"http://{HOST}:{server.port}")


async def meddle(port: int) -> list[str]:
    """A visitor who clears every cache, as any browser may ask; what they then see."""
    visitor = await Visitor.connect(HOST, port)
    await visitor.clear_cache()
    await visitor.run("again")
    said = visitor.texts()
    await visitor.close()
    return said


def wait_until(there: bool, server: Server, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while bool(server.files()) != there:
        assert time.monotonic() < end, [str(p) for p in server.files()][:5]
        time.sleep(0.2)


def test_two_people_and_a_crash(browser: Browser, own_server: Server, tmp_path: Path):
    server = own_server
    ann, bob = someone(browser, server), someone(browser, server)
    ann.open()
    bob.open()
    bring(ann, photo_zip(tmp_path / "photos.zip", PHOTOS))
    caption = next(iter(PHOTOS.values()))
    expect(ann.page.get_by_text(caption).first).to_be_visible()

    # Bob is shown the example, and nothing of Ann's: no row, no picture, no job.
    bob.go("Retrieval")
    bob.go("Data")
    expect(bob.page.get_by_test_id("stSidebar").get_by_text("emoji").first).to_be_visible()
    assert not bob.page.get_by_text(caption).count()
    assert not bob.page.locator("[class*='st-key-job-']").count()

    # A third person clears the server's caches: Ann's files and rows are still there.
    with ThreadPoolExecutor(1) as aside:  # Playwright has this thread's event loop
        said = aside.submit(asyncio.run, meddle(server.port)).result()
    assert not any(caption in text for text in said)
    assert server.files()
    ann.go("Encode")
    ann.press("Encode")
    ann.wait_for_job()
    expect(ann.page.get_by_text("can be compared")).to_be_visible()

    ann.go("Data")
    assert ann.page.locator("[class*='st-key-card-pairs-'] img").count() == len(PHOTOS)

    # She goes: her files go, and his session lives.
    ann.page.context.close()
    wait_until(False, server)
    bob.go("Encode")
    expect(bob.page.get_by_text("can be compared")).to_be_visible()

    # He brings photos too; the server is killed; at the next start they are gone.
    bob.go("Data")
    bring(bob, photo_zip(tmp_path / "photos.zip", PHOTOS))
    assert server.files()
    server.kill()
    assert server.files()
    bob.page.context.close()
    server.start()
    carl = someone(browser, server)
    carl.open()
    assert not server.files()
    expect(carl.page.get_by_test_id("stSidebar").get_by_text("emoji").first).to_be_visible()
    carl.page.context.close()
