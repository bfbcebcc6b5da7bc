"""Hybrid fusion: a fused head and one head a modality in one loss, and all of them in the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmexplore.models.card import MethodCard
from mmexplore.models.fusion.torch_fusion import TorchFusion

if TYPE_CHECKING:
    import torch
    from torch import nn

    from mmexplore.models.networks.net import Combined, FusionNet


@dataclass(eq=False, repr=False)
class HybridFusion(TorchFusion):
    """f = GELU(W [P_1 c_1; ...; P_M c_M; presence]); loss = fused + `unimodal_weight` * sum of the unimodal losses.

    The answer is the mean of the logits (values) of the fused head and of the heads of the present modalities.
    """

    unimodal_weight: float = 0.5

    name = "hybrid"
    family = "hybrid"
    card = MethodCard(
        title="Hybrid fusion (fused and unimodal heads)",
        summary="Learns from the fused vector and from every modality on its own at the same time, so that no modality "
        "can be lazy while another does the work.",
        equation=r"\mathcal{L} = \mathcal{L}_{\mathrm{fused}}(f) + \lambda \sum_{m\ \text{present}} "
        r"\mathcal{L}_m(P_m c_m),\qquad f = \mathrm{GELU}(W\,[P_1 c_1;\dots;P_M c_M;\pi])",
        paper="Wang 2020, What Makes Training Multi-modal Classification Networks Hard?; auxiliary unimodal losses as "
        "in AutoGluon's MultimodalFusionMLP",
        look_for="The unimodal curves: a modality whose curve keeps falling after the fused one has stopped was being "
        "ignored. Compare with concatenation, which is the same network without the extra heads.",
        missing="An absent part is zero, its head is silent and a presence bit says so; trained with modalities "
        "dropped at random. Nothing present: the zero vector.",
    )

    def layers(self, n_modalities: int) -> nn.ModuleDict:
        from torch import nn

        from mmexplore.models.networks.net import mixer

        return nn.ModuleDict({"mixer": mixer(n_modalities, self.width, self.width)})

    def combine(self, layers: Any, parts: torch.Tensor, present: torch.Tensor) -> Combined:
        from mmexplore.models.networks.net import Combined, mix

        return Combined(mix(layers["mixer"], parts, present))

    def logits(self, net: FusionNet, xs: list[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
        import torch

        parts = net.parts(xs, present)
        together = net.head(net.fuse(parts, present).fused)
        if net.unimodal_heads is None:  # unimodal_weight 0: plain concatenation
            return together
        own = torch.stack([head(parts[:, j]) for j, head in enumerate(net.unimodal_heads)], dim=1)
        return (together + (own * present[..., None]).sum(1)) / (1 + present.sum(1, keepdim=True))
