"""Multimodal autoencoder: every modality in, one code, every modality out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.card import MethodCard
from mmexplore.models.generative.base import Generative
from mmexplore.models.training_settings import ModalityDropout

if TYPE_CHECKING:
    import torch

    from mmexplore.models.generative._net import GenerativeNet


@dataclass(eq=False, repr=False)
class Autoencoder(Generative):
    """z = mean of E_m(x_m) over present m;  loss = sum over present m of ||x_m - D_m(z)||^2 / d_m.

    In training a share `modality_dropout` of the rows is encoded from a random subset and has to rebuild all of it.
    With `hidden=0` and no dropout it finds the subspace of PCA on the standardised vectors, each divided by sqrt(d_m).
    """

    modality_dropout: ModalityDropout = 0.5

    name = "autoencoder"
    family = "autoencoder"
    elbo_name: ClassVar[str] = "minus the reconstruction loss"
    card = MethodCard(
        title="Multimodal autoencoder",
        summary="Squeezes all modalities of an item into one short code and rebuilds every modality from it; some are "
        "hidden in training, so that any of them can be rebuilt from the others.",
        equation=r"z = \frac{1}{|A|}\sum_{m\in A} E_m(x_m),\quad "
        r"\mathcal{L} = \sum_{m\ \text{present}} \frac{1}{d_m}\,\lVert x_m - D_m(z)\rVert^2,\quad "
        r"A \subseteq \text{present}",
        paper="Ngiam 2011, Multimodal Deep Learning",
        look_for="What one modality alone rebuilds of the others: blurred answers are averages over what would fit. "
        "There is no prior: samples come from a Gaussian fitted to the codes of the train rows. Labels are predicted "
        "by a regression on the codes, which never saw them in training.",
        missing="The code is the mean over what is present; trained with modalities hidden at random. Nothing present: "
        "the mean code of the train rows.",
    )

    def network(self, dims: list[int]) -> GenerativeNet:
        from mmexplore.models.generative._net import GenerativeNet

        return GenerativeNet(dims, self.hidden, self.latent, self.latent)

    def losses(
        self, xs: list[torch.Tensor], present: torch.Tensor, progress: float | None, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        from mmexplore.models.networks.net import drop_modalities

        shown = present if progress is None else drop_modalities(present, self.modality_dropout, generator)
        errors = self._errors(self._mean(xs, shown), xs, present)
        each = errors.sum(0) / present.sum(0).clamp(min=1)
        curves = {f"loss/{m}": each[j] for j, m in enumerate(self.standard_.names)}
        return {"loss": errors.sum(1).mean()} | curves

    def codes(self, xs: list[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
        import torch

        neutral = torch.as_tensor(self.code_mean_, device=present.device)
        return torch.where(present.any(1, keepdim=True), self._mean(xs, present), neutral)

    def bounds(self, xs: list[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
        return -self._errors(self.codes(xs, present), xs, present).sum(1)

    def settle(self, embeddings: Embeddings, rows: np.ndarray) -> None:
        self.code_mean_ = np.zeros(self.latent, np.float32)
        codes = self.transform(embeddings.take(rows)).astype(np.float64)
        self.code_mean_ = codes.mean(0).astype(np.float32)
        values, axes = np.linalg.eigh(np.atleast_2d(np.cov(codes.T, bias=True)))
        self.code_root_ = (axes * np.sqrt(np.maximum(values, 0))).astype(np.float32)

    def draw_codes(self, n: int, random: np.random.Generator) -> np.ndarray:
        """[n, latent] from the Gaussian with the mean and covariance of the train rows' codes."""
        return self.code_mean_ + super().draw_codes(n, random) @ self.code_root_.T

    def elbo(self, embeddings: Embeddings) -> np.ndarray:
        """float32 [N]: minus the reconstruction loss of what is present (no bound: an autoencoder has no density)."""
        return super().elbo(embeddings)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        arrays, about = super().state()
        return arrays | {"code.mean": self.code_mean_, "code.root": self.code_root_}, about

    def restore(self, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> None:
        super().restore(arrays, about)
        self.code_mean_, self.code_root_ = arrays["code.mean"], arrays["code.root"]

    # -- inside ------------------------------------------------------------------
    def _mean(self, xs: list[torch.Tensor], shown: torch.Tensor) -> torch.Tensor:
        """Mean code of what is shown; zero where nothing is."""
        parts = self.net_.encode(xs) * shown[..., None]
        return parts.sum(1) / shown.sum(1, keepdim=True).clamp(min=1)

    def _errors(self, z: torch.Tensor, xs: list[torch.Tensor], counted: torch.Tensor) -> torch.Tensor:
        """[B, M]: mean squared error of a number of each modality, zero where not counted."""
        return self.net_.errors(z, xs, counted) / z.new_tensor(self.net_.dims)
