"""A workspace is saved by a job, downloaded from the disk and opened again, in a real browser."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.mark.parametrize("person", [(1280, "light"), (768, "dark")], indirect=True)
def test_saved_downloaded_and_opened_again(person: Person, tmp_path: Path):
    page = person.page
    person.open()
    rows = page.get_by_test_id("stSidebar").get_by_text("rows").first.inner_text()
    page.get_by_text("Save and reopen", exact=True).first.click()
    person.settle()
    person.press("Save the workspace")
    link = page.get_by_role("link", name="Download the ZIP")
    expect(link).to_be_visible(timeout=120_000)
    person.settle()
    person.photograph(f"saved-{page.viewport_size['width']}")
    with page.expect_download() as found:
        link.click()
    assert found.value.suggested_filename == "mmexplore-workspace.zip"
    found.value.save_as(tmp_path / "saved.zip")
    assert len(page.context.pages) == 1, "no empty tab stays"
    with zipfile.ZipFile(tmp_path / "saved.zip") as archive:
        assert archive.testzip() is None and "run.json" in archive.namelist()
    assert page.request.get(f"{person.address}/saved/{'a' * 43}").status == 404

    person.press("Make the report")
    report = page.get_by_role("link", name="Download the report")
    expect(report).to_be_visible(timeout=120_000)
    with page.expect_download() as found:
        report.click()
    assert found.value.suggested_filename == "mmexplore-report.html"
    assert "<h2>Weights" in Path(found.value.path()).read_text(encoding="utf-8")

    other = person.page.context.new_page()  # another session, which has nothing of it
    other.goto(person.address)
    other.get_by_text("Save and reopen", exact=True).first.click()
    other.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(tmp_path / "saved.zip")
    other.get_by_role("button", name="Open it").click()
    expect(
        other.get_by_text("mmexplore-workspace.zip is open").or_(other.get_by_text("saved.zip is open"))
    ).to_be_visible()
    expect(other.get_by_test_id("stSidebar").get_by_text(rows).first).to_be_visible()
    expect(other.get_by_role("radio", name="What is loaded")).to_be_checked()  # and that is what the page shows
    expect(other.get_by_role("radio", name="Save and reopen")).not_to_be_checked()
    assert not other.get_by_test_id("stAlertContentError").count()
    other.close()
