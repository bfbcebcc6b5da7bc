"""Low-rank tensor fusion: tensor fusion without ever building the tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from mmexplore.models.card import MethodCard
from mmexplore.models.fusion.torch_fusion import TorchFusion
from mmexplore.models.param import Param
from mmexplore.models.training_settings import FusedWidth

if TYPE_CHECKING:
    import torch
    from torch import nn

    from mmexplore.models.networks.net import Combined


def low_rank_product(
    parts: torch.Tensor, factors: nn.ParameterList, rank_weights: torch.Tensor, bias: torch.Tensor
) -> torch.Tensor:
    """h = sum_r w_r  prod_m (W_m^(r) [c_m; 1]) + b  (Liu & Shen 2018, eq. 8, with their weights over ranks).

    Args:
        parts: [B, M, k].  factors: M of [R, k + 1, D].  rank_weights: [R].  bias: [D].

    Returns:
        [B, D]
    """
    import torch
    from torch.nn import functional as F

    padded = F.pad(parts, (0, 1), value=1.0)
    product = torch.einsum("bk,rkd->brd", padded[:, 0], factors[0])
    for m in range(1, padded.shape[1]):
        product = product * torch.einsum("bk,rkd->brd", padded[:, m], factors[m])
    return torch.einsum("brd,r->bd", product, rank_weights) + bias


@dataclass(eq=False, repr=False)
class LowRankFusion(TorchFusion):
    """f = sum over ranks of the product over modalities of W_m^(r) [h_m; 1], h_m = tanh(P_m c_m) (Liu & Shen 2018).

    With R = `rank` and D = `fused` its own parameters are M R (width + 1) D + R + D: linear in the modalities. All of
    them are trained.
    """

    rank: Annotated[
        int,
        Param(
            "Rank",
            "How many products of the modalities are added up. A higher rank can find more kinds of combinations, and "
            "comes closer to full tensor fusion.",
            low=1,
            high=256,
        ),
    ] = 4
    fused: FusedWidth = 64

    name = "low-rank"
    family = "tensor"
    card = MethodCard(
        title="Low-rank tensor fusion (LMF)",
        summary="Tensor fusion made cheap: each modality is mapped to a few factors and these are multiplied, so the "
        "large tensor is never built.",
        equation=r"h_m = \tanh(P_m c_m),\quad f = \sum_{r=1}^{R} w_r \bigodot_{m=1}^{M} "
        r"\left(W_m^{(r)} \begin{bmatrix} h_m \\ 1 \end{bmatrix}\right) + b",
        paper="Liu & Shen 2018, Efficient Low-rank Multimodal Fusion with Modality-Specific Factors",
        look_for="Whether it keeps what tensor fusion finds, at a fraction of its parameters; a higher rank should not "
        "make it worse.",
        missing="An absent modality enters as [0; 1]: its factor becomes a learned constant. Trained with modalities "
        "dropped at random. Nothing present: the zero vector.",
    )

    def layers(self, n_modalities: int) -> nn.ModuleDict:
        import torch
        from torch import nn

        factors = nn.ParameterList()
        for _ in range(n_modalities):
            factor = torch.randn(self.rank, self.width + 1, self.fused) / self.width**0.5
            factor[:, -1] += 1.0  # products start around 1: with many modalities they would vanish otherwise
            factors.append(nn.Parameter(factor))
        weights = nn.Parameter(torch.full((self.rank,), self.rank**-0.5))
        rest = nn.ParameterDict({"weights": weights, "bias": nn.Parameter(torch.zeros(self.fused))})
        return nn.ModuleDict({"factors": factors, "rest": rest})

    def combine(self, layers: Any, parts: torch.Tensor, present: torch.Tensor) -> Combined:
        from mmexplore.models.networks.net import Combined

        rest = layers["rest"]
        return Combined(low_rank_product(parts.tanh(), layers["factors"], rest["weights"], rest["bias"]))
