"""Self-attention over modality tokens: every modality looks at every other before they are read out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from mmexplore.models.card import MethodCard
from mmexplore.models.fusion.torch_fusion import TorchFusion
from mmexplore.models.param import Param

if TYPE_CHECKING:
    import torch
    from torch import nn

    from mmexplore.models.networks.net import Combined


@dataclass(eq=False, repr=False)
class SelfAttentionFusion(TorchFusion):
    """Tokens P_m c_m + e_m and one summary token through `depth` transformer layers; f = the summary token.

    The weight of a modality is the summary token's attention to it in the last layer, mean over heads, shared out
    over the present modalities.
    """

    depth: Annotated[
        int,
        Param(
            "Layers",
            "Transformer layers one after the other. More let the modalities exchange more often; they are slower and "
            "need more items to learn from.",
            low=1,
            high=32,
            why="each layer takes as long as the first",
        ),
    ] = 1
    heads: Annotated[
        int,
        Param(
            "Attention heads",
            "How many attentions each layer has side by side, each over its part of the numbers; they must divide the "
            "width. More can look at several things at once, each with fewer numbers.",
            low=1,
            high=64,
        ),
    ] = 4

    name = "self-attention"
    family = "attention"
    gives_weights: ClassVar[bool] = True
    card = MethodCard(
        title="Self-attention over modalities",
        summary="Treats each modality as one word of a short sentence and runs a small transformer over it: the "
        "modalities can change one another before a summary is read.",
        equation=r"X = [s;\ P_1 c_1 + e_1;\ \dots;\ P_M c_M + e_M],\quad "
        r"X \leftarrow X + \mathrm{softmax}\!\left(\tfrac{QK^\top}{\sqrt{d}}\right)_{\text{keys present}} V,\quad "
        r"f = X_s",
        paper="Vaswani 2017, Attention Is All You Need; tokens of several modalities as in Tsai 2019 (MulT)",
        look_for="The weights are the summary token's attention in the last layer: where it looks, not what it took. "
        "With one token a modality it rarely beats plain attention on few items.",
        missing="Absent tokens are masked as keys; trained with modalities dropped at random. Nothing present: the "
        "zero vector and no weights.",
    )

    def check(self, n_modalities: int) -> None:
        from mmexplore.errors import UserError

        if self.width % self.heads:
            raise UserError(
                f"{self.heads} heads do not divide a width of {self.width}",
                "self-attention fusion",
                "choose a width that is a multiple of the heads",
            )

    def layers(self, n_modalities: int) -> nn.ModuleDict:
        from torch import nn

        from mmexplore.models.networks.transformer import TransformerLayer, learned_tokens

        names = nn.ParameterDict(
            {"modality": learned_tokens(n_modalities, self.width), "summary": learned_tokens(1, self.width)}
        )
        blocks = nn.ModuleList(TransformerLayer(self.width, self.heads) for _ in range(self.depth))
        return nn.ModuleDict({"tokens": names, "blocks": blocks, "norm": nn.LayerNorm(self.width)})

    def combine(self, layers: Any, parts: torch.Tensor, present: torch.Tensor) -> Combined:
        import torch
        from torch.nn import functional as F

        from mmexplore.models.networks.net import Combined

        named = layers["tokens"]
        summary = named["summary"].expand(len(parts), 1, -1)
        tokens = torch.cat([summary, parts + named["modality"]], dim=1)
        keys = F.pad(present, (1, 0), value=True)
        for block in layers["blocks"]:
            tokens, weights = block(tokens, keys)
        looked = weights[:, :, 0, 1:].mean(1) * present
        looked = looked / looked.sum(1, keepdim=True).clamp(min=1e-12)
        return Combined(layers["norm"](tokens[:, 0]), looked)
