"""The base of every fusion that is trained by gradient: a method adds its layers and how it combines the parts."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import pandas as pd

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.models.estimator import OnEpoch
from mmexplore.models.fusion.base import Fusion
from mmexplore.models.param import Param
from mmexplore.models.standardise import Standard, fit_standard
from mmexplore.models.targets import read_targets
from mmexplore.models.training import build_module, fit_and_give_back, fit_module, hold_out
from mmexplore.models.training_settings import (
    WIDEST,
    BatchSize,
    Epochs,
    LearningRate,
    ModalityDropout,
    Patience,
    WeightDecay,
)

if TYPE_CHECKING:
    import torch
    from torch import nn

    from mmexplore.models.networks.net import Combined, FusionNet

CHUNK = 4096  # rows fused at once: bounds memory
FEW = 3000  # below so many train rows the held-out part is missed: fitted again on all of them, for the best epochs


@dataclass(eq=False, repr=False)
class TorchFusion(Fusion):
    """x_m -> standardised -> part P_m x_m (`width` numbers) -> `combine` -> fused vector -> head.

    A row with nothing present gives the zero vector. In training a share `modality_dropout` of the rows is shown with
    a random subset of its modalities, so that every subset has been seen. Below `FEW` train rows, and without `val`
    rows in the data, the held-out rows only choose how many epochs: the network is then fitted anew on all train rows.
    """

    width: Annotated[
        int,
        Param(
            "Width",
            "Numbers that each modality is projected to before the modalities are fused. More can hold more detail, "
            "and need more items to learn from.",
            low=1,
            high=WIDEST,
            why="wider layers take gigabytes",
        ),
    ] = 64
    modality_dropout: ModalityDropout = 0.5
    unimodal_weight: Annotated[
        float,
        Param(
            "Weight of unimodal losses",
            "How much the loss of each modality alone counts beside the loss of the fused vector. Above 0 every "
            "modality has a head of its own, so that none is ignored while another does the work; 0 leaves them out.",
            low=0,
            high=100,
            why="beyond it the fused vector hardly counts",
        ),
    ] = 0.0
    epochs: Epochs = 60
    batch_size: BatchSize = 64
    lr: LearningRate = 2e-3
    weight_decay: WeightDecay = 1e-2
    patience: Patience = 10

    handles_missing: ClassVar[bool] = True
    stops_early: ClassVar[bool] = True
    adds_up: ClassVar[bool] = False  # True where the fused vector is a sum of one addend a modality

    # -- what a method adds ------------------------------------------------------
    @abstractmethod
    def layers(self, n_modalities: int) -> nn.ModuleDict:
        """The method's own trained layers."""

    @abstractmethod
    def combine(self, layers: Any, parts: torch.Tensor, present: torch.Tensor) -> Combined:
        """parts [B, M, width] (zero where absent), present bool [B, M] -> Combined."""

    def check(self, n_modalities: int) -> None:
        """Raise UserError where the method cannot take so many modalities."""

    # -- the contract ------------------------------------------------------------
    def _fit(self, embeddings: Embeddings, on_epoch: OnEpoch | None, seed: int) -> None:
        import torch

        from mmexplore.models.networks.objectives import Batch, Losses

        objective = self.chosen_objective(embeddings)
        targets = read_targets(embeddings, objective)
        train, val = hold_out(embeddings, targets.usable & embeddings.mask.any(1), seed=seed)
        if len(train) == 0:
            raise UserError(
                "no train row has a modality and what the objective needs", "fuse", "check the split and the labels"
            )
        self.modalities_, self.dims_ = embeddings.modalities, embeddings.dims
        self.objective_, self.classes_ = objective, targets.classes
        self.standard_ = fit_standard(embeddings, train)
        self.check(len(self.modalities_))
        self.target_mean_, self.target_spread_ = targets.scale(train)

        xs, present = self.standard_.tensors(embeddings)
        target = torch.as_tensor(targets.encode(self.target_mean_, self.target_spread_), device=present.device)

        def train_net(train: np.ndarray, val: np.ndarray, epochs: int, hear: OnEpoch | None) -> pd.DataFrame:
            generator = torch.Generator().manual_seed(seed)
            names = self.standard_.names
            losses = Losses(objective, names, self.modality_dropout, self.unimodal_weight, generator)

            def step(rows: torch.Tensor, train_now: bool) -> dict[str, torch.Tensor]:
                batch = Batch([x[rows] for x in xs], present[rows], target[rows])
                return losses(self.net_, batch, train_now)

            self.net_ = build_module(self._build, seed)
            size = self._batch_size(len(train))
            return fit_module(
                self.net_, step, train, val, epochs=epochs, batch_size=size, lr=self.lr,
                weight_decay=self.weight_decay, patience=self.patience, seed=seed, on_epoch=hear
            )  # fmt: skip

        self.history_, _ = fit_and_give_back(train_net, embeddings, train, val, self.epochs, on_epoch, FEW)

    def transform(self, embeddings: Embeddings) -> np.ndarray:
        return self._run(embeddings, lambda net, xs, present: net(xs, present).fused)

    def answers(self, embeddings: Embeddings) -> np.ndarray | None:
        if self.objective_ == "classification":
            return self._run(embeddings, lambda net, xs, present: self.logits(net, xs, present).softmax(1))
        if self.objective_ == "regression":
            values = self._run(embeddings, lambda net, xs, present: self.logits(net, xs, present))[:, 0]
            return values * self.target_spread_ + self.target_mean_
        return None

    def logits(self, net: FusionNet, xs: list[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
        """The head's answer, [B, C] or [B, 1]."""
        return net.head(net(xs, present).fused)

    def modality_weights(self, embeddings: Embeddings) -> np.ndarray | None:
        if not self.gives_weights:
            return None
        return self.standard_.columns(
            embeddings, self._run(embeddings, lambda net, xs, present: net(xs, present).weights)
        )

    def contribution_norms(self, embeddings: Embeddings) -> np.ndarray | None:
        if not self.adds_up:
            return None
        norms = self._run(embeddings, lambda net, xs, present: net(xs, present).addends.norm(dim=2))
        total = norms.sum(1, keepdims=True)
        return self.standard_.columns(embeddings, np.divide(norms, total, out=np.zeros_like(norms), where=total > 0))

    def reconstruct(self, embeddings: Embeddings) -> dict[str, np.ndarray]:
        """Every modality from what is present, in its own units (only after fitting with `reconstruction`)."""
        if self.objective_ != "reconstruction":
            raise UserError(
                "it was not fitted to reconstruct", f"fusion {self.name}", "fit it with the objective `reconstruction`"
            )
        standard, answer = self.standard_, {}
        for j, name in enumerate(standard.names):
            x = self._run(embeddings, lambda net, xs, present, j=j: net.head.maps[j](net(xs, present).fused))
            answer[name] = standard.undo(j, x)
        return answer

    # -- saved state -------------------------------------------------------------
    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        if "net_" in vars(self):
            weights = {k: v.detach().cpu().numpy() for k, v in self.net_.state_dict().items()}
        else:  # restored and not asked yet
            weights = dict(self._saved)
        arrays = {f"net.{k}": v for k, v in weights.items()}
        scale = {"target_mean": self.target_mean_, "target_spread": self.target_spread_}
        return arrays | self.standard_.arrays(), self.target_state() | scale

    def restore(self, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> None:
        self.restore_target(about)
        self.target_mean_, self.target_spread_ = about["target_mean"], about["target_spread"]
        self.standard_ = Standard.from_arrays(self.dims_, arrays)
        self._saved = {k.removeprefix("net."): v for k, v in arrays.items() if k.startswith("net.")}
        self.__dict__.pop("net_", None)

    def __getattr__(self, name: str) -> Any:
        """The net of a restored fusion is built when first asked for: opening a workspace does not wait for torch."""
        if name != "net_" or "_saved" not in vars(self):
            return super().__getattr__(name)
        import torch

        try:
            net = build_module(self._build, 0)
            net.load_state_dict({k: torch.tensor(v) for k, v in self._saved.items()})
        except (RuntimeError, TypeError, ValueError) as error:
            misfit = "its saved numbers do not fit its settings"
            raise UserError(misfit, f"fusion {self.name}", "fit it again") from error
        self.net_ = net.eval()
        return self.net_

    # -- inside ------------------------------------------------------------------
    def _build(self) -> FusionNet:
        from mmexplore.models.networks.net import FusionNet
        from mmexplore.models.networks.objectives import make_head

        dims = self.standard_.dims
        head = make_head(self.objective_, 0 if self.classes_ is None else len(self.classes_), dims)
        return FusionNet(dims, self.width, self.layers(len(dims)), self.combine, head, self.unimodal_weight > 0)

    def _batch_size(self, n_train: int) -> int:
        """Smaller batches where rows are few, so that an epoch has some steps; contrastive needs its negatives."""
        if self.objective_ == "contrastive":
            return min(max(self.batch_size, 128), max(32, n_train // 4))
        return min(self.batch_size, max(8, n_train // 8))

    def _run(self, embeddings: Embeddings, ask: Any) -> np.ndarray:
        """`ask(net, xs, present)` over all rows, a chunk at a time; float32 [N, ...]."""
        return self.standard_.in_chunks(embeddings, lambda xs, present: ask(self.net_, xs, present), CHUNK)
