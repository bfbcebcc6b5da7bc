"""`mmexplore app PATH` as a session meets it: pairs or a saved workspace open, or one sentence says why not."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mmexplore.app.shell import given
from mmexplore.workspace import files as workspace_files
from mmexplore.workspace import zip as workspace_zip
from mmexplore.workspace.state import Workspace
from tests.app.pages.test_journey import APP, prepared  # noqa: F401  a fixture


def open_app(**query: str) -> AppTest:
    """A first visit, and the visits after it until no job runs."""
    test = AppTest.from_file(APP, default_timeout=60)
    for name, value in query.items():
        test.query_params[name] = value
    test.run()
    end = time.monotonic() + 60
    while test.session_state.get("jobs"):
        assert time.monotonic() < end
        time.sleep(0.05)
        test.run()
    assert not test.exception
    return test


def give(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(given, "_given", path)


def test_pairs_are_read_and_shown(prepared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):  # noqa: F811
    folder = tmp_path / "words"
    folder.mkdir()
    (folder / "pairs.csv").write_text("id,english,german\na,a dog,ein Hund\nb,a cat,eine Katze\n", "utf-8")
    give(monkeypatch, folder)
    workspace = open_app(seed="7").session_state["workspace"]
    assert list(workspace.dataset.ids) == ["a", "b"] and workspace.embeddings is None
    assert workspace.seed == 7


@pytest.mark.parametrize("as_zip", [False, True])
def test_a_saved_workspace_is_reopened(
    prepared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fused: Workspace, as_zip: bool  # noqa: F811
):  # fmt: skip
    path = tmp_path / ("saved.zip" if as_zip else "saved")
    if as_zip:
        workspace_zip.save_zip(fused, path, tmp_path)
    else:
        workspace_files.save(fused, path)
    give(monkeypatch, path)
    test = open_app()
    opened = test.session_state["workspace"]
    assert np.array_equal(opened.embeddings.ids, fused.embeddings.ids) and list(opened.fusions) == list(fused.fusions)
    assert "example" not in test.query_params


def test_what_cannot_be_read_is_one_sentence_and_the_example_opens(
    prepared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path  # noqa: F811
):  # fmt: skip
    path = tmp_path / "broken.zip"
    path.write_bytes(b"PK\x03\x04 and no more")
    give(monkeypatch, path)
    test = open_app()
    assert len(test.error) == 1 and "broken" in test.error[0].value
    assert test.session_state["example"] == "emoji" and len(test.get("image")) >= 12


def test_who_asks_for_an_example_gets_it(prepared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):  # noqa: F811
    give(monkeypatch, tmp_path / "never-read")
    test = open_app(example="emoji")
    assert test.session_state["example"] == "emoji" and not test.error
