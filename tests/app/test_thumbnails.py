"""Thumbnails are made once for each content, kept where they belong, and never more than fit."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from mmexplore.app.kit import thumbnails
from mmexplore.app.state import session
from mmexplore.data.media import images
from mmexplore.data.media import thumbnails as kept
from mmexplore.data.media.images import thumbnail
from mmexplore.runtime import cache_dir


@pytest.fixture
def rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """(the session's folder, a folder of this computer), with a cache of their own."""
    own, local = tmp_path / "session", tmp_path / "local"
    own.mkdir()
    local.mkdir()
    monkeypatch.setenv("MMEXPLORE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(session, "folder", lambda *parts: own.joinpath(*parts))
    thumbnails._known.clear()
    return own, local


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Pictures that a thumbnail was really made of."""
    calls: list[Path] = []
    monkeypatch.setattr(images, "thumbnail", lambda cell, px: (calls.append(cell), thumbnail(cell, px))[1])
    return calls


def picture(path: Path, colour: str = "red") -> Path:
    Image.new("RGB", (900, 600), colour).save(path)
    return path


def test_made_once_for_each_content_and_never_again(rooms, made):
    own, _ = rooms
    one, same, other = picture(own / "1.png"), picture(own / "2.png"), picture(own / "3.png", "blue")
    first = thumbnails.thumbnail_of(one)
    assert first is not None and Image.open(first).size == (320, 213)
    assert thumbnails.thumbnail_of(same) == first != thumbnails.thumbnail_of(other)
    thumbnails._known.clear()  # another visit: another process may ask
    assert thumbnails.thumbnail_of(one) == first
    assert made == [one, other]


def test_what_was_brought_goes_with_its_session_and_the_rest_stays(rooms):
    own, local = rooms
    mine, theirs = thumbnails.thumbnail_of(picture(own / "a.png")), thumbnails.thumbnail_of(picture(local / "b.png"))
    assert mine is not None and mine.is_relative_to(own)
    assert theirs is not None and theirs.is_relative_to(cache_dir("thumbnails"))


def test_a_changed_file_gets_another_thumbnail(rooms):
    own, _ = rooms
    path = picture(own / "a.png")
    first = thumbnails.thumbnail_of(path)
    picture(path, "green")
    os.utime(path, ns=(1, 1))
    assert thumbnails.thumbnail_of(path) != first


def test_what_cannot_be_decoded_or_is_gone_has_none(rooms, made):
    own, _ = rooms
    (own / "bad.png").write_bytes(b"no picture")
    assert thumbnails.thumbnail_of(own / "bad.png") is None
    assert thumbnails.thumbnail_of(own / "bad.png") is None
    assert made == [own / "bad.png"], "a broken picture is not tried again on every run of the page"
    assert thumbnails.thumbnail_of(own / "gone.png") is None


def test_the_oldest_go_when_there_are_too_many_and_come_back_when_asked(rooms, made):
    own, _ = rooms
    colours = ["red", "green", "blue", "black"]
    files = [thumbnails.thumbnail_of(picture(own / f"{c}.png", c)) for c in colours]
    for age, file in enumerate(files):
        assert file is not None
        os.utime(file, ns=(age, age))
    size = files[3].stat().st_size
    left = kept.trim(own / "thumbnails", 2 * size + 100)
    assert [f.exists() for f in files] == [False, False, True, True] and left <= 2 * size + 100
    assert thumbnails.thumbnail_of(own / "red.png") == files[0] and files[0].exists()
    assert len(made) == 5
    assert kept.trim(own / "nowhere") == 0


def test_many_sessions_that_draw_at_once_do_not_stumble(rooms, monkeypatch):
    """The table of what is known is trimmed by one thread while others put something in."""
    own, _ = rooms
    cells = []
    for i in range(40):
        Image.new("RGB", (4, 4), (i, 0, 0)).save(own / f"{i}.png")
        cells.append(own / f"{i}.png")

    class Slow(dict):
        def __iter__(self):
            keys = super().__iter__()
            time.sleep(0.001)  # time for another thread to change it
            yield from keys

    monkeypatch.setattr(thumbnails, "_known", Slow())
    monkeypatch.setattr(thumbnails, "_REMEMBERED", 3)
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(thumbnails.thumbnail_of, cells))
    assert all(drawn) and len(thumbnails._known) == 3
