"""The other side of the game: a discriminator that names the modality of a code, and how it is played against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mmexplore.models.optimiser import AdamW

if TYPE_CHECKING:
    import torch


def reverse_gradient(x: torch.Tensor, strength: float) -> torch.Tensor:
    """`x` itself; its gradient is -strength times the gradient that comes in (Ganin 2016)."""
    import torch

    class Reverse(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, value: torch.Tensor) -> torch.Tensor:
            return value.view_as(value)

        @staticmethod
        def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
            return -strength * gradient

    return Reverse.apply(x)


def warm_up(progress: float) -> float:
    """2 / (1 + e^(-10 p)) - 1: from 0 at p = 0 to nearly 1, so that the discriminator learns before it is fought."""
    return float(2 / (1 + np.exp(-10 * progress)) - 1)


def discriminate(
    discriminator: torch.nn.Module, codes: list[torch.Tensor], present: torch.Tensor, penalty: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """(cross entropy, balanced accuracy) of naming the modality of each code; modalities count the same.

    Args:
        codes: M of float [B, K].  present: bool [B, M].
        penalty: weight of R1, half the squared gradient of log D(m | z) at the codes, added to the cross entropy.
    """
    import torch

    z = torch.cat([code[here] for code, here in zip(codes, present.T, strict=True)])
    if penalty:
        z = z.detach().requires_grad_()
    count = present.sum(dim=0)
    own = torch.repeat_interleave(torch.arange(len(codes), device=z.device), count)[:, None]
    share = (1 / (count * (count > 0).sum()))[own[:, 0]]  # a modality's rows share one vote; absent ones have none
    log_p = discriminator(z).log_softmax(dim=1)
    told = log_p.gather(1, own)[:, 0]
    loss, right = -(share * told).sum(), (share * (log_p.argmax(dim=1) == own[:, 0])).sum()
    if penalty:
        (slope,) = torch.autograd.grad(told.sum(), z, create_graph=True)
        loss = loss + penalty / 2 * (share * slope.square().sum(dim=1)).sum()
    return loss, right


def discriminator(width: int, hidden: int, n_modalities: int) -> torch.nn.Module:
    """Codes [B, width] -> logits [B, n_modalities]."""
    from torch import nn

    return nn.Sequential(
        nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, n_modalities)
    )


class Chaser:
    """Keeps a discriminator close behind the heads, which it would otherwise lose sight of.

    Args:
        steps: taken by each `catch_up`.  lr: of the steps.  penalty: as in `discriminate`.
    """

    def __init__(self, net: torch.nn.Module, steps: int, lr: float, penalty: float) -> None:
        self.net, self.steps, self.penalty = net, steps, penalty
        self.optimiser = AdamW(net.parameters(), lr=lr, betas=(0.5, 0.9))

    def catch_up(self, codes: list[torch.Tensor], present: torch.Tensor) -> None:
        """Steps of the discriminator alone; codes as in `discriminate`, without a gradient."""
        for _ in range(self.steps):
            error, _ = discriminate(self.net, codes, present, self.penalty)
            self.optimiser.zero_grad()
            error.backward()
            self.optimiser.step()
