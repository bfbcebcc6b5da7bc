"""Concatenation: one vector beside the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmexplore.models.card import MethodCard
from mmexplore.models.fusion.torch_fusion import TorchFusion
from mmexplore.models.training_settings import FusedWidth

if TYPE_CHECKING:
    import torch
    from torch import nn

    from mmexplore.models.networks.net import Combined


@dataclass(eq=False, repr=False)
class ConcatFusion(TorchFusion):
    """f = GELU(W [P_1 c_1; ...; P_M c_M; presence]), every modality standardised first."""

    fused: FusedWidth = 64

    name = "concat"
    family = "feature-level"
    card = MethodCard(
        title="Concatenation (early fusion)",
        summary="Puts the vectors of all modalities side by side and learns one layer on top: the plainest fusion, "
        "and hard to beat when nothing is missing.",
        equation=r"f = \mathrm{GELU}\left(W\,[P_1 c_1;\ \dots;\ P_M c_M;\ \pi]\right),\quad c_m\ \text{standardised}",
        paper="- (feature-level fusion; see Baltrušaitis 2019, Multimodal Machine Learning: A Survey and Taxonomy)",
        look_for="Does it beat the best single modality? If not, the widest or easiest modality did all the work. It "
        "has no weights of its own: look at the measured contributions.",
        missing="An absent part is zero and a presence bit says so; trained with modalities dropped at random. "
        "Nothing present: the zero vector.",
    )

    def layers(self, n_modalities: int) -> nn.ModuleDict:
        from torch import nn

        from mmexplore.models.networks.net import mixer

        return nn.ModuleDict({"mixer": mixer(n_modalities, self.width, self.fused)})

    def combine(self, layers: Any, parts: torch.Tensor, present: torch.Tensor) -> Combined:
        from mmexplore.models.networks.net import Combined, mix

        return Combined(mix(layers["mixer"], parts, present))
