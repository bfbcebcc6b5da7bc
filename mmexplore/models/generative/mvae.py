"""MVAE: the modalities' Gaussians are multiplied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.card import MethodCard
from mmexplore.models.generative._variational import Mixture, Terms, Variational, draw_normal
from mmexplore.models.generative.poe import kl_to_prior, precision_shares, product_of_experts
from mmexplore.models.param import Param

if TYPE_CHECKING:
    import torch


@dataclass(eq=False, repr=False)
class MVAE(Variational):
    """q(z | x_A) = N(0, I) times the product of q_m(z) over m in A, normalised;
    loss = minus the sum of ELBO(A) over: all that is present, each modality, `random_subsets` random ones.

    Each term rebuilds its own modalities, as in the paper.
    """

    random_subsets: Annotated[
        int,
        Param(
            "Random subsets",
            "How many random subsets of the modalities each training step also learns to rebuild items from. More "
            "train more of the possible subsets, and each takes time.",
            low=0,
            high=64,
        ),
    ] = 2

    name = "mvae"
    gives_weights: ClassVar[bool] = True
    card = MethodCard(
        title="Multimodal VAE, product of experts (MVAE)",
        summary="Each modality says where the hidden cause of the item may lie and how sure it is; multiplying these "
        "opinions gives one sharper opinion, from which every modality is rebuilt.",
        equation=r"q(z\mid x_A) \propto \mathcal{N}(z;0,I)\prod_{m\in A} \mathcal{N}(z;\mu_m,\sigma_m^2),\quad "
        r"\mathrm{ELBO}(A) = \mathbb{E}_q \sum_{m\in A} \lambda_m \log p(x_m\mid z) - "
        r"\beta\,\mathrm{KL}(q \,\Vert\, \mathcal{N}(0,I)),\quad "
        r"\mathcal{L} = -\mathrm{ELBO}(\text{all}) - \sum_m \mathrm{ELBO}(\{m\}) - \sum_k \mathrm{ELBO}(A_k)",
        paper="Wu & Goodman 2018, Multimodal Generative Models for Scalable Weakly-Supervised Learning",
        look_for="Its weights are precision shares: how much of the certainty about the code comes from a modality, "
        "averaged over the code's numbers. An overconfident modality wins the product: compare with its measured "
        "contribution. Labels are predicted by a regression on the codes, which never saw them in training.",
        missing="An absent expert drops out of the product; every subset is a posterior of its own, and single ones "
        "and random ones are trained. Nothing present: the prior (the zero vector) and no weights.",
    )

    def terms(
        self, mu: torch.Tensor, log_var: torch.Tensor, present: torch.Tensor, generator: torch.Generator
    ) -> Terms:
        import torch

        from mmexplore.models.networks.net import drop_modalities

        n, m, latent = mu.shape
        subsets = [present]
        if m > 1:
            subsets += [present & one for one in torch.eye(m, dtype=torch.bool, device=present.device)]
            subsets += [drop_modalities(present, 1.0, generator) for _ in range(self.random_subsets)]
        counted = torch.stack(subsets)
        mean, joint_log_var = product_of_experts(mu, log_var, counted)
        z = mean + (0.5 * joint_log_var).exp() * draw_normal((len(subsets), n, latent), mean, generator)
        return Terms(z, kl_to_prior(mean, joint_log_var), counted, counted.any(-1).to(mean.dtype))

    def mixture(self, mu: torch.Tensor, log_var: torch.Tensor, present: torch.Tensor) -> Mixture:
        mean, joint_log_var = product_of_experts(mu, log_var, present)
        return Mixture(mean[None], joint_log_var[None], present.any(1).to(mean.dtype)[None])

    def modality_weights(self, embeddings: Embeddings) -> np.ndarray | None:
        """float32 [N, M]: share of the experts' precision (the prior left out), averaged over the latent numbers."""
        shares = self._run(embeddings, lambda xs, present: precision_shares(self.net_.experts(xs)[1], present).mean(-1))
        return self.standard_.columns(embeddings, shares)
