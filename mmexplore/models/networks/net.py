"""The network that every trained fusion shares: a projection a modality, the method's own part, a head.

Imported only when something is fitted or restored: this module imports torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class Combined(NamedTuple):
    """What a fusion makes of its parts.

    fused: [B, D].  weights: [B, M], sum 1 over present, or None.
    addends: [B, M, *], what was added up to `fused`, a modality each, or None where nothing is added up.
    """

    fused: Tensor
    weights: Tensor | None = None
    addends: Tensor | None = None


Combine = Callable[[Any, Tensor, Tensor], Combined]


class MaskedSoftmax(nn.Module):
    """Softmax over the last axis among what is present; a row with nothing present is all zero, never NaN.

    A module of its own so that a forward hook can read the weights.
    """

    def forward(self, scores: Tensor, present: Tensor) -> Tensor:
        weights = scores.masked_fill(~present, torch.finfo(scores.dtype).min).softmax(-1)
        return weights * present


class FusionNet(nn.Module):
    """x_m [B, d_m] -> parts P_m x_m [B, M, width] -> the method's `combine` -> fused [B, D] -> head.

    Args:
        dims: widths d_m in alphabetical order of the modalities.
        layers: what the method trains.  combine: (layers, parts, present) -> Combined.
        head: head(D) -> the objective's module.
        unimodal: whether each modality's part gets a head of its own.
    """

    def __init__(
        self,
        dims: Sequence[int],
        width: int,
        layers: nn.ModuleDict,
        combine: Combine,
        head: Callable[[int], nn.Module],
        unimodal: bool,
    ) -> None:
        super().__init__()
        self.projections = nn.ModuleList(nn.Linear(d, width) for d in dims)
        self.layers, self.combine = layers, combine
        with torch.no_grad():
            everything = torch.ones(2, len(dims), dtype=torch.bool)
            self.fused_width = self.combine(layers, torch.zeros(2, len(dims), width), everything).fused.shape[1]
        self.head = head(self.fused_width)
        self.unimodal_heads = nn.ModuleList(head(width) for _ in dims) if unimodal else None

    def parts(self, xs: Sequence[Tensor], present: Tensor) -> Tensor:
        """[B, M, width], zero where absent: an absent modality's projection gets no gradient."""
        projected = torch.stack([p(x) for p, x in zip(self.projections, xs, strict=True)], dim=1)
        return projected * present[..., None]

    def fuse(self, parts: Tensor, present: Tensor) -> Combined:
        """`combine`, with the zero vector for a row in which nothing is present."""
        out = self.combine(self.layers, parts, present)
        return out._replace(fused=out.fused * present.any(1, keepdim=True))

    def forward(self, xs: Sequence[Tensor], present: Tensor) -> Combined:
        return self.fuse(self.parts(xs, present), present)


def mixer(n_modalities: int, width: int, out: int) -> nn.Module:
    """[c_1; ...; c_M; presence] -> out: the layer of concatenation, and the F of recurrent fusion."""
    return nn.Sequential(nn.Linear(n_modalities * (width + 1), out), nn.GELU())


def mix(layer: nn.Module, parts: Tensor, present: Tensor) -> Tensor:
    """`mixer`'s layer on parts [B, M, w] and present [B, M] -> [B, out]."""
    return layer(torch.cat([parts.flatten(1), present.to(parts.dtype)], dim=1))


def drop_modalities(present: Tensor, rate: float, generator: torch.Generator) -> Tensor:
    """Show a share `rate` of the rows with a random subset of what is present: each kept with p = 1/2, at least one."""
    draw = torch.rand(present.shape, generator=generator).to(present.device)
    chosen = torch.rand(len(present), 1, generator=generator).to(present.device) < rate
    last = draw.masked_fill(~present, -1.0).argmax(1, keepdim=True)
    kept = (draw > 0.5).scatter(1, last, True)
    return present & (kept | ~chosen)
