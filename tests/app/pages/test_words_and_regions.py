"""Words and regions without a browser: an item, a word, one's own pair; what cannot be shown is said."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
import skimage
from PIL import Image
from streamlit.testing.v1 import AppTest

from mmexplore import journey
from mmexplore.app import snippets
from mmexplore.app.pages.words_and_regions.explaining import verdict
from mmexplore.data.dataset import Kind
from mmexplore.encoders import registry
from mmexplore.workspace import files as workspace_files
from mmexplore.workspace.state import Workspace
from tests.app.pages.conftest import OpenPage
from tests.app.pages.small import HOSTILE
from tests.app.pages.test_every_page import markup
from tests.attribution.clips import make_clip, torch_sides
from tests.attribution.photos import photo_workspace

PHOTOS = {"chelsea.png": "a tabby cat looks into the camera", "coffee.png": "coffee", "rocket.jpg": HOSTILE[0]}

FILES = {caption: Path(skimage.__file__).parent / "data" / name for name, caption in PHOTOS.items()}


@pytest.fixture(scope="module")
def photos() -> Workspace:
    return photo_workspace(FILES)


def charts(test: AppTest) -> int:
    return len(test.get("plotly_chart"))


def jpeg(name: str) -> bytes:
    content = io.BytesIO()
    Image.open(Path(skimage.__file__).parent / "data" / name).convert("RGB").save(content, "JPEG")
    return content.getvalue()


def test_an_item_its_words_and_the_check(open_page: OpenPage, photos: Workspace):
    test = open_page("words_and_regions", workspace=photos)
    assert not test.exception
    assert not test.error
    assert test.selectbox(key="choice.words.item").value == "p0", "the first text with a few words"
    assert any(PHOTOS["chelsea.png"] in t.value for t in test.text)
    assert any(c.value.startswith("Similarity") and "random pair" in c.value for c in test.caption)
    assert charts(test) == 3
    assert [m.label for m in test.metric] == ["This map", "Random orders", "Centre first"]
    (pills,) = [b for b in test.get("button_group") if b.label == "Map of"]
    words = [option.content for option in pills.proto.options]
    assert words == ["the whole text", *PHOTOS["chelsea.png"].split()]
    before = test.get("plotly_chart")[0].proto.spec
    pills.set_value(2).run()  # "cat"
    assert not test.exception
    assert test.get("plotly_chart")[0].proto.spec != before, "the map is the word's now"


def test_other_methods_and_baselines(open_page: OpenPage, photos: Workspace):
    test = open_page("words_and_regions", workspace=photos)
    test.session_state["choice.words.item"] = "p1"
    test.session_state["choice.words.baseline"] = "mean colour"
    test.run()
    assert not test.exception
    assert any("mean colour of this picture" in c.value for c in test.caption)
    (method,) = [b for b in test.get("button_group") if b.label == "Method"]
    method.set_value("occlusion").run()
    assert not test.exception
    assert charts(test) == 3


def test_a_strangers_words_stay_words(open_page: OpenPage, photos: Workspace):
    test = open_page("words_and_regions", workspace=photos)
    test.session_state["choice.words.item"] = "p2"
    test.run()
    assert not test.exception
    assert any(HOSTILE[0] in t.value for t in test.text)
    assert not [s for s in markup(test) if "<img" in s or "onerror=" in s]


def test_what_is_selected_in_a_map_is_looked_at_first(open_page: OpenPage, photos: Workspace):
    photos.selection = frozenset({"p1"})
    try:
        assert open_page("words_and_regions", workspace=photos).selectbox(key="choice.words.item").value == "p1"
    finally:
        photos.selection = frozenset()


@pytest.mark.parametrize("stage", ["nothing loaded", "photos loaded"])
def test_ones_own_picture_and_text(open_page: OpenPage, photos: Workspace, stage: str):
    loaded = stage == "photos loaded"
    test = open_page("words_and_regions", workspace=photos if loaded else Workspace())
    if loaded:
        (way,) = [b for b in test.get("button_group") if b.label == "Look at"]
        way.set_value("own").run()
    assert test.info[0].value.startswith("Give a picture")
    test.get("file_uploader")[0].set_value(("cat.jpg", jpeg("chelsea.png"), "image/jpeg")).run()
    test.text_input(key="choice.words.said").set_value("a tabby cat").run()
    assert not test.exception
    assert not test.error
    assert charts(test) == 3
    assert any("no data beside it" in c.value for c in test.caption) != loaded
    (code,) = {c.value for c in test.code if "check_regions" in c.value}
    assert ("offline_workspace" in code) != loaded


def test_a_picture_that_cannot_be_read_is_one_sentence(open_page: OpenPage):
    test = open_page("words_and_regions", "empty")
    test.get("file_uploader")[0].set_value(("broken.jpg", b"not a picture", "image/jpeg")).run()
    test.text_input(key="choice.words.said").set_value("a tabby cat").run()
    assert not test.exception
    assert len(test.error) == 1
    assert "broken" in test.error[0].value


def test_an_encoder_that_is_not_here_is_one_sentence(open_page: OpenPage):
    test = open_page("words_and_regions", "vectors")
    assert not test.exception
    assert "no such encoder" in test.error[0].value


def test_a_clip_shows_relevance_and_every_layer_and_head(
    open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    name = make_clip(tmp_path, "tok")
    image, text = torch_sides(name)
    monkeypatch.setattr(registry, "_loaded", {(name, Kind.IMAGE): image, (name, Kind.TEXT): text})
    test = open_page("words_and_regions", workspace=photo_workspace(FILES, {"photo": name, "caption": name}))
    assert not test.exception
    assert charts(test) == 4, "map, check, and two kinds of bars"
    (method,) = [b for b in test.get("button_group") if b.label == "Method"]
    assert [o.content for o in method.proto.options] == ["Attention relevance", "Raw attention", "Occlusion"]
    method.set_value("attention").run()
    assert not test.exception
    assert any("does not know the text" in c.value for c in test.caption)
    boxes = {b.label: b for b in test.selectbox if b.label.endswith(("layer", "head"))}
    assert list(boxes) == ["Picture layer", "Picture head", "Text layer", "Text head"]
    before = test.get("plotly_chart")[0].proto.spec
    boxes["Picture layer"].set_value(1).run()
    test.selectbox(key="choice.words.Picture.head").set_value(2).run()
    assert not test.exception
    assert test.get("plotly_chart")[0].proto.spec != before
    assert "Chosen(layer=0, head=1, text_layer=1, text_head=None)" in next(c.value for c in test.code)


def test_the_python_of_an_item_and_of_ones_own_pair_runs(
    photos: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    workspace_files.save(photos, tmp_path / "run")
    (tmp_path / "picture.jpg").write_bytes(jpeg("coffee.png"))
    monkeypatch.chdir(tmp_path)
    shown: list[go.Figure] = []
    monkeypatch.setattr(go.Figure, "show", lambda figure: shown.append(figure))
    own = journey.explain_item(photos, "p0").found
    names: dict = {}
    lines = snippets.explained("p0", "grad-cam", "blurred picture", "photo", "caption", None)
    exec(compile(lines, "handed-out.py", "exec"), names)
    assert np.allclose(names["found"].caption_map, own.caption_map, atol=1e-6)
    assert len(shown) == 3
    exec(
        compile(snippets.explained_own("a cup", "grad-cam", "mean colour", "picture", "text", True), "own.py", "exec"),
        {},
    )
    assert "'cup'" in capsys.readouterr().out
    tree = compile(
        snippets.explained_own(HOSTILE[0] + "'''\n", "grad-cam", "mean colour", "a", "b", False), "x", "exec"
    )
    assert HOSTILE[0] + "'''\n" in tree.co_consts


@pytest.mark.parametrize(
    ("margin", "centre", "says"),
    [(-0.1, 0, "Do not believe"), (0.1, 0, "weak evidence"), (0.3, 0.4, "centre"), (0.3, 0.1, "something true")],
)
def test_the_verdict_follows_the_numbers(margin: float, centre: float, says: str):
    assert says in verdict(margin, centre, random_high=0.2)
