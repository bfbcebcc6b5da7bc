"""Max pooling: of every feature, the modality that has most of it speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mmexplore.models.card import MethodCard
from mmexplore.models.fusion.torch_fusion import TorchFusion

if TYPE_CHECKING:
    import torch
    from torch import nn

    from mmexplore.models.networks.net import Combined


@dataclass(eq=False)
class MaxPooling(TorchFusion):
    """f_k = max over present m of (P_m x_m)_k; the weight of a modality is the share of features that it gives."""

    name = "max-pooling"
    family = "feature-level"
    gives_weights: ClassVar[bool] = True
    card = MethodCard(
        title="Max pooling",
        summary="Every modality is projected to the same features, and the strongest answer to each is kept.",
        equation=r"f_k = \max_{m\ \text{present}} (P_m x_m)_k",
        paper="Boureau 2010, A Theoretical Analysis of Feature Pooling in Visual Recognition",
        look_for="The weight is the share of features that a modality gives: a count, not a contribution.",
        missing="An absent modality takes no part. Nothing present: the zero vector and no weights.",
    )

    def layers(self, n_modalities: int) -> nn.ModuleDict:
        from torch import nn

        return nn.ModuleDict()

    def combine(self, layers: Any, parts: torch.Tensor, present: torch.Tensor) -> Combined:
        from mmexplore.models.networks.net import Combined

        there = present[:, :, None]  # [B, M, 1]
        fused, strongest = parts.masked_fill(~there, -1e30).max(dim=1)  # [B, width], [B, width]
        gives = strongest[:, None, :] == strongest.new_tensor(range(parts.shape[1]))[None, :, None]
        return Combined(fused * there.any(1), gives.float().mean(2) * present)
