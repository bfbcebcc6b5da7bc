"""Adversarial alignment: a discriminator tries to tell the modalities apart, the heads learn to defeat it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import held_out_rows
from mmexplore.models.alignment.adversary import Chaser, discriminate, discriminator, reverse_gradient, warm_up
from mmexplore.models.alignment.contrastive import SMALLEST_TEMPERATURE, contrastive_loss
from mmexplore.models.alignment.heads import Batches, Net, TrainedAlignment, head
from mmexplore.models.alignment.probe import probe_accuracy
from mmexplore.models.card import MethodCard
from mmexplore.models.estimator import HISTORY_COLUMNS, OnEpoch
from mmexplore.models.param import Param
from mmexplore.models.training_settings import HiddenWidth
from mmexplore.runtime import RandomState

if TYPE_CHECKING:
    import torch

Partner = Literal["contrastive", "reconstruction", "both"]


class Adversarial(TrainedAlignment):
    """Heads, an M-way discriminator behind a gradient reversal, and a partner loss that keeps codes informative.

    Alone the adversary is content with a constant code; so InfoNCE (`contrastive`), reconstruction of each
    modality from its code, or both go with it. Trained to the end, as the strength of the adversary grows.

    A bare gradient reversal ends with heads that run in circles around a discriminator which lags behind: it stands
    at chance, while a fresh probe tells the modalities apart at once. So in each step the discriminator first takes
    `chase` steps of its own, with a penalty on its gradient at the codes (R1, Mescheder 2018), which makes the game
    settle.

    Attributes after `fit`:
        probe_accuracy_: balanced accuracy (0..1) of a fresh probe that tells modalities apart by their frozen unit
            codes, on rows that were not fitted on; None with too few. `probe_chance_` = 1 / M is what it should be.
    """

    name = "adversarial"
    patience = 10**9
    stops_early: ClassVar[bool] = False  # the held-out rows only draw curves
    card = MethodCard(
        title="Adversarial alignment (modality discriminator)",
        summary="One network tries to guess from a vector which modality it came from; the heads learn vectors from "
                "which it cannot, so that the modalities mix in the shared space.",
        equation=r"\min_{E}\max_{D}\; \mathcal{L}_{\mathrm{pair}}(E) - \lambda\,"
                 r"\mathbb{E}_{m,x}\left[-\log D\left(m \mid E_m(x)\right)\right]",
        paper="Ganin 2016, Domain-adversarial training of neural networks; Wang 2017, Adversarial cross-modal "
              "retrieval",
        look_for="The accuracy of a fresh probe on the frozen codes, beside chance: only that says whether the "
                 "modality gap is gone; the discriminator used in training may have been outrun. Mixing is not "
                 "matching: watch retrieval too, and note that reconstruction alone never looks at pairs.",
        missing="Trained with holes: an absent cell has no part in any loss. An absent cell stays zero.",
    )  # fmt: skip
    partner: Annotated[
        Partner,
        Param(
            "Partner loss",
            "What keeps the vectors informative while the modalities are mixed: matching items attract (contrastive), "
            "each vector can be rebuilt (reconstruction), or both. Reconstruction alone never looks at pairs.",
        ),
    ]
    strength: Annotated[
        float,
        Param(
            "Strength of the adversary",
            "How strongly the networks are trained to hide which modality a vector came from. Raised, the modalities "
            "mix more, at the price of matching; 0 leaves the adversary out.",
            low=0,
            high=100,
            why="beyond it the partner loss hardly counts",
        ),
    ]
    chase: Annotated[
        int,
        Param(
            "Discriminator steps",
            "How many steps the discriminator learns before each step of the networks. More keep it a good judge, and "
            "take longer; 0 is the plain gradient reversal.",
            low=0,
            high=100,
            why="each step takes as long as one of the networks",
        ),
    ]
    penalty: Annotated[
        float,
        Param(
            "Gradient penalty",
            "How smooth the discriminator is kept (R1). Raised, training settles more easily and the discriminator "
            "judges more coarsely; 0 switches it off.",
            low=0,
            high=1000,
        ),
    ]
    hidden: HiddenWidth
    steps: Annotated[
        int,
        Param(
            "Training steps",
            "How many steps the networks are trained, at most. Some hundreds are needed until the modalities mix; more "
            "take longer.",
            low=1,
            high=1_000_000,
        ),
    ]
    epochs: Annotated[
        int,
        Param(
            "Epochs",
            "How often the fit goes through the train items, at most; it ends when the training steps are done. There "
            "is no early stop, as the adversary grows stronger until the end.",
            low=1,
            high=100_000,
        ),
    ]
    probe_accuracy_: float | None = None
    probe_chance_: float = 0.5

    def __init__(
        self,
        partner: Partner = "contrastive",
        strength: float = 1.0,
        chase: int = 3,
        penalty: float = 0.1,
        n_components: int = 64,
        hidden: int = 256,
        dropout: float = 0.5,
        steps: int = 500,
        epochs: int = 60,
        batch_size: int = 128,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        *,
        random_state: RandomState = 0,
    ) -> None:
        self.partner = partner
        self.strength = strength
        self.chase = chase
        self.penalty = penalty
        self.n_components = n_components
        self.hidden = hidden
        self.dropout = dropout
        self.steps = steps
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.random_state = random_state

    def build(self, widths: list[int]) -> Net:
        import torch
        from torch import nn

        net = super().build(widths)
        if self.partner != "reconstruction":
            net.log_temperature = nn.Parameter(torch.tensor(0.07).log())
        if self.partner != "contrastive":
            net.decoders = nn.ModuleList(head(self.n_components, d, self.hidden, 0) for d in widths)
        net.discriminator = discriminator(self.n_components, self.hidden, len(widths))
        return net

    def loss(
        self,
        net: Net,
        x: list[torch.Tensor],
        present: torch.Tensor,
        groups: torch.Tensor,
        train: bool,
        reversal: float = 1.0,
    ) -> dict[str, torch.Tensor]:
        """Curves: the partner's loss, the discriminator's cross entropy and balanced accuracy."""
        import torch

        unit = self.unit_codes(net, x)
        curves = {}
        if self.partner != "reconstruction":
            temperature = net.log_temperature.exp().clamp(min=SMALLEST_TEMPERATURE)
            curves["contrastive"] = contrastive_loss(unit, present, groups, temperature)
        if self.partner != "contrastive":
            errors = [
                (decode(z) - v)[p].square().mean()
                for decode, z, v, p in zip(net.decoders, unit, x, present.T, strict=True)
                if bool(p.any())
            ]
            curves["reconstruction"] = torch.stack(errors).mean()
        back = [reverse_gradient(z, self.strength * reversal) for z in unit]
        curves["discriminator"], right = discriminate(net.discriminator, back, present)
        return {"loss": torch.stack(list(curves.values())).sum(), **curves, "discriminator accuracy": right}

    @staticmethod
    def unit_codes(net: Net, x: list[torch.Tensor]) -> list[torch.Tensor]:
        """M of float [B, K], unit rows."""
        from torch.nn import functional

        return [functional.normalize(h(v), dim=1) for h, v in zip(net.heads, x, strict=True)]

    def train(
        self,
        net: Net,
        batches: Batches,
        rows: np.ndarray,
        val: np.ndarray,
        seed: int,
        on_epoch: OnEpoch | None,
    ) -> pd.DataFrame:
        """To the end, the reversal growing with `warm_up`; the held-out rows only draw curves."""
        import torch

        from mmexplore.models.training import fit_module

        epochs = min(self.epochs, max(2, round(self.steps / np.ceil(len(rows) / self.batch_size))))
        progress = {"epoch": 0}
        watched: list[tuple[int, str, str, float]] = []
        chaser = Chaser(net.discriminator, self.chase if self.strength else 0, 3 * self.lr, self.penalty)

        def step(r: torch.Tensor, train: bool) -> dict[str, torch.Tensor]:
            x, present, groups = batches(r)
            if chaser.steps:
                with torch.no_grad():
                    codes = self.unit_codes(net, x)
                chaser.catch_up(codes, present)
            return self.loss(net, x, present, groups, train, warm_up(progress["epoch"] / max(1, epochs - 1)))

        def after(epoch: int, most: int, values: dict[str, float]) -> None:
            progress["epoch"] = epoch
            if len(val):
                net.eval()
                with torch.no_grad():
                    said = self.loss(net, *batches(torch.as_tensor(val)), train=False)
                values = values | {f"val {k}": float(v) for k, v in said.items()}
                watched.extend((epoch, f"val {k}", "", float(v)) for k, v in said.items())
            if on_epoch is not None:
                on_epoch(epoch, most, values)

        history = fit_module(
            net,
            step,
            rows,
            np.zeros(0, int),
            epochs=epochs,
            batch_size=self.batch_size,
            lr=self.lr,
            weight_decay=self.weight_decay,
            patience=self.patience,
            seed=seed,
            on_epoch=after,
        )
        return pd.concat([history, pd.DataFrame(watched, columns=HISTORY_COLUMNS)], ignore_index=True)

    def finish(self, embeddings: Embeddings, fitted: np.ndarray, seed: int) -> None:
        held_out = held_out_rows(embeddings)
        if not held_out.any():
            held_out = ~fitted
        self.probe_chance_ = 1 / len(self.modalities_)
        self.probe_accuracy_ = probe_accuracy(self.transform(embeddings), held_out, seed)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        arrays, about = super().state()
        return arrays, about | {"probe_accuracy": self.probe_accuracy_, "probe_chance": self.probe_chance_}

    def restore(self, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> None:
        super().restore(arrays, about)
        self.probe_accuracy_, self.probe_chance_ = about["probe_accuracy"], about["probe_chance"]
