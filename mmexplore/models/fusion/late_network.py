"""A small network over what the experts say: late fusion that can learn when to trust whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mmexplore.models.card import MethodCard
from mmexplore.models.estimator import OnEpoch
from mmexplore.models.experts.experts import log_softmax
from mmexplore.models.experts.held_out import HeldOutExperts, draw_folds
from mmexplore.models.fusion.late import LateFusion
from mmexplore.models.training import build_module, fit_module
from mmexplore.models.training_settings import Epochs, HiddenWidth, LearningRate, ModalityDropout, Patience, WeightDecay

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(eq=False, repr=False)
class LateNetworkFusion(LateFusion):
    """z = a([evidence of each expert; presence]) added to the plain product, fitted on what experts say held out."""

    hidden: HiddenWidth = 32
    modality_dropout: ModalityDropout = 0.5
    epochs: Epochs = 100
    lr: LearningRate = 2e-3
    weight_decay: WeightDecay = 1e-2
    patience: Patience = 10

    name = "late-network"
    card = MethodCard(
        title="Network over experts (stacking)",
        summary="One classifier for each modality, and a small network that reads all their answers and gives its own.",
        equation=r"e_m = \pi_m\,(\log p_m - \log \pi),\qquad \log p(y \mid x) = \log \pi + \sum_m b_m e_m + "
        r"a([e_1;\dots;e_M;\pi_1 \dots \pi_M])_y + \text{const}",
        paper="Wolpert 1992, Stacked Generalization",
        look_for="Does it beat the product? It can only where one expert's answer says how far another is to be "
        "trusted. It has no weights of its own: look at the measured contributions.",
        missing="An absent expert is silent and a presence bit says so; trained with experts hidden at random. "
        "Nothing present: the class shares of the train rows (the mean, for numbers).",
    )

    def fit_rule(
        self,
        held_out: HeldOutExperts,
        present: np.ndarray,
        y: np.ndarray,
        groups: np.ndarray,
        on_epoch: OnEpoch | None,
        seed: int,
    ) -> pd.DataFrame:
        import torch
        from torch.nn import functional as F

        from mmexplore.models.networks.net import drop_modalities

        self._shape = held_out.said.shape[1:]
        self.spread_ = float(np.std(y)) or 1.0
        self.net_ = build_module(self._build, seed)
        where = next(self.net_.parameters()).device
        said = torch.as_tensor(self._evidence(held_out.said, present), device=where)
        there = torch.as_tensor(present, device=where)
        classes = self.objective_ == "classification"
        scaled = y if classes else ((y - self.prior_[0]) / self.spread_).astype(np.float32)
        target = torch.as_tensor(scaled, device=where)
        generator = torch.Generator().manual_seed(seed)

        def step(rows: torch.Tensor, train: bool) -> dict[str, torch.Tensor]:
            shown = drop_modalities(there[rows], self.modality_dropout, generator) if train else there[rows]
            answer = self._forward(said[rows] * shown[..., None], shown)
            if not classes:
                return {"loss": F.mse_loss(answer[:, 0], target[rows])}
            right = (answer.argmax(1) == target[rows]).float().mean()
            return {"loss": F.cross_entropy(answer, target[rows]), "accuracy": right}

        folds = draw_folds(groups, y if classes else np.zeros(len(y), int), 5, seed)
        batch = min(64, max(8, len(y) // 8))
        return fit_module(
            self.net_,
            step,
            np.flatnonzero(folds > 0),
            np.flatnonzero(folds == 0),
            epochs=self.epochs,
            batch_size=batch,
            lr=self.lr,
            weight_decay=self.weight_decay,
            patience=self.patience,
            seed=seed,
            on_epoch=on_epoch,
        )

    def rule(self, said: np.ndarray, present: np.ndarray) -> np.ndarray:
        import torch

        where = next(self.net_.parameters()).device
        with torch.no_grad():
            evidence = torch.as_tensor(self._evidence(said, present), device=where)
            answer = self._forward(evidence, torch.as_tensor(present, device=where)).cpu().numpy().astype(np.float64)
        if self.objective_ == "regression":
            return answer * self.spread_ + self.prior_
        return log_softmax(answer)

    def _evidence(self, said: np.ndarray, present: np.ndarray) -> np.ndarray:
        """What each expert adds to what is known without it, float32 [N, M, C]; zero where absent."""
        scale = 1.0 if self.objective_ == "classification" else self.spread_
        return ((said - self.prior_) / scale * present[:, :, None]).astype(np.float32)

    def _build(self) -> nn.ModuleDict:
        import torch
        from torch import nn

        m, c = self._shape
        start = 1.0 if self.objective_ == "classification" else 1.0 / m
        last = nn.Linear(self.hidden, c)
        with torch.no_grad():
            last.weight.mul_(0.1)  # starts close to the plain product
        reader = nn.Sequential(nn.Linear(m * (c + 1), self.hidden), nn.GELU(), last)
        strength = nn.ParameterDict({"b": nn.Parameter(torch.full((m,), start))})
        return nn.ModuleDict({"strength": strength, "reader": reader})

    def _forward(self, evidence: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        import torch

        net: Any = self.net_
        plain = (evidence * net["strength"]["b"][:, None]).sum(1)
        if self.objective_ == "classification":
            plain = plain + torch.as_tensor(self.prior_, dtype=plain.dtype, device=plain.device)
        return plain + net["reader"](torch.cat([evidence.flatten(1), present.to(evidence.dtype)], dim=1))

    def rule_state(self) -> dict[str, np.ndarray]:
        arrays = {f"net.{k}": v.detach().cpu().numpy() for k, v in self.net_.state_dict().items()}
        return arrays | {"shape": np.array(self._shape), "spread": np.array([self.spread_])}

    def restore_rule(self, arrays: dict[str, np.ndarray]) -> None:
        import torch

        self._shape = tuple(int(n) for n in arrays["shape"])
        self.spread_ = float(arrays["spread"][0])
        self.net_ = build_module(self._build, 0)
        tensors = {k.removeprefix("net."): torch.as_tensor(v) for k, v in arrays.items() if k.startswith("net.")}
        self.net_.load_state_dict(tensors)
        self.net_.eval()
