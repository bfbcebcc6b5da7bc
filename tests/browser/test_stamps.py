"""Six modalities with holes: picture, names in four languages and a sound effect, from upload to retrieval."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(2400)]

MODALITIES = ["image", "text", "text_zh", "text_fr", "text_ja", "sound"]


def choose(person: Person, label: str, option: str) -> None:
    """Pick an option of a select box."""
    person.page.get_by_role("combobox", name=label).first.click()
    person.page.get_by_role("option", name=option, exact=True).click()
    person.settle()


def test_the_stamps_go_through_the_whole_journey(person: Person, shared_data: Path):
    page = person.page
    person.open()
    page.get_by_text("Bring your own", exact=True).first.click()
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(shared_data / "stamps.zip")
    look = page.get_by_role("button", name="Look at the files")
    expect(look).to_be_enabled()
    look.click()
    expect(page.get_by_role("button", name="Read pairs")).to_be_visible(timeout=120_000)
    person.settle()
    person.press("Read pairs")
    expect(page.get_by_test_id("stSidebar").get_by_text("519 rows")).to_be_visible(timeout=600_000)
    person.settle()
    expect(page.get_by_text("sound (audio) 116 rows")).to_be_visible()
    heard = page.locator("[class*='st-key-card-pairs-']").filter(has=page.get_by_test_id("stAudio"))
    expect(heard.first.get_by_test_id("stAudio")).to_be_visible()
    expect(heard.first.locator("img")).to_have_count(2)  # the picture, and the sound's spectrogram
    expect(page.get_by_text("(no sound)").first).to_be_visible()
    person.photograph("stamps-data")

    person.go("Encode")
    for modality in MODALITIES:
        expect(page.get_by_text(modality, exact=True).first).to_be_visible()
    person.press("Encode")
    expect(page.get_by_text("can be compared")).to_be_visible(timeout=900_000)
    expect(page.get_by_text("An alignment on the Fuse page")).to_be_visible()
    person.settle()
    assert "Could not be encoded" not in page.inner_text("body")  # every cell of every modality
    person.photograph("stamps-encode")

    person.go("Fuse")
    page.get_by_text("Alignment (optional)").first.click()
    person.settle()
    choose(person, "Method", "Generalised CCA (GCCA, MAXVAR) with missing cells")
    person.press("Align")
    expect(page.get_by_text("In use: ")).to_be_visible(timeout=600_000)
    person.settle()
    person.press("Fit")
    expect(page.get_by_role("heading", name="How well it does")).to_be_visible(timeout=600_000)
    person.settle()
    expect(page.get_by_text("sound in 79 of these 104 rows").first).to_be_visible()
    person.photograph("stamps-fuse")

    person.go("Weights")
    expect(page.get_by_text("learned").first).to_be_visible()
    expect(page.get_by_text("sound in 403 of 519 rows, text_zh in 68.").first).to_be_visible()
    for modality in MODALITIES:
        expect(page.get_by_test_id("stMetric").filter(has_text=modality).first).to_be_visible()
    person.part("All of the data")
    expect(page.get_by_role("heading", name="Measured", exact=True)).to_be_visible(timeout=180_000)
    page.locator("[class*='st-key-chart-shapley'] .js-plotly-plot").first.wait_for(timeout=600_000)
    person.photograph("stamps-weights")

    person.go("Latent space")
    page.locator(".js-plotly-plot .nsewdrag").nth(6).wait_for(timeout=180_000)  # a map a modality, and the fused one
    person.photograph("stamps-maps")

    person.go("Retrieval")
    expect(page.get_by_text(", ".join(MODALITIES)).first).to_be_visible()
    expect(page.get_by_text("A direction is asked with the rows that have both").first).to_be_visible()
    expect(page.locator("[class*='st-key-chart-recall'] .heatmaplayer").first).to_be_visible()  # thirty directions
    page.get_by_placeholder("Say what you are looking for").fill("a dog")
    page.keyboard.press("Enter")
    person.settle()
    expect(page.locator("[class*='st-key-card-hits-text-']").first).to_contain_text("1. score")
    page.get_by_text("A file", exact=True).first.click()
    person.settle()
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
        {"name": "quack.ogg", "mimeType": "audio/ogg", "buffer": _sound(shared_data)}
    )
    hit = page.locator("[class*='st-key-card-hits-file-']").first
    expect(hit).to_contain_text("1. score", timeout=120_000)
    person.photograph("stamps-retrieval")

    person.go("Mispairs")
    page.get_by_role("combobox", name="Between").click()
    page.get_by_role("option", name="image and sound", exact=True).click()
    expect(page.get_by_text("116 rows have both; the others have no partner").first).to_be_visible()

    person.go("Words and regions")
    choose(person, "Text", "text_zh")
    expect(page.get_by_text("text_zh in 68 of 519 rows. Only items that have both").first).to_be_visible()
    expect(page.get_by_role("heading", name="Is the map true?")).to_be_visible(timeout=180_000)
    assert not page.get_by_test_id("stAlertContentError").count()
    person.photograph("stamps-words")

    person.go("Compare")
    expect(page.get_by_role("button", name="Compare", exact=True)).to_be_enabled()
    person.go("Missing modalities")
    person.press("Drop and measure")
    person.wait_for_job(300)
    expect(page.get_by_role("heading", name="The worst subset")).to_be_visible()
    person.photograph("stamps-missing")
    person.go("Reconstruct")
    expect(page.get_by_role("button", name="Fit a multimodal VAE (MVAE)")).to_be_enabled()
    assert not page.get_by_test_id("stAlertContentError").count()


def _sound(shared_data: Path) -> bytes:
    """One of the sound effects, to ask with."""
    import zipfile

    with zipfile.ZipFile(shared_data / "stamps.zip") as archive:
        return archive.read(next(n for n in archive.namelist() if n.endswith(".ogg")))
