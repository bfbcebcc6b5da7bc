"""Bringing one's own files: looked at and read as jobs, cancelled without a trace, refused in one sentence."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from mmexplore.app.panels import bring
from mmexplore.data.reading import read
from mmexplore.errors import UserError


def photos_zip(n: int = 4) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for i in range(n):
            picture = io.BytesIO()
            Image.new("RGB", (40 + i, 30), "red").save(picture, "JPEG")
            archive.writestr(f"{i}.jpg", picture.getvalue())
            archive.writestr(f"{i}.txt", f"red number {i}")
    return out.getvalue()


PAGE = """
from mmexplore.app.panels import bring
from mmexplore.app.shell import jobs_view
from mmexplore.app.state import session
session.start("data")
jobs_view.collect()
jobs_view.show()
bring.panel()
"""


@pytest.fixture
def data_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The panel of the Data page with what stands around it; uploads lie beneath tmp_path."""
    monkeypatch.setattr(bring.session, "folder", lambda *parts: _made(tmp_path.joinpath("session", *parts)))
    return AppTest.from_string(PAGE, default_timeout=60).run()


def _made(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def settle(test: AppTest, seconds: float = 60) -> AppTest:
    end = time.monotonic() + seconds
    while any(not w.job.finished for w in test.session_state["jobs"]):
        assert time.monotonic() < end
        time.sleep(0.05)
    return test.run() if test.session_state["jobs"] else test  # what was over at once is taken up already


def upload(test: AppTest, name: str, data: bytes) -> AppTest:
    test.get("file_uploader")[0].set_value((name, data, "application/zip")).run()
    test.button(key="look").click().run()
    return test


def test_a_zip_is_looked_at_and_read(data_page: AppTest):
    test = settle(upload(data_page, "photos.zip", photos_zip()))
    assert not test.exception and not test.error
    assert any("photos.zip: 4 rows" in t.value for t in test.text)
    test.button(key="read").click().run()
    settle(test)
    assert len(test.session_state["workspace"].dataset) == 4
    assert "brought" not in test.session_state


def test_numbers_and_categories_become_part_of_a_table_at_a_click(data_page: AppTest):
    lines = [f"a note of patient number {i},{36 + i / 10:.1f},{20 + i},{'ab'[i % 2]}" for i in range(20)]
    test = settle(upload(data_page, "notes.csv", "\n".join(["note,fever,age,ward", *lines]).encode()))
    before = test.session_state["brought"]
    test.button(key="read-as-table").click().run()
    assert not test.exception and test.session_state["brought"] is before
    assert "read-as-table" not in [b.key for b in test.button], "nothing is left to be added"
    test.button(key="read").click().run()
    settle(test)
    dataset = test.session_state["workspace"].dataset
    assert [list(parts) for parts in dataset.parts.values()] == [["fever", "age", "ward"]]
    assert list(dataset.kinds) == ["note", *dataset.parts]


def test_what_cannot_be_used_is_one_sentence_and_is_not_kept(data_page: AppTest, tmp_path: Path):
    test = settle(upload(data_page, "photos.zip", b"PK no zip at all"))
    assert not test.exception
    assert len(test.error) == 1 and "cannot be read" in test.error[0].value
    assert not test.code, "bad input is no bug: there is no traceback to unfold"
    assert "brought" not in test.session_state
    assert not [f for f in (tmp_path / "session").rglob("*") if f.is_file()]


def test_cancelled_while_it_is_unpacked_leaves_nothing(data_page: AppTest, tmp_path, monkeypatch):
    started = []

    def slow(paths, *, workdir, progress):
        workdir.mkdir(parents=True)
        (workdir / "half").write_bytes(b"x")
        for i in range(3000):
            started.append(i)
            progress.update(i, 3000, "Unpacking")
            time.sleep(0.02)

    monkeypatch.setattr(read, "recognise", slow)
    test = upload(data_page, "photos.zip", photos_zip())
    assert list((tmp_path / "session").rglob("half"))
    assert test.button(key="look").disabled
    next(b for b in test.button if b.key and b.key.startswith("cancel-")).click().run()
    settle(test, 10)
    assert "brought" not in test.session_state and 0 < len(started) < 3000
    assert not [f for f in (tmp_path / "session").rglob("*") if f.is_file()]


def test_a_reading_that_fails_keeps_what_was_brought(data_page: AppTest, monkeypatch: pytest.MonkeyPatch):
    def fails(*_, **__):
        raise UserError("none of the rows can be used", "photos.zip", "check the files")

    test = settle(upload(data_page, "photos.zip", photos_zip()))
    monkeypatch.setattr(read, "read_pairs", fails)
    test.button(key="read").click().run()
    settle(test)
    assert len(test.error) == 1 and not test.code
    assert test.button(key="read") is not None


def test_a_folder_keeps_its_inner_folders(tmp_path: Path):
    def file(name: str) -> io.BytesIO:
        made = io.BytesIO(b"x")
        made.name = name
        return made

    kept = bring.keep_uploads([file("album/cats/1.jpg"), file("album/dogs/1.jpg")], tmp_path / "a")
    assert bring.folder_of_uploads(kept, tmp_path / "a") == tmp_path / "a" / "album"
    kept = bring.keep_uploads([file("one/1.jpg"), file("two/1.jpg")], tmp_path / "b")
    assert bring.folder_of_uploads(kept, tmp_path / "b") == tmp_path / "b"
    kept = bring.keep_uploads([file("1.jpg")], tmp_path / "c")
    assert bring.folder_of_uploads(kept, tmp_path / "c") == tmp_path / "c"


def test_the_uploader_takes_a_folder(data_page: AppTest):
    data_page.session_state["choice.upload.how"] = bring.FOLDER
    data_page.run()
    assert data_page.get("file_uploader")[0].proto.accept_directory
