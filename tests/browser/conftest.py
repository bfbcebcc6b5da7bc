"""A server of the app and a real Chromium, shared by the browser tests. Screenshots go to tests/out/."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.load import HOST, free_port, start_server
from tests.conftest import REPOSITORY

OUT = REPOSITORY / "tests" / "out"
expect.set_options(timeout=60_000)
#: the control that says which part of a page is shown
PARTS = "[class*='st-key-choice-'][class*='-part ']"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a running app whose first example is prepared."""
    from mmexplore.journey import showcase

    showcase.prepare_example("emoji")
    port = free_port()
    process = start_server(port, tmp_path_factory.mktemp("server") / "log")
    try:
        yield f"http://{HOST}:{port}"
    finally:
        process.terminate()
        process.wait(20)


class Person:
    """What a person does in the app, and what their browser asked for while they did it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.outside: list[str] = []
        self.dialogs: list[str] = []
        page.on("request", self._asked)
        page.on("dialog", lambda d: (self.dialogs.append(d.message), d.dismiss()))

    def _asked(self, request) -> None:
        if not request.url.startswith((self.address, self.address.replace("http", "ws", 1), "data:", "blob:")):
            self.outside.append(request.url)

    def open(self, path: str = "/") -> None:
        self.page.goto(self.address + path)
        self.page.get_by_test_id("stHeading").first.wait_for(timeout=60_000)
        self.settle()

    def settle(self) -> None:
        """Until the script has run and nothing is stale."""
        self.page.wait_for_timeout(250)
        self.page.wait_for_function(
            "() => document.querySelector('[data-testid=stApp]')?.getAttribute('data-test-script-state') !== 'running'",
            timeout=60_000,
        )
        self.page.wait_for_timeout(250)

    def go(self, title: str) -> None:
        expand = self.page.get_by_test_id("stExpandSidebarButton")
        if expand.count() and expand.first.is_visible():
            expand.first.click()
        self.page.get_by_test_id("stSidebarNavLink").filter(has_text=title).first.click()
        self.page.get_by_role("heading", name=title, exact=True).first.wait_for(timeout=60_000)
        self.settle()

    def part(self, name: str) -> None:
        """Open a part of the page by its name."""
        self.page.locator(PARTS).get_by_text(name, exact=True).first.click()
        self.settle()

    def each_part(self) -> Iterator[str]:
        """Opens one part of the page after the other and gives its name; once "" where the page has no parts."""
        names = self.page.locator(f"{PARTS} button").all_inner_texts()
        for name in names:
            self.part(name)
            yield name
        if not names:
            yield ""

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()
        self.settle()

    def wait_for_job(self, seconds: float = 150) -> None:
        self.page.wait_for_timeout(500)
        self.page.wait_for_function("() => !document.querySelector('[class*=\"st-key-job-\"]')", timeout=seconds * 1000)
        self.settle()
        assert not self.page.locator("[class*='st-key-failed-']").count(), self.page.inner_text("body")

    def photograph(self, name: str) -> None:
        """The whole page into tests/out/, to be looked at."""
        OUT.mkdir(parents=True, exist_ok=True)
        size = self.page.viewport_size or {"width": 1280, "height": 900}
        height = self.page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollHeight")
        self.page.set_viewport_size({"width": size["width"], "height": min(max(900, height), 4000)})
        self.page.wait_for_timeout(900)
        self.page.screenshot(path=str(OUT / f"{name}.png"), timeout=120_000)  # a long page on a busy machine
        self.page.set_viewport_size(size)


@pytest.fixture
def person(browser: Browser, server: str, request: pytest.FixtureRequest) -> Iterator[Person]:
    """A new visitor; parametrize indirectly with (width, "light" or "dark")."""
    width, scheme = getattr(request, "param", (1280, "light"))
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    someone = Person(context.new_page(), server)
    try:
        yield someone
    finally:
        context.close()
    assert someone.outside == [], "the browser asked somebody outside"
    assert someone.dialogs == []
