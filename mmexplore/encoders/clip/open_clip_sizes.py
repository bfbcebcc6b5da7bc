"""`python -m mmexplore.encoders.clip.open_clip_sizes`: write open_clip_sizes.json, the list of open_clip's models.

Run by a maintainer after open_clip was updated. The app reads the file, so that listing models imports neither torch
nor open_clip. Sizes are parameter counts of models built on torch's meta device (no memory, no weights).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

FILE = Path(__file__).with_name("open_clip_sizes.json")

#: text towers whose configuration only the hub has: parameters, from open_clip's docs/model_profile.csv
HUB_TEXT_PARAMETERS = {
    "roberta-base": 124_870_000,
    "xlm-roberta-base": 278_270_000,
    "xlm-roberta-large": 560_940_000,
    "facebook/nllb-200-distilled-600M": 414_040_000,
    "facebook/nllb-200-distilled-1.3B": 767_140_000,
}


def measure() -> dict:
    """{"models": name -> {image, text: parameters, dim, size, context}, "pairs": "model/tag" -> repository}."""
    import open_clip
    import torch
    from open_clip.pretrained import get_pretrained_cfg

    models: dict[str, dict] = {}
    pairs: dict[str, str] = {}
    for model_name, tag in open_clip.list_pretrained():
        pairs[f"{model_name}/{tag}"] = get_pretrained_cfg(model_name, tag)["hf_hub"]
        if model_name in models:
            continue
        config = open_clip.get_model_config(model_name) or {}
        hub_text = config.get("text_cfg", {}).get("hf_model_name")
        if hub_text:
            config["text_cfg"] = {"width": 64, "heads": 2, "layers": 1}  # stands in for a tower the hub alone knows
        image, text = _count(config, torch)
        size = config["vision_cfg"].get("image_size", 224)
        models[model_name] = {
            "image": image,
            "text": HUB_TEXT_PARAMETERS[hub_text] if hub_text else text,
            "text_model": hub_text,
            "dim": config["embed_dim"],
            "size": size if isinstance(size, int) else size[0],
        }
        print(model_name, models[model_name], file=sys.stderr)
    return {"open_clip": open_clip.__version__, "models": models, "pairs": pairs}


def _count(config: dict, torch) -> tuple[int, int]:
    from open_clip.coca_model import CoCa
    from open_clip.model import CLIP, CustomTextCLIP

    config = dict(config)
    custom = config.pop("custom_text", False)
    cls = CoCa if "multimodal_cfg" in config else CustomTextCLIP if custom else CLIP
    with torch.device("meta"):
        model = cls(**config)
    image = sum(p.numel() for p in model.visual.parameters())
    return image, sum(p.numel() for p in model.parameters()) - image


if __name__ == "__main__":
    FILE.write_text(json.dumps(measure(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
