"""Save and reopen on the Data page: jobs like every other long thing; what is saved waits on the disk."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mmexplore import journey
from mmexplore.app.pages.data import saving
from mmexplore.export.report import report
from mmexplore.models.fusion.concat import ConcatFusion
from mmexplore.server.jobs import Progress
from mmexplore.workspace import zip as workspace_zip
from mmexplore.workspace.state import Workspace
from tests.app.pages.conftest import OpenPage
from tests.app.pages.test_journey import APP


def part_of_data(open_page: OpenPage, part: str, stage: str) -> AppTest:
    test = open_page("data", stage)
    test.session_state["choice.data.part"] = part
    return test.run()


def reopen(open_page: OpenPage, content: bytes) -> AppTest:
    """Upload this as a saved workspace and press Open it; the job is over."""
    test = part_of_data(open_page, "Save and reopen", "empty")
    test.get("file_uploader")[0].set_value(("saved.zip", content, "application/zip")).run()
    test.button(key="reopen").click().run()
    assert not test.exception
    assert test.session_state["jobs"][0].job.wait(60)
    return test


def through_the_frame(test: AppTest) -> AppTest:
    """The same session in the whole app, which takes up what its jobs have made."""
    frame = AppTest.from_file(APP, default_timeout=60)
    for key in ("started", "jobs", "workspace", "room"):
        frame.session_state[key] = test.session_state[key]
    frame.run()
    assert not frame.exception
    return frame


def made(test: AppTest) -> dict[str, saving.Made]:
    """What waits to be taken away."""
    if "result.made" not in test.session_state:
        return {}
    return test.session_state["result.made"]


def without_ids(page: str) -> str:
    """A report without the names plotly makes up for its figures."""
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", page)


def test_a_saved_workspace_is_reopened(open_page: OpenPage, fused: Workspace, tmp_path: Path):
    workspace_zip.save_zip(fused, tmp_path / "saved.zip", tmp_path)
    test = reopen(open_page, (tmp_path / "saved.zip").read_bytes())
    waiting = test.session_state["jobs"][0]
    again = waiting.job.result
    assert waiting.take_up is not None and waiting.kind == "reopen"
    assert list(again.embeddings.ids) == list(fused.embeddings.ids)
    assert again.fitted.score.score == pytest.approx(fused.fitted.score.score)
    frame = through_the_frame(test)
    assert frame.session_state["workspace"] is again
    home = frame.session_state["room"].account.folder
    assert not list(home.rglob("saved.zip")), "unpacked, it need not be there twice"
    media = [c for cells in again.dataset.cells.values() for c in cells if isinstance(c, Path)]
    assert media and all(path.is_relative_to(home) and path.exists() for path in media)


@pytest.mark.parametrize("content", [b"not a zip", b"PK\x05\x06" + bytes(18)])
def test_a_damaged_workspace_is_one_sentence(open_page: OpenPage, content: bytes):
    test = reopen(open_page, content)
    before = test.session_state["workspace"]
    frame = through_the_frame(test)
    assert len(frame.error) == 1 and "saved" in frame.error[0].value
    assert frame.session_state["workspace"] is before and not frame.session_state["jobs"]
    assert not list(frame.session_state["room"].account.folder.glob("reopened-*"))


def test_a_path_is_reopened_where_paths_may_be_typed(
    open_page: OpenPage, fused: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MMEXPLORE_LOCAL_PATHS", "1")
    workspace_zip.save_zip(fused, tmp_path / "saved.zip", tmp_path)
    test = part_of_data(open_page, "Save and reopen", "empty")
    test.text_input(key="reopen-path").set_value(str(tmp_path / "none.zip"))
    next(b for b in test.button if b.label == "Open the path").click().run()
    assert len(test.error) == 1 and not test.session_state["jobs"]
    test.text_input(key="reopen-path").set_value(str(tmp_path / "saved.zip"))
    next(b for b in test.button if b.label == "Open the path").click().run()
    assert test.session_state["jobs"][0].job.wait(60)
    assert len(through_the_frame(test).session_state["workspace"].embeddings) == len(fused.embeddings)
    assert (tmp_path / "saved.zip").exists(), "the person's own file stays"
    monkeypatch.setenv("MMEXPLORE_LOCAL_PATHS", "0")
    assert not part_of_data(open_page, "Save and reopen", "empty").text_input


def test_saving_is_a_job_whose_zip_is_offered_from_the_disk(open_page: OpenPage, fused: Workspace, tmp_path: Path):
    test = part_of_data(open_page, "Save and reopen", "fusion")
    assert not test.get("link_button")
    test.button(key="make-save").click().run()
    waiting = test.session_state["jobs"][0]
    assert waiting.kind == "save" and waiting.job.wait(60)
    frame = through_the_frame(test)
    saved = made(frame)["save"]
    assert saved.path.is_relative_to(frame.session_state["room"].account.folder)
    assert frame.session_state["room"].account.used >= saved.size > 0
    frame.session_state["choice.data.part"] = "Save and reopen"
    link = frame.run().get("link_button")[0].proto
    assert link.label.startswith("Download the ZIP (") and link.url.startswith("saved/")
    again = workspace_zip.open_zip(saved.path, tmp_path)
    assert list(again.embeddings.ids) == list(fused.embeddings.ids)
    assert set(again.fusions) == set(fused.fusions)
    assert [f.name for f in saved.path.parent.iterdir()] == [saved.path.name], "nothing else is left beside it"


def test_the_report_is_a_job_too(open_page: OpenPage, fused: Workspace):
    test = part_of_data(open_page, "Save and reopen", "fusion")
    test.button(key="make-report").click().run()
    waiting = test.session_state["jobs"][0]
    assert waiting.kind == "report" and waiting.job.wait(60)
    assert not test.button(key="make-save").disabled
    frame = through_the_frame(test)
    page = made(frame)["report"].path.read_text(encoding="utf-8")
    assert without_ids(page) == without_ids(report(fused))
    frame.session_state["choice.data.part"] = "Save and reopen"
    link = frame.run().get("link_button")[0].proto
    assert link.label.startswith("Download the report (") and link.url.startswith("saved/")


def test_a_report_says_where_it_is_and_can_be_cancelled(fused: Workspace):
    said: list[str] = []
    report(fused, Progress(lambda progress: said.append(progress.message)))
    assert said[0] == "Data" and said[-1] == "Weights" and len(said) >= 4


def test_a_cancelled_save_offers_nothing_and_leaves_nothing(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    begun, go_on = threading.Event(), threading.Event()

    def slow(workspace, path, workdir, progress) -> None:
        path.with_name("half").write_bytes(b"x")
        begun.set()
        go_on.wait(30)
        progress.check()

    monkeypatch.setattr(workspace_zip, "save_zip", slow)
    test = part_of_data(open_page, "Save and reopen", "fusion")
    test.button(key="make-save").click().run()
    job = test.session_state["jobs"][0].job
    assert begun.wait(30)
    assert test.run().button(key="make-save").disabled, "one at a time"
    job.cancel()
    go_on.set()
    assert job.wait(30) and job.state == "cancelled"
    frame = through_the_frame(test)
    assert not made(frame) and not frame.session_state["jobs"]
    assert not [f for f in frame.session_state["room"].account.folder.rglob("*") if f.is_file()]


def test_another_workspace_takes_the_saved_zip_with_it(open_page: OpenPage):
    test = part_of_data(open_page, "Save and reopen", "fusion")
    test.button(key="make-save").click().run()
    assert test.session_state["jobs"][0].job.wait(60)
    frame = through_the_frame(test)
    path = made(frame)["save"].path
    frame.session_state["choice.data.part"] = "Examples"
    frame.run()
    next(b for b in frame.button if b.label.startswith("Open")).click().run()
    assert not made(frame) and not path.exists()


def test_the_browser_is_told_of_choices_that_are_forgotten(open_page: OpenPage, fused: Workspace, tmp_path: Path):
    """The widget that stays on the page must not go on showing the old choice, and the notice must not be lost."""
    workspace_zip.save_zip(fused, tmp_path / "saved.zip", tmp_path)
    test = reopen(open_page, (tmp_path / "saved.zip").read_bytes())
    frame = AppTest.from_file(APP, default_timeout=60)
    for key in ("started", "jobs", "workspace", "room"):
        frame.session_state[key] = test.session_state[key]
    frame.session_state["choice.data.part"] = "Save and reopen"
    frame.run()
    part = frame.get("button_group")[0].proto
    assert part.set_value and list(part.raw_values) == ["What is loaded"]
    assert [t.value.replace("\\", "") for t in frame.toast] == ["saved.zip is open."]


class Theirs(ConcatFusion):
    """A fusion that is not installed here."""

    name = "theirs"


def test_what_cannot_be_opened_here_is_told_and_the_rest_is_there(
    open_page: OpenPage, fused: Workspace, tmp_path: Path
):
    with_theirs = replace(fused, fusions=dict(fused.fusions))
    with_theirs.add_fusion(journey.fuse(with_theirs, Theirs(epochs=1)))
    workspace_zip.save_zip(with_theirs, tmp_path / "saved.zip", tmp_path)
    frame = through_the_frame(reopen(open_page, (tmp_path / "saved.zip").read_bytes()))
    opened = frame.session_state["workspace"]
    assert list(opened.fusions) == ["attention"] and len(opened.unread) == 1
    told = [e.value.replace("\\", "").replace("\u2060", "") for e in frame.error]
    assert any("the fit 'theirs' (no method is called 'theirs')" in t for t in told)
