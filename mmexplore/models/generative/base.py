"""What a generative model is: a fusion that can also rebuild every modality from any subset, and draw new items."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import pandas as pd

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import train_rows
from mmexplore.errors import UserError
from mmexplore.models.estimator import OnEpoch
from mmexplore.models.experts.experts import Expert, log_softmax
from mmexplore.models.fusion.base import Fusion
from mmexplore.models.generative._head import fit_head
from mmexplore.models.param import Param
from mmexplore.models.standardise import Standard, fit_standard
from mmexplore.models.targets import read_targets
from mmexplore.models.training import build_module, fit_and_give_back, fit_module, hold_out
from mmexplore.models.training_settings import (
    WIDEST,
    BatchSize,
    Epochs,
    HiddenWidthOrLinear,
    LearningRate,
    Patience,
    WeightDecay,
)
from mmexplore.runtime import device, repeatable_torch, rng

if TYPE_CHECKING:
    import torch

    from mmexplore.models.generative._net import GenerativeNet

CHUNK = 1024  # rows at once: bounds memory
FEW = 1000  # below so many train rows the held-out part is missed: fitted again on all of them, for the best epochs


@dataclass(eq=False, repr=False)
class Generative(Fusion):
    """x_m -> standardised -> encoder -> one code z (the fused vector) -> decoders -> every x_m.

    Trained on its own generative loss, on all train rows, whatever the objective. For `classification` and
    `regression` a logistic (ridge) regression on the codes of the labelled train rows then gives the answers.
    Below `FEW` train rows, and without `val` rows in the data, the held-out rows only choose how many epochs: the
    network is then fitted anew on all train rows.
    """

    latent: Annotated[
        int,
        Param(
            "Code width",
            "Numbers in the code that each item is squeezed into. A wider code rebuilds more detail; a narrower one "
            "keeps what the modalities share.",
            low=1,
            high=WIDEST,
            why="wider layers take gigabytes",
        ),
    ] = 32
    hidden: HiddenWidthOrLinear = 128
    epochs: Epochs = 80
    batch_size: BatchSize = 128
    lr: LearningRate = 2e-3
    weight_decay: WeightDecay = 1e-2
    patience: Patience = 15

    reconstructs: ClassVar[bool] = True
    handles_missing: ClassVar[bool] = True
    stops_early: ClassVar[bool] = True
    elbo_name: ClassVar[str] = "ELBO (nats)"  # what `elbo` is to be called before people

    # -- what a method adds ------------------------------------------------------
    @abstractmethod
    def network(self, dims: list[int]) -> GenerativeNet:
        """The untrained network."""

    @abstractmethod
    def losses(
        self, xs: list[torch.Tensor], present: torch.Tensor, progress: float | None, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """One step's {"loss": ..., curves}; progress = epochs trained so far, None where it only judges."""

    @abstractmethod
    def codes(self, xs: list[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
        """[B, latent]: the mean of what is known about the code."""

    @abstractmethod
    def bounds(self, xs: list[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
        """[B]: see `elbo`."""

    def settle(self, embeddings: Embeddings, rows: np.ndarray) -> None:
        """Whatever is still to be fitted once the network is trained on `rows`."""

    def draw_codes(self, n: int, random: np.random.Generator) -> np.ndarray:
        """[n, latent] from the prior N(0, I)."""
        return random.standard_normal((n, self.latent))

    # -- the contract ------------------------------------------------------------
    def _fit(self, embeddings: Embeddings, on_epoch: OnEpoch | None, seed: int) -> None:
        objective = self.chosen_objective(embeddings)
        targets, some = read_targets(embeddings, objective), np.asarray(embeddings.mask.any(1))
        answered = np.flatnonzero(targets.usable & train_rows(embeddings) & some)
        train, val = hold_out(embeddings, some, seed=seed)
        if len(answered) == 0 or len(train) == 0:
            raise UserError(
                "no train row has a modality and what the objective needs", "fuse", "check the split and the labels"
            )
        self.modalities_, self.dims_ = embeddings.modalities, embeddings.dims
        self.objective_, self.classes_ = objective, targets.classes
        self.standard_ = fit_standard(embeddings, train)

        def train_net(rows: np.ndarray, held_out: np.ndarray, epochs: int, hear: OnEpoch | None) -> pd.DataFrame:
            return self._train(embeddings, rows, held_out, epochs, hear, seed)

        self.history_, train = fit_and_give_back(train_net, embeddings, train, val, self.epochs, on_epoch, FEW)
        self.settle(embeddings, train)
        predicts = objective in ("classification", "regression")
        self.head_ = fit_head(self.transform, embeddings, targets, answered, seed) if predicts else None

    def transform(self, embeddings: Embeddings) -> np.ndarray:
        return self._run(embeddings, self.codes)

    def answers(self, embeddings: Embeddings) -> np.ndarray | None:
        if self.head_ is None:
            return None
        scores = self.head_.scores(self.transform(embeddings))
        return np.exp(log_softmax(scores)) if self.objective_ == "classification" else scores[:, 0]

    def reconstruct(self, embeddings: Embeddings, given: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        """Every fitted modality, float32 [N, d_m] in its own units, from what is present of `given`.

        Args:
            given: the modalities it may look at; None = all. A row in which none of them is present gives the answer
                to "nothing is known".
        """
        given = embeddings.modalities if given is None else given
        unknown = [m for m in given if m not in embeddings.vectors]
        if unknown or not given:
            raise UserError(
                f"there is no modality {', '.join(map(repr, unknown))}" if unknown else "no modality was named",
                f"reconstruct with {self.name}",
                f"choose among {', '.join(embeddings.modalities)}",
            )
        return self.decode(self.transform(embeddings.only(given)))

    def decode(self, codes: np.ndarray) -> dict[str, np.ndarray]:
        """Codes [N, latent] -> every modality, float32 [N, d_m] in its own units (the decoders' means)."""
        import torch

        standard, answer = self.standard_, {}
        z = torch.as_tensor(np.asarray(codes, np.float32), device=device())
        for j, (name, decoder) in enumerate(zip(standard.names, self.net_.decoders, strict=True)):
            with repeatable_torch(), torch.no_grad():
                x = [decoder(part).cpu().numpy() for part in z.split(CHUNK)]
            answer[name] = standard.undo(j, np.concatenate(x))
        return {m: answer[m] for m in self.modalities_}

    def sample(self, n: int, seed: int = 0) -> dict[str, np.ndarray]:
        """`n` new items: codes from the prior, decoded (means, without the decoders' noise); float32 [n, d_m] each."""
        if n < 1:
            raise UserError(f"cannot draw {n} items", f"sample from {self.name}", "ask for at least 1")
        return self.decode(self.draw_codes(n, rng(seed)))

    def elbo(self, embeddings: Embeddings) -> np.ndarray:
        """float32 [N], what people see under `elbo_name`: how well the model knows what is present of each item.

        In nats of the standardised vectors (not weighted by dimension, beta = 1). Only rows with the same modalities
        present can be compared; a row with nothing present has 0.
        """
        return self._run(embeddings, self.bounds)

    # -- saved state -------------------------------------------------------------
    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        arrays = {f"net.{k}": v.detach().cpu().numpy() for k, v in self.net_.state_dict().items()}
        if self.head_ is not None:
            arrays |= {"head.weight": self.head_.weight, "head.bias": self.head_.bias}
        return arrays | self.standard_.arrays(), self.target_state()

    def restore(self, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> None:
        import torch

        self.restore_target(about)
        self.standard_ = Standard.from_arrays(self.dims_, arrays)
        self.head_ = Expert(arrays["head.weight"], arrays["head.bias"]) if "head.weight" in arrays else None
        self.net_: Any = build_module(lambda: self.network(self.standard_.dims), 0)
        tensors = {k.removeprefix("net."): torch.as_tensor(v) for k, v in arrays.items() if k.startswith("net.")}
        self.net_.load_state_dict(tensors)
        self.net_.eval()

    # -- inside ------------------------------------------------------------------
    def _train(
        self, embeddings: Embeddings, train: np.ndarray, val: np.ndarray, epochs: int, hear: OnEpoch | None, seed: int
    ) -> pd.DataFrame:
        """A new network, trained on `train`; its history."""
        import torch

        self.net_ = build_module(lambda: self.network(self.standard_.dims), seed)
        xs, present = self.standard_.tensors(embeddings)
        generator, seen = torch.Generator().manual_seed(seed), 0

        def step(rows: torch.Tensor, train_now: bool) -> dict[str, torch.Tensor]:
            nonlocal seen
            progress = seen / len(train) if train_now else None
            seen += len(rows) if train_now else 0
            drawn = generator if train_now else torch.Generator().manual_seed(0)
            return self.losses([x[rows] for x in xs], present[rows], progress, drawn)

        return fit_module(
            self.net_,
            step,
            train,
            val,
            epochs=epochs,
            batch_size=min(self.batch_size, max(8, len(train) // 8)),
            lr=self.lr,
            weight_decay=self.weight_decay,
            patience=self.patience,
            seed=seed,
            on_epoch=hear,
        )

    def _run(self, embeddings: Embeddings, ask: Any) -> np.ndarray:
        """`ask(xs, present)` over all rows, a chunk at a time; float32 [N, ...]."""
        return self.standard_.in_chunks(embeddings, ask, CHUNK)
