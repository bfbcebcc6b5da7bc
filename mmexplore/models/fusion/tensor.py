"""Tensor fusion: every product of one number from each modality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from mmexplore.errors import UserError
from mmexplore.models.card import MethodCard
from mmexplore.models.fusion.torch_fusion import TorchFusion
from mmexplore.models.param import Param
from mmexplore.models.training_settings import FusedWidth

if TYPE_CHECKING:
    import torch
    from torch import nn

    from mmexplore.models.networks.net import Combined

LARGEST = 32_768  # entries of the tensor at most: with 64 outputs, two million weights
COMFORTABLE = 4_096  # entries chosen where the person leaves the width to us


def outer_product(parts: torch.Tensor) -> torch.Tensor:
    """[c_1; 1] x ... x [c_M; 1], flattened: parts [B, M, k] -> [B, (k + 1)^M]; the last entry is 1."""
    from torch.nn import functional as F

    padded = F.pad(parts, (0, 1), value=1.0)
    z = padded[:, 0]
    for m in range(1, padded.shape[1]):
        z = (z[:, :, None] * padded[:, m, None, :]).flatten(1)
    return z


@dataclass(eq=False, repr=False)
class TensorFusion(TorchFusion):
    """h_m = tanh(V_m P_m c_m), z = [h_1; 1] x ... x [h_M; 1] (Zadeh 2017), f = GELU(W z).

    Bounded factors, as from the paper's sub-networks: without, a product of several large numbers drowns the rest.
    """

    factor: Annotated[
        int,
        Param(
            "Numbers per modality",
            "With how many numbers k each modality enters the product, which then has (k + 1)^M entries for M "
            "modalities. More can find finer combinations; 0 chooses as many as keep it within 4,096 entries.",
            low=0,
            high=LARGEST - 1,
            why="a product has at most 32,768 entries",
        ),
    ] = 0
    fused: FusedWidth = 64

    name = "tensor"
    family = "tensor"
    card = MethodCard(
        title="Tensor fusion (TFN)",
        summary="Multiplies every number of one modality with every number of the others, so that the fused vector "
        "can see which features occur together.",
        equation=r"h_m = \tanh(V_m P_m c_m),\quad z = \begin{bmatrix} h_1 \\ 1 \end{bmatrix} \otimes \cdots \otimes "
        r"\begin{bmatrix} h_M \\ 1 \end{bmatrix},\quad f = \mathrm{GELU}(W\,\mathrm{vec}\,z)",
        paper="Zadeh 2017, Tensor Fusion Network for Multimodal Sentiment Analysis",
        look_for="Synergy: labels that depend on a combination (exclusive or) and on neither modality alone. The "
        "tensor grows as (k+1)^M: with many modalities each may bring only a few numbers; low-rank fusion has no such "
        "limit.",
        missing="An absent modality enters as [0; 1]: the products of the others remain. Trained with modalities "
        "dropped at random. Nothing present: the zero vector.",
    )

    def factor_width(self, n_modalities: int) -> int:
        """k, given or chosen."""
        return self.factor or min(self.width, int(COMFORTABLE ** (1 / n_modalities) + 1e-9) - 1)

    def check(self, n_modalities: int) -> None:
        k = self.factor_width(n_modalities)
        size = (max(k, 0) + 1) ** n_modalities
        if k < 1 or size > LARGEST:
            raise UserError(
                f"{n_modalities} modalities of {max(k, 1)} numbers make a tensor of "
                f"{(max(k, 1) + 1) ** n_modalities:,} entries, above {LARGEST:,}",
                "tensor fusion",
                "choose low-rank fusion (low-rank), which grows only linearly, or fewer numbers a modality (factor)",
            )

    def layers(self, n_modalities: int) -> nn.ModuleDict:
        from torch import nn

        k = self.factor_width(n_modalities)
        narrow = nn.ModuleList(nn.Linear(self.width, k, bias=False) for _ in range(n_modalities))
        mixing = nn.Sequential(nn.Linear((k + 1) ** n_modalities, self.fused), nn.GELU())
        return nn.ModuleDict({"narrow": narrow, "mixing": mixing})

    def combine(self, layers: Any, parts: torch.Tensor, present: torch.Tensor) -> Combined:
        import torch

        from mmexplore.models.networks.net import Combined

        narrow = torch.stack([layer(parts[:, m]) for m, layer in enumerate(layers["narrow"])], dim=1)
        return Combined(layers["mixing"](outer_product(narrow.tanh())))
