"""MMVAE: the modalities' Gaussians are mixed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mmexplore.models.card import MethodCard
from mmexplore.models.generative._variational import Mixture, Terms, Variational, draw_normal
from mmexplore.models.generative.poe import LOG_2PI, log_density

if TYPE_CHECKING:
    import torch


@dataclass(eq=False, repr=False)
class MMVAE(Variational):
    """q(z | x) = mean of q_m(z) over present m, sampled from each component in turn (stratified).

    ELBO with the density of the mixture itself: E_q [log p(x | z) + log p(z) - log q(z | x)], Gaussian posteriors and
    one sample a component (the paper: Laplace, and several importance samples).
    """

    name = "mmvae"
    prior_expert: ClassVar[bool] = False
    card = MethodCard(
        title="Multimodal VAE, mixture of experts (MMVAE)",
        summary="Each modality has its own opinion of the hidden cause of the item; the joint opinion is their "
        "mixture, so each one alone has to be able to rebuild all the others.",
        equation=r"q(z\mid x) = \frac{1}{|A|}\sum_{m\in A}\mathcal{N}(z;\mu_m,\sigma_m^2),\quad "
        r"\mathcal{L} = -\frac{1}{|A|}\sum_{m\in A}\mathbb{E}_{q_m}\Big[\sum_{n\in A}\lambda_n\log p(x_n\mid z) - "
        r"\beta\log\frac{q(z\mid x)}{p(z)}\Big]",
        paper="Shi 2019, Variational Mixture-of-Experts Autoencoders for Multi-Modal Deep Generative Models "
        "(one Gaussian sample a component)",
        look_for="Good at rebuilding one modality from another, blurred at what only one modality knows: a code drawn "
        "from the others must do without it. Labels are predicted by a regression on the codes, which never saw them "
        "in training.",
        missing="The code is the mean of the components of what is present. Nothing present: the prior's mean (the "
        "zero vector).",
    )

    def terms(
        self, mu: torch.Tensor, log_var: torch.Tensor, present: torch.Tensor, generator: torch.Generator
    ) -> Terms:
        q = self.mixture(mu, log_var, present)
        z = q.mu + (0.5 * q.log_var).exp() * draw_normal(tuple(q.mu.shape), q.mu, generator)
        return Terms(z, log_ratio(q, z), present & (q.weight > 0)[..., None], q.weight)

    def mixture(self, mu: torch.Tensor, log_var: torch.Tensor, present: torch.Tensor) -> Mixture:
        weight = present / present.sum(1, keepdim=True).clamp(min=1)
        return Mixture(mu.transpose(0, 1), log_var.transpose(0, 1), weight.T.to(mu.dtype))

    def divergence(self, q: Mixture, k: int, z: torch.Tensor) -> torch.Tensor:
        """[B]: mean over the points z [P, B, L] of log q(z | x) - log p(z)."""
        return log_ratio(q, z).mean(0)


def log_ratio(q: Mixture, z: torch.Tensor) -> torch.Tensor:
    """log q(z | x) - log p(z) in nats: z [T, B, L] -> [T, B]; 0 where nothing is present."""
    import torch

    log_weight = torch.where(q.weight > 0, q.weight, 1.0).log().masked_fill(q.weight == 0, -math.inf)
    each = log_density(z[:, None], q.mu, q.log_var) + log_weight  # [T, K, B]
    some = (q.weight > 0).any(0)
    mixed = each.masked_fill(~some, 0.0).logsumexp(1)
    prior = -0.5 * (z**2 + LOG_2PI).sum(-1)
    return (mixed - prior) * some
