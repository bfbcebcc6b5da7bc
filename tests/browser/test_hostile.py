"""What strangers bring, in a real browser: no name, label or caption does anything; pictures come as files."""

from __future__ import annotations

import contextlib
import csv
import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, TimeoutError, expect

from mmexplore.app.navigation import PAGES
from mmexplore.journey import showcase
from mmexplore.runtime import cache_dir
from tests.browser.conftest import Person
from tests.fuzz.originals import picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

OWNED = "document.title='owned'"
WORDS = [
    f'<img src=x onerror="{OWNED}">',
    f"<svg onload={OWNED}>",
    "![p](http://outside.invalid/p.png)",
    f"[click](javascript:{OWNED})",
    r"$\frac{owned}{2}$ :red[alarm] **bold**",
    "<a href='http://outside.invalid'>x</a>",
    "<iframe src='http://outside.invalid'></iframe>",
    "\u202e<b>turned</b>\u2066 `code` %{x} {{7*7}} ${7*7}",
]
COLUMNS = {"photo": "<img src=x> $owned^2$", "text": "![t](http://outside.invalid/t.png)", "label": "label", "id": "id"}
SHOP = "<b>shop</b> [c](javascript:1) :smile:"

#: what hostile words would have put into the page
MADE = (
    "img[src='x'], img[src*='outside.invalid'], a[href*='outside.invalid'], a[href^='javascript'], "
    "iframe[src*='outside.invalid'], .stMarkdown b, .js-plotly-plot b, svg[onload]"
)


def hostile_zip(path: Path, n: int = 24) -> Path:
    """Photos whose file names, ids, captions, labels, columns and their names all try to be markup."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow([COLUMNS["id"], COLUMNS["photo"], COLUMNS["text"], COLUMNS["label"], SHOP])
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(n):
            word = WORDS[i % len(WORDS)]
            name = f"{i} {word.replace('/', '-')[:60]}.jpg"
            content = io.BytesIO()
            picture(i, (120, 90)).resize((240, 180)).save(content, "JPEG")
            archive.writestr(name, content.getvalue())
            writer.writerow([f"{i} {word}", name, f"{word} number {i}", WORDS[i % 3], WORDS[3 + i % 5]])
        archive.writestr("pairs.csv", table.getvalue())
    return path


def nothing_was_done(person: Person, where: str) -> None:
    assert person.page.title() == "mmexplore", where
    found = person.page.locator(MADE)
    assert found.count() == 0, f"{where}: {found.first.evaluate('e => e.outerHTML')}"
    formulas = person.page.locator(".katex annotation").all_text_contents()  # those of the methods' cards are ours
    assert not [f for f in formulas if "owned" in f], where
    assert not person.page.get_by_test_id("stException").count(), where


def touch_everything(person: Person, where: str) -> None:
    """Hover over every figure, open every list of choices and every part that can be unfolded."""
    page = person.page
    for nth in range(page.locator(".js-plotly-plot .nsewdrag").count()):
        area = page.locator(".js-plotly-plot .nsewdrag").nth(nth)
        area.scroll_into_view_if_needed()
        box = area.bounding_box()
        for step in range(0, 100, 7):
            at = box["y"] + box["height"] * (0.15 + 0.7 * (step % 21) / 21) if box else 0
            page.mouse.move(box["x"] + box["width"] * step / 100, at) if box else None
    nothing_was_done(person, f"{where}, hovered")
    for nth in range(page.get_by_test_id("stExpander").count()):
        summary = page.get_by_test_id("stExpander").nth(nth).locator("summary")
        if summary.is_visible():
            summary.click()
            person.settle()
    for nth in range(page.get_by_test_id("stSelectbox").count()):
        box = page.get_by_test_id("stSelectbox").nth(nth).locator("input")
        if box.is_visible() and box.is_enabled():
            box.click()
            page.wait_for_timeout(150)
            nothing_was_done(person, f"{where}, choices")
            page.keyboard.press("Escape")
    page.get_by_test_id("stHeading").first.click()  # closes a list that is still open: it would take the next click
    person.settle()
    nothing_was_done(person, where)


def test_hostile_words_do_nothing_on_any_page(person: Person, tmp_path: Path):
    page = person.page
    page.set_default_timeout(120_000)  # a busy machine takes its time over the first run of a page
    person.open()
    page.get_by_text("Bring your own", exact=True).first.click()
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
        hostile_zip(tmp_path / "<img src=x> $owned^b$.zip")
    )
    look = page.get_by_role("button", name="Look at the files")
    expect(look).to_be_enabled()
    look.click()
    expect(page.get_by_role("button", name="Read pairs")).to_be_visible()
    person.settle()
    touch_everything(person, "Data, preview")
    read, rows = page.get_by_role("button", name="Read pairs"), page.get_by_test_id("stSidebar").get_by_text("24 rows")
    for _ in range(10):  # what was just unfolded may move the button away under the pointer
        if rows.count():
            break
        with contextlib.suppress(TimeoutError):
            read.click(timeout=3000)
        page.wait_for_timeout(3000)
    person.wait_for_job()
    expect(rows).to_be_visible()
    assert page.locator("[class*='st-key-card-'] img").count() == 24
    touch_everything(person, "Data")
    person.go("Encode")
    person.press("Encode")
    person.wait_for_job()
    person.go("Fuse")
    person.press("Fit")
    person.wait_for_job(600)  # on a busy machine torch alone is imported for minutes
    for title in (page.title for page in PAGES):
        with contextlib.suppress(TimeoutError):
            person.go(title)
        person.go(title)  # a busy page may lose the first click
        for part in person.each_part():
            page.wait_for_timeout(600)
            touch_everything(person, f"{title} {part}".strip())
            person.photograph(f"hostile-{title} {part}".strip().lower().replace(" ", "-"))


def raster_uris(person: Person, figures_too: bool) -> list[str]:
    """Pictures that stand in the page itself as base64 (our own small drawings are SVG, and few)."""
    return person.page.evaluate(
        """figuresToo => {
          const page = document.documentElement.cloneNode(true);
          if (!figuresToo) page.querySelectorAll('.js-plotly-plot').forEach(figure => figure.remove());
          return [...page.outerHTML.matchAll(/data:image\\/(?!svg)[a-z+]+/g)].map(m => m[0]);
        }""",
        figures_too,
    )


def test_pictures_are_files_made_once(browser: Browser, server: str):
    """No picture is in the page as base64, on no page, hovered over or not; the next visit makes none."""

    def visit() -> set[str]:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        person = Person(context.new_page(), server)
        person.open("/?example=emoji")
        sources: set[str] = set()
        for title in (page.title for page in PAGES):
            person.go(title)
            for part in person.each_part():
                person.page.wait_for_timeout(500)
                area = person.page.locator(".js-plotly-plot .nsewdrag").first
                if area.count() and (box := area.bounding_box()):
                    person.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
                # only the figures of Words and regions hold a picture: the heat map is computed for this view
                assert raster_uris(person, figures_too=title != "Words and regions") == [], f"{title} {part}"
                cards = person.page.locator("[class*='st-key-card-'] img")
                sources |= {
                    s for s in cards.evaluate_all("all => all.map(i => i.src)") if not s.startswith("data:image/svg")
                }
        context.close()
        return sources

    def made() -> dict[str, int]:
        """The example's own: other tests, at the same time, may keep theirs in the same cache."""
        files = cache_dir("thumbnails").rglob("*.jpg")
        return {f.name: f.stat().st_mtime_ns for f in files if f.name.partition("-")[0] in contents}

    contents = set(showcase.open_example("emoji").dataset.content["picture"])
    sources = visit()
    assert len(sources) >= 24 and all(s.startswith(f"{server}/media/") for s in sources)
    kept = made()
    assert len(kept) >= len(sources)
    visit()
    assert made() == kept


def test_a_whole_folder_is_uploaded(person: Person, tmp_path: Path):
    album = tmp_path / "album"
    for kind, colour in (("cats", "red"), ("dogs", "blue")):
        (album / kind).mkdir(parents=True)
        for i in range(3):
            Image.new("RGB", (80 + i, 60), colour).save(album / kind / f"{i}.jpg")
            (album / kind / f"{i}.txt").write_text(f"{kind} number {i}")
    page = person.page
    person.open()
    page.get_by_text("Bring your own", exact=True).first.click()
    page.get_by_text("A folder", exact=True).first.click()
    expect(page.get_by_role("button", name="Upload directories")).to_be_visible()
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(album)
    look = page.get_by_role("button", name="Look at the files")
    expect(look).to_be_enabled()
    look.click()
    expect(page.get_by_text("album: 6 rows, 3 columns")).to_be_visible()
    person.settle()
    person.press("Read pairs")
    person.wait_for_job()
    expect(page.get_by_test_id("stSidebar").get_by_text("album, 6 rows")).to_be_visible()
    expect(page.get_by_text("label: cats").first).to_be_visible()
