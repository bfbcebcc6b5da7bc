"""A pre-norm transformer layer with a key mask, whose attention can be read by a hook. Imported with torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmexplore.models.networks.net import MaskedSoftmax


class TransformerLayer(nn.Module):
    """x + attention(LN x), then x + MLP(LN x) (Vaswani 2017, pre-norm). `softmax` is a module: hook it to see weights.

    Args:
        width: of a token, divisible by `heads`.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        # A key's bias would shift all scores of a query alike: it has no effect and would get no gradient.
        self.query, self.key, self.value = (
            nn.Linear(width, width),
            nn.Linear(width, width, bias=False),
            nn.Linear(width, width),
        )
        self.out = nn.Linear(width, width)
        self.softmax = MaskedSoftmax()
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, tokens: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """tokens [B, T, width], present bool [B, T] -> (tokens, weights [B, heads, T, T] from query to key)."""
        x = self.before(tokens)
        q, k, v = (
            layer(x).unflatten(2, (self.heads, -1)).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        weights = self.softmax(q @ k.transpose(2, 3) / q.shape[-1] ** 0.5, present[:, None, None, :])
        tokens = tokens + self.out((weights @ v).transpose(1, 2).flatten(2))
        return tokens + self.mlp(self.after(tokens)), weights


def learned_tokens(count: int, width: int) -> nn.Parameter:
    """[count, width], small and random: what a token is called, or a token that belongs to no modality."""
    return nn.Parameter(0.1 * torch.randn(count, width))
