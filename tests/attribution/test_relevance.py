"""What is seen inside a CLIP's towers: the published formula, the right row, the right words, and honest refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from mmexplore.attribution import relevance
from mmexplore.attribution.recording import recorded_attention
from mmexplore.attribution.towers import Towers
from mmexplore.errors import UserError

Open = Callable[[str], Towers]
TEXT = "A tabby cat looks into the camera, unbelievably!"


@pytest.fixture
def upstream() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, 32)).astype(np.float32)


def square(size: int = 32) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (size, size, 3), dtype=np.uint8)


def recorded(towers: Towers, run: Callable[[], torch.Tensor], upstream: np.ndarray) -> tuple[list, list]:
    """Attention of each layer and its gradient, both [heads, T, T], as float64 arrays."""
    with recorded_attention(towers.model) as found:
        value = normalize(run(), dim=-1)[0] @ torch.from_numpy(upstream)
    slopes = torch.autograd.grad(value, found)
    return [[t.detach().double().numpy()[0] for t in ts] for ts in (found, slopes)]


@pytest.mark.parametrize("kind", ["tok", "avg", "attention"])
def test_relevance_is_the_product_of_the_layers(tower_of: Open, upstream: np.ndarray, kind: str):
    """(I + A2) (I + A1) with A = mean over heads of max(0, dA * A), a pooler's A on the left without I."""
    towers = tower_of(kind)
    weights, slopes = recorded(towers, lambda: towers.model.encode_image(towers.pixels(square())), upstream[0])
    assert len(weights) == (3 if kind == "attention" else 2)
    layers = [np.maximum(a * d, 0).mean(0) for a, d in zip(weights, slopes, strict=True)]
    whole = np.eye(5)
    for layer in layers[:2]:
        whole = (np.eye(5) + layer) @ whole
    row = {"tok": whole[0], "avg": whole[1:].mean(0), "attention": (layers[-1] @ whole)[0]}[kind]
    found = relevance.picture_relevance(towers, square(), upstream)
    assert found.shape == (2, 2, 2)
    np.testing.assert_allclose(found[0].ravel(), row[1:], rtol=1e-4, atol=1e-9)
    assert found.min() >= 0
    assert found.max() > 0
    assert not np.allclose(found[0], found[1]), "another similarity, another map"


def test_the_end_of_the_text_is_the_row_and_words_are_sums_of_their_tokens(tower_of: Open, upstream: np.ndarray):
    towers = tower_of("tok")
    text = towers.read(TEXT)
    assert [w.text for w in text.words] == ["a", "tabby", "cat", "looks", "into", "the", "camera", "unbelievably"]
    assert text.row == text.ids[0].argmax()
    pieces = [[towers.tokenizer.decoder[i] for i in text.ids[0, t]] for t in text.tokens]
    joined = ["".join(p).replace("</w>", "") for p in pieces]
    assert joined == [w.text for w in text.words]
    weights, slopes = recorded(towers, lambda: towers.model.encode_text(torch.from_numpy(text.ids)), upstream[0])
    layers = [np.maximum(a * d, 0).mean(0) for a, d in zip(weights, slopes, strict=True)]
    row = ((np.eye(24) + layers[1]) @ (np.eye(24) + layers[0]))[text.row]
    assert row[text.row + 1 :].max() == 0, "the tower is causal: it never looks behind the end"
    found = relevance.text_relevance(towers, text, upstream)[0]
    np.testing.assert_allclose(found, [row[t].sum() for t in text.tokens], rtol=1e-4, atol=1e-9)
    assert found.max() > 0


@pytest.mark.parametrize("kind", ["tok", "avg", "attention", "timm"])
def test_raw_attention_of_every_layer_and_head(tower_of: Open, kind: str):
    towers = tower_of(kind)
    size = towers.model.visual.image_size
    layers = relevance.picture_attention(towers, square(size if isinstance(size, int) else size[0]))
    assert towers.patches is not None
    assert all(layer.shape[1:] == towers.patches.grid for layer in layers)
    assert len(layers) == {"tok": 2, "avg": 2, "attention": 3, "timm": 13}[kind]
    for layer in layers:
        assert (layer.sum((1, 2)) <= 1 + 1e-5).all(), "a part of a row that sums to one"
        assert layer.min() >= 0
    text = towers.read("a cat")
    said = relevance.text_attention(towers, text)
    assert len(said) == 2
    assert said[0].shape == (2, 2)


def test_timm_towers_are_looked_into_too(tower_of: Open):
    towers = tower_of("timm")
    assert towers.patches is not None
    assert (towers.patches.grid, towers.patches.pool) == ((14, 14), "attention")
    upstream = np.random.default_rng(0).normal(size=(1, 192)).astype(np.float32)
    found = relevance.picture_relevance(towers, square(224), upstream)
    assert found.shape == (1, 14, 14)
    assert found.max() > 0


@pytest.mark.parametrize("kind", ["resnet", "convnext"])
def test_convolutional_towers_have_a_grad_cam_and_no_attention(tower_of: Open, upstream: np.ndarray, kind: str):
    towers = tower_of(kind)
    assert towers.picture_methods == ("grad-cam",)
    found = relevance.picture_grad_cam(towers, square(64), upstream)
    assert found.shape == (2, 2, 2)
    assert np.abs(found).max() > 0
    assert not np.allclose(found[0], found[1])
    with pytest.raises(UserError, match="no attention blocks"):
        relevance.picture_relevance(towers, square(64), upstream)
    assert not any(m._forward_hooks for m in towers.model.modules())


def test_grad_cam_of_a_mean_pooled_tower_is_that_of_numpy(tower_of: Open, upstream: np.ndarray):
    """ConvNeXt pools by the mean (then a norm and a projection): both ways to the same number."""
    from mmexplore.attribution.gradcam import pooled_grad_cam

    towers = tower_of("convnext")
    trunk, head = towers.model.visual.trunk, towers.model.visual.head
    with torch.no_grad():
        cells = trunk.forward_features(towers.pixels(square(64)))[0].flatten(1).T.numpy()
    length = float(np.linalg.norm(cells.mean(0)))

    def similarity(vectors: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            pooled = torch.from_numpy(vectors * length)[:, :, None, None]
            return (normalize(head(trunk.forward_head(pooled)), dim=-1) @ torch.from_numpy(upstream).T).numpy()

    found = relevance.picture_grad_cam(towers, square(64), upstream).reshape(2, 4)
    ours = pooled_grad_cam(cells, similarity)
    # the numpy one moves along the sphere: the same up to what changes the length alone
    assert np.corrcoef((found - found.mean()).ravel(), (ours - ours.mean()).ravel())[0, 1] > 0.9


@pytest.mark.parametrize("kind", ["tok", "convnext"])
def test_other_weights_give_another_map(clip_named: Callable[[str], str], upstream: np.ndarray, kind: str):
    """The randomisation check (Adebayo et al. 2018), from the last layer down."""
    towers = Towers(clip_named(kind))
    method = relevance.picture_relevance if kind == "tok" else relevance.picture_grad_cam
    picture = square(32 if kind == "tok" else 64)
    own = method(towers, picture, upstream)[0].ravel()
    assert np.array_equal(own, method(towers, picture, upstream)[0].ravel())
    torch.manual_seed(5)
    blocks = towers.model.visual.transformer.resblocks if kind == "tok" else towers.model.visual.trunk.stages
    for parameter in blocks[-1].parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    changed = method(towers, picture, upstream)[0].ravel()
    assert np.abs(changed / np.abs(changed).max() - own / np.abs(own).max()).max() > 0.1


def test_a_text_tower_that_cannot_be_read_says_so(tower_of: Open, monkeypatch: pytest.MonkeyPatch):
    towers = tower_of("tok")
    monkeypatch.setattr(towers, "settings", {"style": "open_clip", "model": "x"})
    with pytest.raises(UserError, match="which of its tokens make a word"):
        towers.read("a cat")
