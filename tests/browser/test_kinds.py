"""Every kind of data goes from upload to weights, maps and retrieval in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import samples
from tests.browser.conftest import Person
from tests.browser.test_stamps import choose

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

#: sample -> its modalities
KINDS: dict[Callable[..., Path], list[str]] = {
    samples.sounds: ["sound", "caption"],
    samples.videos: ["video", "caption"],
    samples.sensors: ["sensor", "note"],
    samples.places: ["place", "description", "table"],
    samples.six_views: [f"view{j}" for j in range(6)],
}


@pytest.mark.parametrize("sample", KINDS, ids=lambda s: s.__name__)
def test_from_upload_to_retrieval(person: Person, tmp_path: Path, sample: Callable[..., Path]):
    page, modalities, name = person.page, KINDS[sample], sample.__name__
    person.open()
    page.get_by_text("Bring your own", exact=True).first.click()
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(sample(tmp_path))
    look = page.get_by_role("button", name="Look at the files")
    expect(look).to_be_enabled()
    look.click()
    expect(page.get_by_role("button", name="Read pairs")).to_be_visible()
    person.settle()
    person.press("Read pairs")
    expect(page.get_by_role("heading", name="The pairs")).to_be_visible()
    person.settle()
    person.photograph(f"kinds-{name}-data")

    person.go("Encode")  # vectors are taken as they are, with the same button
    person.press("Encode")
    expect(page.get_by_role("heading", name="Vectors")).to_be_visible()
    person.settle()
    assert "Could not be encoded" not in page.inner_text("body")

    person.go("Fuse")
    page.get_by_text("Alignment (optional)").first.click()
    person.settle()
    choose(person, "Method", "Ridge map (least squares onto a reference)")
    person.press("Align")
    expect(page.get_by_text("In use: ")).to_be_visible()
    person.settle()
    person.press("Fit")
    expect(page.get_by_role("heading", name="How well it does")).to_be_visible()
    person.settle()

    person.go("Weights")
    person.part("All of the data")
    page.locator("[class*='st-key-chart-shapley'] .js-plotly-plot").first.wait_for(timeout=120_000)
    for modality in modalities:
        expect(page.get_by_test_id("stMetric").filter(has_text=modality).first).to_be_visible()
    person.photograph(f"kinds-{name}-weights")

    person.go("Latent space")
    page.locator(".js-plotly-plot .nsewdrag").nth(len(modalities)).wait_for(timeout=60_000)  # and the fused one
    person.photograph(f"kinds-{name}-maps")

    person.go("Retrieval")
    page.get_by_text("An item of the data", exact=True).first.click()
    person.settle()
    expect(page.locator("[class*='st-key-card-hits-item-']").first).to_contain_text("1. score")
    expect(page.get_by_role("heading", name="How often the right one is found")).to_be_visible()
    person.photograph(f"kinds-{name}-retrieval")
