"""MoPoE: the mixture of the products of every subset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from mmexplore.models.card import MethodCard
from mmexplore.models.generative._variational import Mixture, Terms, Variational, draw_normal
from mmexplore.models.generative.poe import kl_to_prior, product_of_experts
from mmexplore.models.param import Param
from mmexplore.runtime import rng

if TYPE_CHECKING:
    import torch

MOST_SUBSETS = 127  # all of them up to 7 modalities


@dataclass(eq=False, repr=False)
class MoPoE(Variational):
    """q(z | x) = mean over the subsets S of what is present of PoE(S), the prior once in each product.

    The KL is bounded by the mean of the subsets' KLs, each in closed form. A training step takes `draws` subsets an
    item, drawn so that the batch covers them evenly; the bound that `elbo` gives takes them all.
    """

    draws: Annotated[
        int,
        Param(
            "Subsets per step",
            "How many subsets of its modalities are drawn for each item in a training step. More give steadier steps, "
            "and each takes time.",
            low=1,
            high=MOST_SUBSETS,
            why="there are no more subsets",
        ),
    ] = 4

    name = "mopoe"
    card = MethodCard(
        title="Multimodal VAE, mixture of products of experts (MoPoE)",
        summary="Every subset of the modalities forms a joint opinion (their product); the mixture of all these is "
        "trained to rebuild everything, so that any subset alone can.",
        equation=r"q(z\mid x) = \frac{1}{2^{|A|}-1}\sum_{\emptyset\neq S\subseteq A} q_S,\quad "
        r"q_S \propto \mathcal{N}(z;0,I)\prod_{m\in S}\mathcal{N}(z;\mu_m,\sigma_m^2),\quad "
        r"\mathcal{L} = -\frac{1}{2^{|A|}-1}\sum_S \mathbb{E}_{q_S}\sum_{n\in A}\lambda_n\log p(x_n\mid z) - "
        r"\beta\,\mathrm{KL}(q_S\Vert\mathcal{N}(0,I))",
        paper="Sutter 2021, Generalized Multimodal ELBO",
        look_for="Between the product's sharp codes and the mixture's robust ones. What only one modality knows is "
        "blurred, as in every mixture. Labels are predicted by a regression on the codes, which never saw them in "
        "training.",
        missing="The code is the mean over the subsets of what is present. Nothing present: the prior's mean (the zero "
        "vector). Above 7 modalities the mixture has 127 subsets: each alone, all, and others drawn once.",
    )

    def terms(
        self, mu: torch.Tensor, log_var: torch.Tensor, present: torch.Tensor, generator: torch.Generator
    ) -> Terms:
        members, inside = within(present)
        chosen = members[stratified_choice(inside, self.draws, generator)]  # [T, B, M]
        mean, joint_log_var = product_of_experts(mu, log_var, chosen & present)
        noise = draw_normal((self.draws, len(present), mu.shape[2]), mean, generator)
        weight = (present.any(1) / self.draws).to(mu.dtype).expand(self.draws, len(present))
        counted = present.expand(self.draws, *present.shape)
        return Terms(mean + (0.5 * joint_log_var).exp() * noise, kl_to_prior(mean, joint_log_var), counted, weight)

    def mixture(self, mu: torch.Tensor, log_var: torch.Tensor, present: torch.Tensor) -> Mixture:
        members, inside = within(present)
        mean, joint_log_var = product_of_experts(mu, log_var, members[:, None] & present)
        weight = inside / inside.sum(0).clamp(min=1)
        return Mixture(mean, joint_log_var, weight.to(mu.dtype))


def within(present: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(the subsets, bool [K, M]; which of them lie within what is present [B, M], bool [K, B])."""
    import torch

    members = torch.as_tensor(subsets(present.shape[1]), device=present.device)
    return members, (present | ~members[:, None]).all(-1) & present.any(1)


def subsets(n_modalities: int) -> np.ndarray:
    """bool [K, M]: the non-empty subsets; above `MOST_SUBSETS` each alone, all together, and others drawn once."""
    if 2**n_modalities - 1 <= MOST_SUBSETS:
        numbers = np.arange(1, 2**n_modalities)
        return (numbers[:, None] >> np.arange(n_modalities)) % 2 == 1
    drawn = rng(0).random((4 * MOST_SUBSETS, n_modalities)) < 0.5
    drawn = drawn[drawn.any(1)]
    listed = np.concatenate([np.eye(n_modalities, dtype=bool), np.ones((1, n_modalities), bool), drawn])
    _, first = np.unique(listed, axis=0, return_index=True)
    return listed[np.sort(first)][: max(MOST_SUBSETS, n_modalities + 1)]


def stratified_choice(allowed: torch.Tensor, draws: int, generator: torch.Generator) -> torch.Tensor:
    """An allowed component for each draw and row, int64 [T, B], uniform over the row's own.

    The T B uniform numbers are a shuffled stratified sample, so that the batch covers the components evenly and no
    stretch of it gets one component (as the official code has it).

    Args:
        allowed: bool [K, B]; a row without any gets component 0.
    """
    import torch

    n = draws * allowed.shape[1]
    spread = torch.randperm(n, generator=generator) + torch.rand(n, generator=generator)
    uniform = (spread / n).reshape(draws, -1).to(allowed.device)
    count = allowed.sum(0)
    wanted = torch.minimum((uniform * count).long(), (count - 1).clamp(min=0))  # the wanted-th allowed one
    order = allowed.cumsum(0) - 1  # [K, B]: which of the allowed ones a component is
    match = (order[:, None] == wanted) & allowed[:, None]  # [K, T, B]
    return match.to(torch.uint8).argmax(0)
