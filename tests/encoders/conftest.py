"""Photos to encode, and a tiny CLIP whose weights lie in a file."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

TINY_CONFIG = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 16},
    "text_cfg": {"context_length": 24, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2},
}


@pytest.fixture(scope="session")
def photos() -> list[np.ndarray]:
    """uint8 [H, W, 3] of many sizes and shapes."""
    import skimage.data

    names = ("astronaut", "coffee", "chelsea", "rocket", "immunohistochemistry", "hubble_deep_field")
    return [np.ascontiguousarray(getattr(skimage.data, n)()[..., :3]) for n in names]


@pytest.fixture(scope="session")
def stamps(shared_data: Path) -> list[np.ndarray]:
    """A few drawn objects, uint8 [H, W, 3]."""
    with zipfile.ZipFile(shared_data / "stamps.zip") as archive:
        names = [n for n in archive.namelist() if n.lower().endswith((".png", ".jpg"))][::40]
        return [np.asarray(Image.open(io.BytesIO(archive.read(n))).convert("RGB")) for n in names]


@dataclass(frozen=True)
class TinyClip:
    """model: the torch model with the weights of `file`; config: its JSON; name: how mmexplore calls it."""

    model: object
    config: Path
    file: Path

    @property
    def name(self) -> str:
        return f"local:{self.config}@{self.file}"


@pytest.fixture(scope="session")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> TinyClip:
    """Two layers of width 64 with random weights, saved as a real checkpoint."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("tiny")
    config, file = folder / "tiny-of-the-tests.json", folder / "weights.safetensors"
    config.write_text(json.dumps(TINY_CONFIG))
    open_clip.add_model_config(config)
    torch.manual_seed(0)
    model = open_clip.create_model("tiny-of-the-tests").eval()
    save_file(model.state_dict(), file)
    return TinyClip(model, config, file)


@pytest.fixture(scope="session")
def tiny_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder for engines that nobody needs after the tests."""
    return tmp_path_factory.mktemp("cache")


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Row by row."""
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
