"""Deep CCA: a small network a modality, bent until their outputs correlate."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import held_out_rows
from mmexplore.models.alignment.heads import Net, TrainedAlignment
from mmexplore.models.alignment.linear import Scale, component_correlations
from mmexplore.models.alignment.mcca import MultisetCCA
from mmexplore.models.card import MethodCard
from mmexplore.models.param import Param
from mmexplore.models.training_settings import WIDEST
from mmexplore.runtime import RandomState

if TYPE_CHECKING:
    import torch


def ey_loss(codes: list[torch.Tensor], present: torch.Tensor, independent: bool) -> torch.Tensor:
    """Eckart-Young loss of CCA (Chapman 2024): -2 tr C + <V, V'>, C = sum_{i != j} Cov(z_i, z_j), V = sum_i Var(z_i).

    For linear z_i its minimum is -sum_k lambda_k^2 over the top K eigenvalues of multiset CCA (canonical correlations
    where M = 2), and no matrix has to be inverted: it works in mini-batches, where Andrew's trace norm does not.

    Args:
        codes: M of float [B, K].  present: bool [B, M]; each covariance takes the rows that have what it needs.
        independent: take V and V' from the two halves of the batch, so that a mini-batch's <V, V'> is right on average.
    """
    import torch

    half = len(present) // 2
    parts = [slice(0, half), slice(half, None)] if independent and half > 1 else [slice(None), slice(None)]
    within = [[_covariance(z[p], z[p], present[p, i]) for i, z in enumerate(codes)] for p in parts]
    variances = [torch.stack(v).sum(dim=0) for v in within]
    pairs = combinations(range(len(codes)), 2)
    between = [_covariance(codes[i], codes[j], present[:, i] & present[:, j]).trace() for i, j in pairs]
    agreement = torch.stack(between).sum()
    return -4 * agreement + (variances[0] * variances[1]).sum()


def _covariance(a: torch.Tensor, b: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """[K, K] over `rows` (bool [B]); zero with fewer than two."""
    a, b = a[rows], b[rows]
    if len(a) < 2:
        return a.sum() * 0 + a.new_zeros(a.shape[1], b.shape[1])
    return (a - a.mean(0)).T @ (b - b.mean(0)) / (len(a) - 1)


class DeepCCA(TrainedAlignment):
    """Networks trained by the Eckart-Young loss, then linear multiset CCA of their outputs on the fitted rows.

    `hidden=0` makes the networks linear: then it finds what CCA finds.

    Attributes after `fit`: `post_means_`, `post_maps_` of the linear step; `correlations_` on the `test` rows (else
    `val`, else the rows it was stopped on); `train_correlations_`.
    """

    name = "deep-cca"
    card = MethodCard(
        title="Deep CCA",
        summary="CCA whose directions may bend: a small network a modality is trained until the outputs of matching "
                "items rise and fall together.",
        equation=r"\min_\theta\; -2\operatorname{tr}\sum_{i\neq j}\operatorname{Cov}(z_i,z_j) + "
                 r"\Big\lVert\sum_i\operatorname{Var}(z_i)\Big\rVert_F^2,\qquad z_i = f_i(x_i;\theta)",
        paper="Andrew 2013, Deep canonical correlation analysis; Chapman 2024, Unconstrained stochastic CCA "
              "(the loss used here)",
        look_for="Its correlations on the fitted pairs are always higher than CCA's; only the held-out ones say "
                 "whether the bend is real. It needs thousands of pairs.",
        missing="Trained with holes: each covariance takes the rows that have what it needs. An absent cell stays "
                "zero.",
    )  # fmt: skip
    n_components: Annotated[
        int,
        Param(
            "Width of the shared space",
            "Numbers in each vector of the shared space. Keep it well below the batch size, from which the covariances "
            "are estimated; more can tell more items apart, and need more pairs.",
            low=1,
            high=WIDEST,
            why="wider layers take gigabytes",
        ),
    ]
    ridge: Annotated[
        float,
        Param(
            "Ridge of the last step",
            "How much the linear CCA of the networks' outputs is held back from trusting chance directions, in units "
            "of the outputs' mean variance. Raise it with few pairs; 0 is plain CCA.",
            low=0,
            why="a negative ridge has no meaning",
        ),
    ]
    scale: Scale
    post_means_: dict[str, np.ndarray]
    post_maps_: dict[str, np.ndarray]

    def __init__(
        self,
        n_components: int = 64,
        hidden: int = 512,
        dropout: float = 0.3,
        ridge: float = 0.1,
        scale: bool = True,
        epochs: int = 60,
        batch_size: int = 512,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        patience: int = 10,
        *,
        random_state: RandomState = 0,
    ) -> None:
        self.n_components = n_components
        self.hidden = hidden
        self.dropout = dropout
        self.ridge = ridge
        self.scale = scale
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.patience = patience
        self.random_state = random_state

    def loss(
        self, net: Net, x: list[torch.Tensor], present: torch.Tensor, groups: torch.Tensor, train: bool
    ) -> dict[str, torch.Tensor]:
        codes = [head(v) for head, v in zip(net.heads, x, strict=True)]
        return {"loss": ey_loss(codes, present, independent=train)}

    def finish(self, embeddings: Embeddings, fitted: np.ndarray, seed: int) -> None:
        codes = replace(embeddings, vectors=super().codes(embeddings))
        solver = MultisetCCA(self.n_components, self.ridge, self.scale)
        self.post_means_, self.post_maps_ = solver.solve(codes, fitted, seed)
        held_out = held_out_rows(embeddings)
        if not held_out.any():
            held_out = ~fitted
        self.train_correlations_ = component_correlations(codes, fitted, self.post_means_, self.post_maps_)
        self.correlations_ = component_correlations(codes, held_out, self.post_means_, self.post_maps_)

    def codes(self, embeddings: Embeddings) -> dict[str, np.ndarray]:
        return {
            m: ((z - self.post_means_[m]) @ self.post_maps_[m]).astype(np.float32)
            for m, z in super().codes(embeddings).items()
        }

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        arrays, about = super().state()
        for j, m in enumerate(self.modalities_):
            arrays |= {f"post_mean.{j}": self.post_means_[m], f"post_map.{j}": self.post_maps_[m]}
        for key in ("correlations_", "train_correlations_"):
            if getattr(self, key) is not None:
                arrays[key] = getattr(self, key)
        return arrays, about

    def restore(self, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> None:
        super().restore(arrays, about)
        self.post_means_ = {m: arrays[f"post_mean.{j}"] for j, m in enumerate(self.modalities_)}
        self.post_maps_ = {m: arrays[f"post_map.{j}"] for j, m in enumerate(self.modalities_)}
        self.correlations_ = arrays.get("correlations_")
        self.train_correlations_ = arrays.get("train_correlations_")
