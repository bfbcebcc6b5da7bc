"""Words and regions of real pairs with the offline encoders, and of tiny CLIPs for the mechanics."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.attribution.explanation import Chosen, check_regions, check_words, explain
from mmexplore.attribution.pair import Pair
from mmexplore.errors import UserError
from tests.attribution.photos import photo_workspace

MakePair = Callable[..., Pair]


def offline(picture: Path | np.ndarray, text: str) -> Pair:
    return journey.pair_of(journey.offline_workspace(text), picture, text, "picture", "text")


@pytest.fixture(scope="module")
def cat(photo_files: dict[str, Path]) -> Pair:
    text = "a tabby cat looks into the camera"
    return offline(photo_files[text], text)


def test_the_cat_is_the_word_that_matters(cat: Pair):
    found = explain(cat, "grad-cam")
    assert found.grid == (7, 7)
    assert found.word_maps is not None
    assert found.word_maps.shape == (7, 7, 7)
    assert found.words[int(found.word_scores.argmax())].text == "cat"
    assert found.similarity == pytest.approx(float(cat.of_texts([cat.text])[0]))
    checked = check_words(found)
    assert checked is not None
    assert checked.beaten("words") >= 0.75


def test_scores_and_maps_are_of_the_similarity_itself(cat: Pair):
    found = explain(cat, "grad-cam")
    without = cat.of_texts(["a tabby looks into the camera"])[0]
    assert found.word_scores[2] == pytest.approx(found.similarity - without, abs=1e-6)
    alone = offline_map(cat, "cat")
    np.testing.assert_allclose(found.word_maps[2], alone, atol=1e-3 * np.abs(alone).max())
    assert cat.of_regions((7, 7), "mean colour")(np.ones((1, 49), bool))[0] == pytest.approx(found.similarity, abs=1e-5)


def offline_map(pair: Pair, text: str) -> np.ndarray:
    other = Pair(pair.square, text, pair.image, pair.reader, pair.image_to_shared, pair.text_to_shared)
    return explain(other, "grad-cam").caption_map


def test_two_things_side_by_side_are_told_apart(photo_files: dict[str, Path]):
    """A cat on the left, a cup on the right: the map of each word leans to its side."""
    from PIL import Image

    halves = [photo_files["a tabby cat looks into the camera"], photo_files["a cup of coffee on a saucer with a spoon"]]
    canvas = np.hstack([np.asarray(Image.open(h).convert("RGB").resize((128, 256))) for h in halves])
    found = explain(offline(canvas, "a cat and a cup of coffee"), "grad-cam")
    maps = {w.text: np.maximum(m, 0) for w, m in zip(found.words, found.word_maps, strict=True)}
    right = {word: m[:, 4:].sum() / m[:, [0, 1, 2, 4, 5, 6]].sum() for word, m in maps.items()}
    assert right["cat"] < 0.5 < right["coffee"]


def test_other_languages_come_through_the_multilingual_encoder(photo_files: dict[str, Path]):
    picture = photo_files["a tabby cat looks into the camera"]
    found = explain(offline(picture, "一只猫看着镜头"), "grad-cam")
    assert found.pair.reader.card.name == "use-multilingual"
    assert [w.text for w in found.words] == list("一只猫看着镜头")
    assert found.words[int(found.word_scores.argmax())].text == "猫"


def test_a_fitted_alignment_is_explained_as_well(photo_files: dict[str, Path]):
    workspace = photo_workspace(photo_files)
    through_bridge = journey.explain_item(workspace, "p0")
    assert through_bridge.reading is not None
    workspace.set_alignment(*journey.align(workspace, "procrustes"))
    seen = journey.explain_item(workspace, "p0")
    shared, _ = journey.shared_space(workspace)
    own = float(shared.vectors["photo"][0] @ shared.vectors["caption"][0])
    assert seen.found.similarity == pytest.approx(own, abs=1e-3)
    assert abs(seen.found.caption_map.sum()) < 0.1 * np.abs(seen.found.caption_map).sum()
    assert not np.allclose(seen.found.caption_map, through_bridge.found.caption_map, atol=1e-4)
    with pytest.raises(UserError, match="no item has the id"):
        journey.explain_item(workspace, "nowhere")
    with pytest.raises(UserError, match="no baseline"):
        journey.explain_item(workspace, "p0", baseline="black")


def test_one_word_and_no_word(photo_files: dict[str, Path]):
    picture = photo_files["a tabby cat looks into the camera"]
    one, none = (explain(offline(picture, t), "grad-cam") for t in ("cat", "!!!"))
    assert len(one.words) == 1
    assert check_words(one) is None
    assert one.word_scores[0] == pytest.approx(one.similarity - float(one.pair.of_texts([""])[0]), abs=1e-6)
    assert none.words == []
    assert none.word_maps is not None
    assert none.word_maps.shape == (0, 7, 7)
    with pytest.raises(UserError, match="there is no text"):
        offline(picture, "  ")


# -- CLIPs ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "methods"),
    [("tok", ["relevance", "attention", "occlusion"]), ("resnet", ["grad-cam", "occlusion"])],
)
def test_every_method_of_a_clip(clip_pair: MakePair, kind: str, methods: list[str]):
    pair = clip_pair(kind)
    assert pair.methods() == methods
    for method in methods:
        found = explain(pair, method)
        assert np.isfinite(found.caption_map).all()
        assert found.caption_map.std() > 0
        assert (found.word_maps is None) == (method == "attention")
        assert [w.text for w in found.inside_words or []] == [w.text for w in found.words]
        assert check_regions(found).evaluations > 10
    with pytest.raises(UserError, match="does not allow"):
        explain(pair, "grad-cam" if kind == "tok" else "relevance")


def test_layer_and_head_are_those_that_were_chosen(clip_pair: MakePair):
    pair = clip_pair("tok")
    found = explain(pair, "attention")
    assert found.layers == ((2, 2), (2, 2))
    heads = [explain(pair, "attention", chosen=Chosen(1, h, 1, h)) for h in (0, 1)]
    np.testing.assert_allclose(found.caption_map, np.mean([h.caption_map for h in heads], axis=0), rtol=1e-6)
    np.testing.assert_allclose(found.inside_scores, np.mean([h.inside_scores for h in heads], axis=0), rtol=1e-6)
    assert not np.allclose(explain(pair, "attention", chosen=Chosen(0)).caption_map, found.caption_map)
    for chosen, says in ((Chosen(2), "no layer 3"), (Chosen(0, 5), "no head 6")):
        with pytest.raises(UserError, match=says):
            explain(pair, "attention", chosen=chosen)


def test_raw_attention_does_not_know_the_text(clip_pair: MakePair):
    one, other = (clip_pair("tok", t) for t in ("a cat", "a rocket on its pad"))
    assert np.array_equal(explain(one, "attention").caption_map, explain(other, "attention").caption_map)
    assert not np.allclose(explain(one, "relevance").caption_map, explain(other, "relevance").caption_map)
