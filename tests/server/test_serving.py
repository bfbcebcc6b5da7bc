"""Quotas come from the environment; a demo refuses what it does not do, in the code that would do it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from mmexplore.data.reading.read import read_pairs, recognise
from mmexplore.encoders import registry
from mmexplore.encoders.clip import open_clip_hub
from mmexplore.errors import UserError
from mmexplore.server import serving
from mmexplore.workspace import zip as workspace_zip
from mmexplore.workspace.state import Workspace

NAMES = ("MMEXPLORE_SESSION_BYTES", "MMEXPLORE_SERVER_BYTES", "MMEXPLORE_SESSION_ITEMS", "MMEXPLORE_SERVER_ITEMS")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, "MMEXPLORE_DEMO"):
        monkeypatch.delenv(name, raising=False)


def test_defaults_and_none_for_oneself_alone():
    assert serving.quotas() == serving.Quotas(2 << 30, 20 << 30, 200_000, 1_000_000)
    assert serving.quotas(alone=True) == serving.Quotas(0, 0, 0, 0)


def test_the_environment_decides(monkeypatch):
    for name, value in zip(NAMES, ("1.5MB", "3GiB", "10", "0"), strict=True):
        monkeypatch.setenv(name, value)
    assert serving.quotas() == serving.quotas(alone=True) == serving.Quotas(3 << 19, 3 << 30, 10, 0)


@pytest.mark.parametrize("value", ["much", "-1", "1XB", "nan"])
def test_what_is_no_number_is_one_sentence(monkeypatch, value):
    for name in ("MMEXPLORE_SESSION_BYTES", "MMEXPLORE_SESSION_ITEMS"):
        monkeypatch.setenv(name, value)
        with pytest.raises(UserError, match=f"{name}: '{value}' is not a"):
            serving.quotas()
        monkeypatch.delenv(name)


def test_bytes_in_words():
    assert [serving.in_words(n) for n in (0, 999, 2048, 3 << 19, 5 << 40)] == [
        "0 bytes", "999 bytes", "2 KB", "1.5 MB", "5.0 TB",
    ]  # fmt: skip


# -- the demo ----------------------------------------------------------------------
@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_DEMO", "1")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    np.savez(tmp_path / "own.npz", a=np.eye(4), b=np.eye(4))
    return tmp_path / "own.npz"


def test_a_demo_reads_no_pairs(demo, table, tmp_path):
    for read in (read_pairs, recognise):
        with pytest.raises(UserError, match="a demo with built-in examples only"):
            read(table, workdir=tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_a_demo_takes_no_upload(demo, tmp_path):
    from mmexplore.app.panels.bring import keep_uploads

    file = io.BytesIO(b"x")
    file.name = "x.txt"
    with pytest.raises(UserError, match="demo"):
        keep_uploads([file], tmp_path / "files")
    assert not list(tmp_path.iterdir())


def test_a_demo_opens_no_workspace_of_ones_own(demo, tmp_path):
    workspace_zip.save_zip(Workspace(), tmp_path / "w.zip", tmp_path / "work")
    with pytest.raises(UserError, match="demo"):
        workspace_zip.open_zip(tmp_path / "w.zip", tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_demo_downloads_no_weights_and_follows_no_path(demo, tmp_path, monkeypatch):
    weights = tmp_path / "mine.safetensors"
    weights.write_bytes(b"")
    online = [c for c in registry.cards() if not c.offline]
    assert online
    for card in (online[0], online[-1]):
        with pytest.raises(UserError, match="demo"):
            registry.load(card.name, card.kind)
    for name in (f"local:ViT-B-32@{weights}", "local:ViT-B-32@/no/such/file", f"local:{tmp_path}", "local-dir:/etc"):
        with pytest.raises(UserError, match="demo"):  # whether the path leads anywhere is not told
            registry.load(name, "image")
    with pytest.raises(UserError, match="demo"):
        open_clip_hub.fetch_weights("open_clip:x/y", "org/name/")
    monkeypatch.setattr("socket.create_connection", lambda *a, **k: pytest.fail("asked the network"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    assert not open_clip_hub.hub_answers()


def test_a_demo_has_every_encoder_that_comes_with_it(demo):
    for card in registry.cards():
        if card.offline:
            assert registry.find_card(card.name, card.kind) == card


def test_no_path_can_be_typed_in_a_demo(demo, monkeypatch):
    from mmexplore.app.state import session

    monkeypatch.setenv("MMEXPLORE_LOCAL_PATHS", "1")
    assert not session.local_paths_allowed()
    monkeypatch.delenv("MMEXPLORE_DEMO")
    assert session.local_paths_allowed()
