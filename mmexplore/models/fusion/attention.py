"""Attention fusion: a scorer sees all modalities and says how much each one counts for this item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from mmexplore.models.card import MethodCard
from mmexplore.models.fusion.torch_fusion import TorchFusion
from mmexplore.models.param import Param
from mmexplore.models.training_settings import WIDEST

if TYPE_CHECKING:
    import torch
    from torch import nn

    from mmexplore.models.networks.net import Combined


@dataclass(eq=False, repr=False)
class AttentionFusion(TorchFusion):
    """s = a([P_1 c_1; ...; P_M c_M; presence]), alpha = softmax of s over present m, f = sum alpha_m P_m c_m.

    The softmax is the module `layers["softmax"]`, so that a forward hook can read alpha.
    """

    hidden: Annotated[
        int,
        Param(
            "Scorer width",
            "Numbers in the hidden layer of the network that scores the modalities. A wider one can tell more cases "
            "apart when it sets the weights, and needs more items to learn from.",
            low=1,
            high=WIDEST,
            why="wider layers take gigabytes",
        ),
    ] = 32

    name = "attention"
    family = "attention"
    gives_weights: ClassVar[bool] = True
    adds_up: ClassVar[bool] = True
    card = MethodCard(
        title="Attention fusion",
        summary="A small network looks at all modalities of an item and decides how much each one counts; the fused "
        "vector is their weighted sum.",
        equation=r"s = a([P_1 c_1;\dots;P_M c_M;\pi]),\quad \alpha = \mathrm{softmax}_{m\ \text{present}}(s),\quad "
        r"f = \sum_m \alpha_m\, P_m c_m",
        paper="Bahdanau 2015, Neural Machine Translation by Jointly Learning to Align and Translate (the mechanism); "
        "as a fusion: attention over modalities, folklore",
        look_for="The spread of the weights over items, and their mean entropy: near zero means that it has collapsed "
        "to one modality. A weight is not a contribution: a part with a large norm counts more than its weight says.",
        missing="An absent modality has weight 0 and the others share 1; the scorer is told by presence bits; trained "
        "with modalities dropped at random. Nothing present: the zero vector and no weights.",
    )

    def layers(self, n_modalities: int) -> nn.ModuleDict:
        from torch import nn

        from mmexplore.models.networks.net import MaskedSoftmax

        scorer = nn.Sequential(
            nn.Linear(n_modalities * (self.width + 1), self.hidden), nn.Tanh(), nn.Linear(self.hidden, n_modalities)
        )
        return nn.ModuleDict({"scorer": scorer, "softmax": MaskedSoftmax()})

    def combine(self, layers: Any, parts: torch.Tensor, present: torch.Tensor) -> Combined:
        from mmexplore.models.networks.net import Combined, mix

        alpha = layers["softmax"](mix(layers["scorer"], parts, present), present)
        addends = alpha[..., None] * parts
        return Combined(addends.sum(1), alpha, addends)
