"""The app as a person meets it: first picture, the whole journey with own photos, hostile words, both themes."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from mmexplore.app import navigation
from tests.app.pages.small import HOSTILE
from tests.browser.conftest import Person

pytestmark = pytest.mark.browser

PAGES = [page.title for page in navigation.PAGES]

# scikit-image's bundled photographs and what is seen on them
PHOTOS = {
    "chelsea.png": "a tabby cat looks into the camera",
    "coffee.png": "a cup of coffee on a saucer with a spoon",
    "rocket.jpg": "a rocket stands on the launch pad",
    "camera.png": "a man with a camera on a tripod",
    "coins.png": "old coins on a dark cloth",
    "astronaut.png": "a smiling astronaut in an orange space suit",
    "horse.png": "the black shape of a horse",
    "clock_motion.png": "a wall clock out of focus",
    "page.png": "a page of printed text",
    "moon.png": "craters of the moon",
    "hubble_deep_field.jpg": "far galaxies in the night sky",
    "brick.png": "a brick wall",
}


def photo_zip(path: Path, captions: dict[str, str]) -> Path:
    """A ZIP of these photos with a table: image, caption, label; the photos are turned once for a second row each."""
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["id", "image", "caption", "label"])
    with zipfile.ZipFile(path, "w") as archive:
        for i, (name, caption) in enumerate(captions.items()):
            photo = Image.open(folder / name).convert("RGB")
            photo.thumbnail((320, 320))
            content = io.BytesIO()
            photo.save(content, "JPEG")
            archive.writestr(f"photos/{i}.jpg", content.getvalue())
            writer.writerow(
                [f"p{i}", f"photos/{i}.jpg", caption, "animal" if name in ("chelsea.png", "horse.png") else "thing"]
            )
        archive.writestr("pairs.csv", table.getvalue())
    return path


def bring(person: Person, path: Path) -> None:
    """Upload a ZIP on the Data page and read it."""
    person.page.get_by_text("Bring your own", exact=True).first.click()
    person.page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(path)
    look = person.page.get_by_role("button", name="Look at the files")
    expect(look).to_be_enabled()
    look.click()
    expect(person.page.get_by_role("button", name="Read pairs")).to_be_visible()
    person.settle()
    person.photograph("bring")
    person.press("Read pairs")
    person.wait_for_job()
    expect(person.page.get_by_test_id("stSidebar").get_by_text(f"{len(PHOTOS)} rows")).to_be_visible()


def lasso(person: Person, nth: int = 0) -> None:
    """Draw a lasso around nearly all of a map."""
    box = person.page.locator(".js-plotly-plot .nsewdrag").nth(nth).bounding_box()
    assert box
    x, y, w, h = box["x"], box["y"], box["width"], box["height"]
    mouse = person.page.mouse
    mouse.move(x + 0.02 * w, y + 0.02 * h)
    mouse.down()
    for right, down in ((0.98, 0.02), (0.98, 0.98), (0.02, 0.98), (0.02, 0.03)):
        mouse.move(x + right * w, y + down * h, steps=8)
    mouse.up()
    person.settle()


def test_the_first_picture_is_there_within_three_seconds_of_the_first_paint(person: Person):
    """The browser's cache is empty; the server has imported what the page needs (benchmarks time the cold start)."""
    person.open()
    person.page.context.clear_cookies()
    person.page.goto(person.address)
    person.page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length > 0")
    painted = time.monotonic()
    person.page.locator("[class*='st-key-card-'] img").first.wait_for(timeout=30_000)
    seconds = time.monotonic() - painted
    assert seconds < 3, f"first picture {seconds:.1f} s after the first paint"


def test_the_journey_with_ones_own_photos(person: Person, tmp_path: Path):
    page = person.page
    person.open()
    bring(person, photo_zip(tmp_path / "photos.zip", PHOTOS))
    person.go("Encode")
    person.press("Encode")
    person.go("Data")  # look elsewhere meanwhile: the result is taken up all the same
    person.wait_for_job()
    person.go("Encode")
    expect(page.get_by_text("can be compared")).to_be_visible()

    person.go("Fuse")
    person.press("Fit")
    person.wait_for_job()
    expect(page.get_by_role("heading", name="How well it does")).to_be_visible()

    person.go("Weights")
    expect(page.get_by_text("learned").first).to_be_visible()
    for bar in ("learned", "measured"):
        expect(page.locator(f"[class*='st-key-weigh-{bar}-'] img")).to_have_count(len(PHOTOS))

    person.go("Latent space")
    page.locator(".js-plotly-plot .nsewdrag").nth(2).wait_for()
    page.wait_for_timeout(800)
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    lasso(person)
    expect(page.get_by_text(f"{len(PHOTOS)} selected")).to_be_visible()
    expect(page.locator("[class*='st-key-card-selected-'] img")).to_have_count(len(PHOTOS))
    person.photograph("lasso")
    person.press("Clear")
    expect(page.get_by_text("Nothing yet.")).to_be_visible()

    person.go("Retrieval")
    page.get_by_placeholder("Say what you are looking for").fill("a cat")
    page.keyboard.press("Enter")
    person.settle()
    first = page.locator("[class*='st-key-card-hits-text-']").first
    expect(first).to_contain_text("1. score")
    expect(first).to_contain_text("a tabby cat")
    person.photograph("query")

    person.part("Worst failures")
    person.go("Weights")
    person.part("All of the data")
    person.go("Retrieval")  # each page is as it was left
    expect(page.get_by_text("Where the right answer came last.")).to_be_visible()
    expect(first).to_contain_text("a tabby cat")
    person.go("Weights")
    page.locator("[class*='st-key-chart-weights-distribution'] .js-plotly-plot").wait_for()


def test_words_that_try_to_be_markup_do_nothing(person: Person, tmp_path: Path):
    """Captions with HTML, Markdown, LaTeX and formulas; titles stay, nothing is fetched, nothing runs."""
    page = person.page
    person.open()
    captions = dict(zip(PHOTOS, [*HOSTILE, *list(PHOTOS.values())[len(HOSTILE) :]], strict=True))
    bring(person, photo_zip(tmp_path / "<img src=x> *hostile*.zip", captions))
    for text in HOSTILE[:4]:
        expect(page.get_by_text(text, exact=True).first).to_be_visible()
    person.go("Encode")
    person.press("Encode")
    person.wait_for_job()
    person.go("Latent space")
    page.locator(".js-plotly-plot .nsewdrag").first.wait_for()
    page.wait_for_timeout(800)
    lasso(person)
    for nth in range(2):  # hover texts, too
        box = page.locator(".js-plotly-plot .nsewdrag").nth(nth).bounding_box()
        assert box
        for step in range(0, 100, 5):
            page.mouse.move(
                box["x"] + box["width"] * step / 100, box["y"] + box["height"] * (0.3 + 0.4 * (step % 20) / 20)
            )
    person.go("Retrieval")
    page.get_by_placeholder("Say what you are looking for").fill(HOSTILE[0])
    page.keyboard.press("Enter")
    person.settle()
    expect(page.locator("[class*='st-key-card-hits-text-']").first).to_be_visible()
    assert page.title() == "mmexplore"
    assert (
        page.locator(
            "img[src='x'], img[src*='outside.invalid'], a[href*='outside.invalid'], a[href^='javascript']"
        ).count()
        == 0
    )
    assert page.locator(".katex").count() == 0


@pytest.mark.parametrize("person", [(1280, "light"), (768, "dark")], indirect=True, ids=["1280-light", "768-dark"])
def test_every_page_fits_its_window(person: Person, request: pytest.FixtureRequest):
    """No error, nothing wider than the window; a screenshot of each page for people to look at."""
    person.open()
    for title in PAGES:
        if title != "Data":
            person.go(title)
        page = person.page
        collapse = page.get_by_test_id("stSidebarCollapseButton").locator("button")
        if (page.viewport_size or {})["width"] < 800 and collapse.count() and collapse.first.is_visible():
            collapse.first.click()
            page.wait_for_timeout(400)
        for part in person.each_part():
            page.wait_for_timeout(600)
            assert not page.get_by_test_id("stException").count()
            wider = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
            assert wider <= 0, f"{title}, {part} is {wider} px too wide"
            name = f"{title} {part}".strip().lower().replace(" ", "-")
            person.photograph(f"{name}-{request.node.callspec.id}")


def test_a_page_of_its_own_address_opens_in_the_frame(person: Person):
    person.open("/weights?example=emoji")
    expect(person.page.get_by_role("heading", name="Weights", exact=True)).to_be_visible()
    expect(person.page.get_by_test_id("stSidebarNavLink").filter(has_text="Latent space")).to_be_visible()
