"""Diagonal Gaussians as experts: their product, their KL divergence from N(0, I), their densities.

Everything is in log-space: no variance is ever inverted, so log-variances from -80 to 80 are safe in float32.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

LOG_2PI = math.log(2 * math.pi)


def product_of_experts(mu: Tensor, log_var: Tensor, present: Tensor, prior: bool = True) -> tuple[Tensor, Tensor]:
    """The normalised product of Gaussian experts, times N(0, I) once where `prior` (Wu & Goodman 2018, eq. 4).

        w = softmax over experts of -log var,   mean = sum w mu,   log var = -logsumexp of -log var

    Args:
        mu, log_var: [..., M, L].  present: bool [..., M] (broadcast); an absent expert counts for nothing and gets no
            gradient. Without a prior at least one must be present.

    Returns:
        (mean, log variance), each [..., L]; nothing present = the prior, (0, 0).
    """
    import torch

    log_precision = (-log_var).masked_fill(~present[..., None], -math.inf)
    if prior:
        nothing = torch.zeros_like(log_precision[..., :1, :])  # the prior: mean 0, log-precision 0
        log_precision = torch.cat([log_precision, nothing], dim=-2)
        mu = torch.cat([mu.expand(*log_precision.shape[:-2], *mu.shape[-2:]), nothing], dim=-2)
    mean = (log_precision.softmax(-2) * mu).sum(-2)
    return mean, -log_precision.logsumexp(-2)


def precision_shares(log_var: Tensor, present: Tensor) -> Tensor:
    """Each expert's share of the experts' precision (the prior left out), [..., M, L]; zero where absent.

    The shares of a row sum to 1 over what is present; a row with nothing present is all zero.
    """
    import torch

    log_precision = (-log_var).masked_fill(~present[..., None], torch.finfo(log_var.dtype).min)
    return log_precision.softmax(-2) * present[..., None]


def kl_to_prior(mu: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mu, diag exp log_var) || N(0, I)) in nats: [..., L] -> [...]."""
    return 0.5 * (log_var.exp() + mu**2 - 1 - log_var).sum(-1)


def log_density(z: Tensor, mu: Tensor, log_var: Tensor) -> Tensor:
    """log N(z; mu, diag exp log_var) in nats: [..., L] -> [...]."""
    return -0.5 * ((z - mu) ** 2 * (-log_var).exp() + log_var + LOG_2PI).sum(-1)
