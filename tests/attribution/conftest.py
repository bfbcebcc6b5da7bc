"""Tiny CLIPs of several kinds with random weights in a file, and pairs made of them without an export."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

from mmexplore.attribution import towers as towers_module
from mmexplore.attribution.pair import Pair
from mmexplore.attribution.towers import Towers
from tests.encoders.conftest import TINY_CONFIG

RESNET = {"layers": [1, 1, 1, 1], "width": 16, "image_size": 64}
KINDS: dict[str, dict] = {
    "tok": {},
    "avg": {"vision_cfg": {"pool_type": "avg"}},
    "attention": {"vision_cfg": {"attentional_pool": True, "attn_pooler_heads": 2, "attn_pooler_queries": 4}},
    "timm": {
        "embed_dim": 192,
        "vision_cfg": {
            "timm_model_name": "vit_tiny_patch16_224",
            "timm_pool": "map",
            "timm_proj": "none",
            "image_size": 224,
        },
    },
    "resnet": {"vision_cfg": RESNET},
    "convnext": {
        "embed_dim": 32,
        "vision_cfg": {"timm_model_name": "convnext_atto", "timm_pool": "avg", "timm_proj": "linear", "image_size": 64},
    },
}


def config_of(kind: str) -> dict:
    config, change = deepcopy(TINY_CONFIG), KINDS[kind]
    vision = change.get("vision_cfg", {})
    if "timm_model_name" in vision or "width" in vision:
        config["vision_cfg"] = dict(vision)
    else:
        config["vision_cfg"] |= vision
    return config | {k: v for k, v in change.items() if k != "vision_cfg"}


@pytest.fixture(scope="session")
def clip_named(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Kind -> the name under which mmexplore opens such a CLIP; made once."""
    folder, made = tmp_path_factory.mktemp("clips"), {}

    def name(kind: str) -> str:
        if kind not in made:
            import open_clip
            import torch
            from safetensors.torch import save_file

            config, file = folder / f"explained-{kind}.json", folder / f"{kind}.safetensors"
            config.write_text(json.dumps(config_of(kind)))
            open_clip.add_model_config(config)
            torch.manual_seed(0)
            model = open_clip.create_model(config.stem, pretrained_hf=False)
            for name, parameter in model.named_parameters():
                if name.endswith("in_proj_weight"):  # sharper attention than a fresh model's even one
                    torch.nn.init.normal_(parameter, std=0.3)
            save_file(model.state_dict(), file)
            made[kind] = f"local:{config}@{file}"
        return made[kind]

    return name


@pytest.fixture(scope="session")
def tower_of(clip_named: Callable[[str], str]) -> Callable[[str], Towers]:
    """Kind -> its towers in torch, opened once."""
    opened: dict[str, Towers] = {}
    return lambda kind: opened.setdefault(kind, opened.get(kind) or Towers(clip_named(kind)))


@pytest.fixture
def clip_pair(
    clip_named: Callable[[str], str], tower_of: Callable[[str], Towers], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Pair]:
    """Kind, text -> the cat and this text, encoded by such a CLIP (in torch: its export is tested elsewhere)."""
    from mmexplore.encoders.engine import TorchEngine
    from mmexplore.encoders.open_clip import ClipPictures, ClipTexts, card_of, plan
    from mmexplore.pairs.dataset import Kind

    def make(kind: str, text: str = "a tabby cat looks into the camera") -> Pair:
        import skimage.data

        name = clip_named(kind)
        monkeypatch.setattr(towers_module, "towers", lambda asked: tower_of(kind))
        plans = {k: plan(name, k) for k in (Kind.IMAGE, Kind.TEXT)}
        image = ClipPictures(card_of(name, Kind.IMAGE), plans[Kind.IMAGE], TorchEngine(plans[Kind.IMAGE], "cpu"))
        reader = ClipTexts(card_of(name, Kind.TEXT), plans[Kind.TEXT], TorchEngine(plans[Kind.TEXT], "cpu"))
        square = image.squares([np.ascontiguousarray(skimage.data.chelsea())])[0]
        return Pair(square, text, image, reader, lambda v: v, lambda v: v)

    return make


@pytest.fixture(scope="session")
def photo_files() -> dict[str, Path]:
    """Caption -> file of scikit-image's photos."""
    import skimage

    from tests.browser.test_browser import PHOTOS

    folder = Path(skimage.__file__).parent / "data"
    return {caption: folder / file for file, caption in PHOTOS.items()}
