"""Dropout that draws from a generator of its own: two fits side by side do not disturb each other.

Imported only when something is fitted or restored: this module imports torch.
"""

from __future__ import annotations

import torch


class Dropout(torch.nn.Module):
    """Hides a share `p` of the numbers in training; the seed of its draws comes from torch's own generator."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.random = torch.Generator().manual_seed(int(torch.randint(2**31, (1,))))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.p == 0:
            return x
        keep = torch.rand(x.shape, generator=self.random) >= self.p
        return x * (keep.to(x) / (1 - self.p))
