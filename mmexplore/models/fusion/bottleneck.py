"""Attention bottlenecks: modalities exchange what they know only through a few shared tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from mmexplore.errors import UserError
from mmexplore.models.card import MethodCard
from mmexplore.models.fusion.torch_fusion import TorchFusion
from mmexplore.models.param import Param

if TYPE_CHECKING:
    import torch
    from torch import nn

    from mmexplore.models.networks.net import Combined


@dataclass(eq=False, repr=False)
class BottleneckFusion(TorchFusion):
    """Each layer: [x_m; b] -> layer_m -> (x_m, b_m), then b = mean over present m of b_m (Nagrani 2021).

    f = the mean of the present modalities' tokens and the bottlenecks after the last layer, normalised.
    """

    bottlenecks: Annotated[
        int,
        Param(
            "Bottleneck tokens",
            "How many shared tokens the modalities exchange what they know through. Few make each modality pass on "
            "only what matters; many let everything through.",
            low=1,
            high=256,
        ),
    ] = 4
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
    ] = 2
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

    name = "bottleneck"
    family = "attention"
    card = MethodCard(
        title="Attention bottlenecks (MBT)",
        summary="Each modality has its own transformer; they talk only through a few shared tokens, which forces "
        "them to pass on what matters.",
        equation=r"[x_m^{l+1};\ b_m^{l+1}] = \mathrm{Layer}_m^{l}([x_m^{l};\ b^{l}]),\qquad "
        r"b^{l+1} = \frac{1}{|\text{present}|}\sum_{m\ \text{present}} b_m^{l+1}",
        paper="Nagrani 2021, Attention Bottlenecks for Multimodal Fusion",
        look_for="The cost grows linearly with the modalities, not with their square. It has no weights of its own: "
        "look at the measured contributions.",
        missing="Absent modalities are left out of both means; trained with modalities dropped at random. Nothing "
        "present: the zero vector.",
    )

    def check(self, n_modalities: int) -> None:
        if self.width % self.heads:
            raise UserError(
                f"{self.heads} heads do not divide a width of {self.width}",
                "bottleneck fusion",
                "choose a width that is a multiple of the heads",
            )

    def layers(self, n_modalities: int) -> nn.ModuleDict:
        from torch import nn

        from mmexplore.models.networks.transformer import TransformerLayer, learned_tokens

        tokens = nn.ParameterDict(
            {
                "modality": learned_tokens(n_modalities, self.width),
                "bottleneck": learned_tokens(self.bottlenecks, self.width),
            }
        )
        depth = nn.ModuleList(
            nn.ModuleList(TransformerLayer(self.width, self.heads) for _ in range(n_modalities))
            for _ in range(self.depth)
        )
        return nn.ModuleDict({"tokens": tokens, "depth": depth, "norm": nn.LayerNorm(self.width)})

    def combine(self, layers: Any, parts: torch.Tensor, present: torch.Tensor) -> Combined:
        import torch

        from mmexplore.models.networks.net import Combined

        named = layers["tokens"]
        own = (parts + named["modality"]).unbind(1)
        shared = named["bottleneck"].expand(len(parts), -1, -1)
        everything = torch.ones(len(parts), 1 + self.bottlenecks, dtype=torch.bool, device=parts.device)
        share = present / present.sum(1, keepdim=True).clamp(min=1)  # [B, M]
        for blocks in layers["depth"]:
            seen = [
                block(torch.cat([x[:, None], shared], dim=1), everything)[0]
                for block, x in zip(blocks, own, strict=True)
            ]
            own = [tokens[:, 0] for tokens in seen]
            shared = (torch.stack([tokens[:, 1:] for tokens in seen], dim=1) * share[:, :, None, None]).sum(1)
        read = (torch.stack(own, dim=1) * share[..., None]).sum(1)
        return Combined(layers["norm"]((read + shared.mean(1)) / 2))
