"""Grad-CAM through the bridge against torch's own differentiation, and what must change it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from mmexplore.attribution.gradcam import gradient, pooled_grad_cam
from mmexplore.encoders import registry
from mmexplore.encoders.image import efficientnet_lite0
from mmexplore.models.alignment import bridge_views as views
from mmexplore.models.alignment.bridge import shipped


@pytest.fixture(scope="module")
def cat() -> np.ndarray:
    import skimage.data

    return registry.load("efficientnet-lite0").squares([np.ascontiguousarray(skimage.data.chelsea())])


@pytest.fixture(scope="module")
def cells(cat: np.ndarray) -> np.ndarray:
    """float32 [49, 1280]"""
    return registry.load("efficientnet-lite0").feature_map(cat)[0].reshape(49, 1280)


@pytest.fixture(scope="module")
def texts() -> np.ndarray:
    """float32 [3, 1128]: in the bridge's space, one of them through the multilingual encoder."""
    arrays, _ = shipped()
    english = registry.load("minilm").encode(["a tabby cat looks into the camera", "a rocket"])
    chinese = registry.load("use-multilingual").encode(["一只猫"])
    return np.concatenate(
        [views.bridge_text(english, "minilm", arrays), views.bridge_text(chinese, "use-multilingual", arrays)]
    )


def similarity(texts: np.ndarray):
    arrays, _ = shipped()
    return lambda vectors: views.bridge_image(vectors, arrays) @ texts.T


def by_torch(cells: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """The published formula in float64: channel weights are the mean gradient over cells, no ReLU. [Q, 49]."""
    arrays = {k: torch.from_numpy(v).double() for k, v in shipped()[0].items()}
    a = torch.from_numpy(cells).double().requires_grad_()
    image = normalize(a.mean(0), dim=0)
    scene = (image - arrays["image.mean"]) @ arrays["scene.image.map"]
    logits = arrays["image.norm"] * (arrays["classifier.weight"] @ image) + arrays["classifier.bias"]
    thing = torch.softmax(views.SOFTEN * logits, 0) - arrays["object.image.mean"]
    shared = torch.cat([normalize(scene, dim=0), normalize(thing, dim=0)]) / 2**0.5
    answers = []
    for text in torch.from_numpy(texts).double():
        (slope,) = torch.autograd.grad(shared @ text, a, retain_graph=True)
        answers.append((a * slope.mean(0)).sum(1).detach().numpy())
    return np.stack(answers)


def test_it_is_what_torch_gives(cells: np.ndarray, texts: np.ndarray):
    found, expected = pooled_grad_cam(cells, similarity(texts)), by_torch(cells, texts)
    assert found.shape == (3, 49)
    assert np.abs(found - expected).max() <= 2e-3 * np.abs(expected).max()


def test_it_sums_to_zero_since_length_does_not_matter(cells: np.ndarray, texts: np.ndarray):
    found = pooled_grad_cam(cells, similarity(texts))
    assert (np.abs(found.sum(1)) < 1e-2 * np.abs(found).sum(1)).all()
    longer = pooled_grad_cam(3 * cells, similarity(texts))
    assert np.allclose(longer, found, atol=2e-3 * np.abs(found).max())


def test_the_gradient_is_that_of_torch(cells: np.ndarray, texts: np.ndarray):
    vector = cells.mean(0) / np.linalg.norm(cells.mean(0))
    linear = np.random.default_rng(0).normal(size=(4, 1280))
    assert np.allclose(gradient(vector, lambda v: v @ linear.T), linear, atol=1e-3)
    slope = gradient(vector, similarity(texts))
    cam = (cells / np.linalg.norm(cells.mean(0))) @ (slope - np.outer(slope @ vector, vector)).T / 49
    assert np.abs(cam.T - by_torch(cells, texts)).max() <= 5e-3 * np.abs(by_torch(cells, texts)).max()


def test_other_weights_give_another_map(cat: np.ndarray, cells: np.ndarray, texts: np.ndarray):
    """Adebayo et al. 2018: re-initialise the network from the top; a map that stays was never about the network."""
    module = efficientnet_lite0.build().module
    own = pooled_grad_cam(cells, similarity(texts))[0]
    torch.manual_seed(0)
    likeness = []
    for layer in (module.model.conv_head, module.model.blocks[6]):
        for part in layer.modules():
            if isinstance(part, torch.nn.Conv2d):
                part.reset_parameters()
        with torch.inference_mode():
            changed = module(torch.from_numpy(cat))[1][0].reshape(49, 1280).numpy()
        likeness.append(np.corrcoef(own, pooled_grad_cam(changed, similarity(texts))[0])[0, 1])
    with torch.inference_mode():
        same = efficientnet_lite0.build().module(torch.from_numpy(cat))[1][0].reshape(49, 1280).numpy()
    assert np.corrcoef(own, pooled_grad_cam(same, similarity(texts))[0])[0, 1] > 0.99
    assert max(likeness) < 0.7


def test_another_text_gives_another_map(cells: np.ndarray, texts: np.ndarray):
    cat, rocket, _ = pooled_grad_cam(cells, similarity(texts))
    assert np.corrcoef(cat, rocket)[0, 1] < 0.9
