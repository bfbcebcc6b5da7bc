"""The base of the multimodal variational autoencoders: a Gaussian a modality, a joint posterior, a bound."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.generative.base import Generative
from mmexplore.models.generative.poe import LOG_2PI, kl_to_prior, product_of_experts
from mmexplore.models.param import Param
from mmexplore.runtime import rng

if TYPE_CHECKING:
    import torch

    from mmexplore.models.generative._net import VariationalNet

FEW = 128  # rows whose bound is taken at once


class Mixture(NamedTuple):
    """K Gaussians an item: mu, log_var [K, B, L], weight [K, B], which sums to 1 (to 0 where nothing is present)."""

    mu: torch.Tensor
    log_var: torch.Tensor
    weight: torch.Tensor


class Terms(NamedTuple):
    """What one training step averages: T codes an item, each with what it must rebuild and what it costs.

    z: [T, B, L].  kl: [T, B].  counted: bool [T, B, M], modalities to be rebuilt.  weight: [T, B].
    """

    z: torch.Tensor
    kl: torch.Tensor
    counted: torch.Tensor
    weight: torch.Tensor


@dataclass(eq=False, repr=False)
class Variational(Generative):
    """p(z) = N(0, I), p(x_m | z) = N(D_m(z), s_m^2 I) with s_m learned, q(z | x) made of one Gaussian a modality.

    With `rescale` each likelihood is weighted by d_max / d_m in training.
    """

    beta: Annotated[
        float,
        Param(
            "Weight of the KL term (beta)",
            "How strongly the codes are pulled towards the standard normal distribution. Raised, the codes are "
            "smoother and samples better, but rebuilt vectors lose detail; 1 is the bound itself.",
            low=0,
            high=1000,
            why="beyond it every code is the same",
        ),
    ] = 1.0
    warm_up: Annotated[
        int,
        Param(
            "Warm-up epochs",
            "Over how many epochs the KL term grows from 0 to its full weight. A longer warm-up lets the decoders "
            "learn to use the code first; 0 starts at full weight.",
            low=0,
            high=100_000,
        ),
    ] = 10
    rescale: Annotated[
        bool,
        Param(
            "Balance the widths",
            "Let each modality count alike in training, however many numbers its vectors have. Switched off, the "
            "widest modality counts most.",
        ),
    ] = True

    family = "variational autoencoder"
    prior_expert: ClassVar[bool] = True  # whether the prior takes part in each posterior's product

    # -- what a method adds ------------------------------------------------------
    @abstractmethod
    def terms(
        self, mu: torch.Tensor, log_var: torch.Tensor, present: torch.Tensor, generator: torch.Generator
    ) -> Terms:
        """The terms of one step from the modalities' own Gaussians, mu and log_var [B, M, L]."""

    @abstractmethod
    def mixture(self, mu: torch.Tensor, log_var: torch.Tensor, present: torch.Tensor) -> Mixture:
        """The joint posterior q(z | x)."""

    def divergence(self, q: Mixture, k: int, z: torch.Tensor) -> torch.Tensor:
        """[B], nats that component k of q costs; z [P, B, L] are points of it. Its own KL from the prior by default."""
        return kl_to_prior(q.mu[k], q.log_var[k])

    # -- generative --------------------------------------------------------------
    def network(self, dims: list[int]) -> VariationalNet:
        from mmexplore.models.generative._net import VariationalNet

        return VariationalNet(dims, self.hidden, self.latent)

    def losses(
        self, xs: list[torch.Tensor], present: torch.Tensor, progress: float | None, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        mu, log_var = self.net_.experts(xs)
        terms = self.terms(mu, log_var, present, generator)
        errors = self.net_.errors(terms.z, xs, terms.counted)
        widths = errors.new_tensor(self.net_.dims)
        likelihood = self.log_likelihood(errors, terms.counted)
        if self.rescale:
            likelihood = likelihood * (widths.max() / widths)
        warmth = 1.0 if progress is None else min(1.0, progress / max(self.warm_up, 1e-9))
        bound = (terms.weight * (likelihood.sum(-1) - self.beta * warmth * terms.kl)).sum(0)
        answer = {"loss": -bound.mean() / widths.sum()}  # nats a number, so that curves of other data look alike
        own = kl_to_prior(*product_of_experts(mu[:, :, None], log_var[:, :, None], present[..., None], prior=True))
        share = terms.weight[..., None] * terms.counted
        for j, name in enumerate(self.standard_.names):
            rebuilt = (share[..., j] * errors[..., j]).sum() / share[..., j].sum().clamp(min=1e-9)
            answer[f"squared loss/{name}"] = rebuilt / widths[j]
            answer[f"KL loss/{name}"] = own[:, j].sum() / present[:, j].sum().clamp(min=1)
        return answer

    def log_likelihood(self, errors: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
        """Squared errors [..., M] -> log p(x_m | z) in nats, zero where not counted."""
        from mmexplore.models.generative._net import LEAST_LOG_NOISE

        log_noise = self.net_.log_noise.clamp(min=LEAST_LOG_NOISE)
        widths = errors.new_tensor(self.net_.dims)
        return -0.5 * (errors * (-log_noise).exp() + widths * (log_noise + LOG_2PI)) * counted

    def codes(self, xs: list[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
        return self._moments(xs, present)[0]

    def posterior(self, embeddings: Embeddings) -> tuple[np.ndarray, np.ndarray]:
        """Mean (the fused vector) and variance of q(z | what is present), float32 [N, latent] each."""
        both = self._run(embeddings, lambda xs, present: self._moments(xs, present)[2])
        return both[:, : self.latent], both[:, self.latent :]

    def bounds(self, xs: list[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
        """sum_k w_k (E_k log p(x | z) - divergence_k).

        The expectations are taken at the points of a spherical cubature rule (Arasaratnam & Haykin 2009), mu plus and
        minus sqrt(L) sigma along L rotated axes: exact for linear decoders, and the same for every row. A mixture of K
        shares the axes out among its components.
        """
        import torch

        parts = [
            self._bound([x[i : i + FEW] for x in xs], present[i : i + FEW]) for i in range(0, max(1, len(present)), FEW)
        ]
        return torch.cat(parts)

    def _bound(self, xs: list[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
        import torch

        mu, log_var = self.net_.experts(xs)
        q = self.mixture(mu, log_var, present)
        n_components = len(q.mu)
        per_component = -(-self.latent // n_components)
        axes = q.mu.new_tensor(cubature_axes(self.latent))
        total = q.mu.new_zeros(len(present))
        for k in range(n_components):
            chosen = axes[torch.arange(k * per_component, (k + 1) * per_component) % self.latent]
            steps = torch.cat([chosen, -chosen])[:, None]
            z = q.mu[k] + (0.5 * q.log_var[k]).exp() * steps
            counted = (present & (q.weight[k] > 0)[:, None]).expand(len(z), *present.shape)
            likelihood = self.log_likelihood(self.net_.errors(z, xs, counted), counted).sum(-1).mean(0)
            total = total + q.weight[k] * (likelihood - self.divergence(q, k, z))
        return total

    def _moments(
        self, xs: list[torch.Tensor], present: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Mean [B, L], variance [B, L] and both side by side; nothing present = the prior's 0 and 1."""
        import torch

        mu, log_var = self.net_.experts(xs)
        q = self.mixture(mu, log_var, present)
        weight = q.weight[..., None]
        mean = (weight * q.mu).sum(0)
        variance = (weight * (q.log_var.exp() + (q.mu - mean) ** 2)).sum(0) + (1 - weight.sum(0)).clamp(min=0)
        return mean, variance, torch.cat([mean, variance], dim=1)


def draw_normal(shape: tuple[int, ...], like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """N(0, 1) numbers drawn on the CPU (the same on every device), beside `like`."""
    import torch

    return torch.randn(shape, generator=generator).to(like)


def cubature_axes(latent: int) -> np.ndarray:
    """float64 [L, L]: L orthogonal vectors of length sqrt(L), rotated at random (always the same way)."""
    q, _ = np.linalg.qr(rng(0).standard_normal((latent, latent)))
    return q.T * np.sqrt(latent)
