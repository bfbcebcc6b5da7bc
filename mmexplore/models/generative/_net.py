"""The networks of a generative model: an encoder and a decoder a modality. Imported with torch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

WIDEST_LOG_VAR = 20.0  # experts' log-variances are kept within this: exp stays finite
LEAST_LOG_NOISE = -6.0  # no decoder may claim to be more exact than this (spread .05 on standardised features)


def stack(inside: int, hidden: int, outside: int) -> nn.Module:
    """`inside` -> `outside` with one hidden layer; linear where `hidden` is 0."""
    if hidden == 0:
        return nn.Linear(inside, outside)
    return nn.Sequential(nn.Linear(inside, hidden), nn.GELU(), nn.Linear(hidden, outside))


class GenerativeNet(nn.Module):
    """Encoders x_m [B, d_m] -> `code` numbers, decoders z [*, latent] -> x_m.

    Args:
        dims: widths d_m in alphabetical order of the modalities.
        code: what an encoder says of an item: `latent` numbers, or 2 `latent` (mean and log-variance).
    """

    def __init__(self, dims: Sequence[int], hidden: int, code: int, latent: int) -> None:
        super().__init__()
        self.dims = list(dims)
        self.encoders = nn.ModuleList(stack(d, hidden, code) for d in dims)
        self.decoders = nn.ModuleList(stack(latent, hidden, d) for d in dims)

    def encode(self, xs: Sequence[Tensor]) -> Tensor:
        """[B, M, code]; what is said of an absent modality must be masked by the caller."""
        return torch.stack([e(x) for e, x in zip(self.encoders, xs, strict=True)], dim=1)

    def errors(self, z: Tensor, xs: Sequence[Tensor], counted: Tensor) -> Tensor:
        """||x_m - D_m(z)||^2: z [..., B, L], counted bool [..., B, M] -> [..., B, M]; zero where not counted.

        Only what counts is decoded.
        """
        columns = []
        for m, (x, decode) in enumerate(zip(xs, self.decoders, strict=True)):
            where = counted[..., m]
            wanted = x.expand(*where.shape, -1)[where]
            error = ((wanted - decode(z[where])) ** 2).sum(-1)
            columns.append(z.new_zeros(where.shape).masked_scatter(where, error))
        return torch.stack(columns, dim=-1)


class VariationalNet(GenerativeNet):
    """Encoders that give a Gaussian, and one learned noise level a modality for the likelihood.

    log_noise: [M], log of the variance that a decoder leaves unexplained in a standardised number.
    """

    def __init__(self, dims: Sequence[int], hidden: int, latent: int) -> None:
        super().__init__(dims, hidden, 2 * latent, latent)
        self.log_noise = nn.Parameter(torch.zeros(len(dims)))

    def experts(self, xs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """(mu, log variance), each [B, M, L]."""
        mu, log_var = self.encode(xs).chunk(2, dim=-1)
        return mu, log_var.clamp(-WIDEST_LOG_VAR, WIDEST_LOG_VAR)
