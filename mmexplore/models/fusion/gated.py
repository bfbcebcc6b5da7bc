"""Gated fusion: one gate a number, so that each feature of the fused vector has its own mix of modalities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mmexplore.models.card import MethodCard
from mmexplore.models.fusion.torch_fusion import TorchFusion

if TYPE_CHECKING:
    import torch
    from torch import nn

    from mmexplore.models.networks.net import Combined


@dataclass(eq=False, repr=False)
class GatedFusion(TorchFusion):
    """h_m = tanh(P_m c_m), z = softmax over present m of U [c; presence], f = sum_m z_m * h_m (Arevalo 2017).

    For two modalities z is the paper's pair (sigma, 1 - sigma); the paper leaves the gates of three and more
    unnormalised, here they sum to 1 in every feature. The weight of a modality is its mean gate.
    """

    name = "gated"
    family = "gated"
    gives_weights: ClassVar[bool] = True
    adds_up: ClassVar[bool] = True
    card = MethodCard(
        title="Gated multimodal unit (GMU)",
        summary="Like attention, but with a separate weight for every number of the fused vector: one feature may "
        "come from the picture, the next from the words.",
        equation=r"h_m = \tanh(P_m c_m),\quad z = \mathrm{softmax}_{m\ \text{present}}(U\,[P_1 c_1;\dots;P_M c_M;\pi])"
        r",\quad f = \sum_m z_m \odot h_m",
        paper="Arevalo 2017, Gated Multimodal Units for Information Fusion",
        look_for="The mean gate of each modality stands as its weight. Gates near 1/M everywhere: it averages; "
        "look whether they change with the class.",
        missing="The gate of an absent modality is 0 and the others share 1; presence bits are fed to the gates; "
        "trained with modalities dropped at random. Nothing present: the zero vector and no weights.",
    )

    def layers(self, n_modalities: int) -> nn.ModuleDict:
        from torch import nn

        from mmexplore.models.networks.net import MaskedSoftmax

        gates = nn.Linear(n_modalities * (self.width + 1), n_modalities * self.width)
        return nn.ModuleDict({"gates": gates, "softmax": MaskedSoftmax()})

    def combine(self, layers: Any, parts: torch.Tensor, present: torch.Tensor) -> Combined:
        from mmexplore.models.networks.net import Combined, mix

        scores = mix(layers["gates"], parts, present).view(len(parts), self.width, parts.shape[1])
        z = layers["softmax"](scores, present[:, None, :]).transpose(1, 2)  # [B, M, width]
        addends = z * parts.tanh()
        return Combined(addends.sum(1), z.mean(2), addends)
