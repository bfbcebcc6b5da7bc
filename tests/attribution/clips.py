"""Tiny CLIPs of several kinds with random weights in a file, run by torch (their export is tested elsewhere)."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

from mmexplore.data.dataset import Kind
from mmexplore.encoders.clip.open_clip import ClipPictures, ClipTexts, card_of, plan
from mmexplore.encoders.engine import TorchEngine
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


def make_clip(folder: Path, kind: str) -> str:
    """Write such a CLIP into the folder; the name under which mmexplore opens it."""
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
    return f"local:{config}@{file}"


def torch_sides(name: str) -> tuple[ClipPictures, ClipTexts]:
    """Both encoders of such a name."""
    plans = {k: plan(name, k) for k in (Kind.IMAGE, Kind.TEXT)}
    engines = {k: TorchEngine(p, "cpu") for k, p in plans.items()}
    return (
        ClipPictures(card_of(name, Kind.IMAGE), plans[Kind.IMAGE], engines[Kind.IMAGE]),
        ClipTexts(card_of(name, Kind.TEXT), plans[Kind.TEXT], engines[Kind.TEXT]),
    )
