"""Trained alignments: one small network a modality ("head") into the shared space, on frozen vectors."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import pandas as pd

from mmexplore.data.embeddings import Embeddings, unit
from mmexplore.data.split import train_rows
from mmexplore.models.alignment.base import Alignment
from mmexplore.models.alignment.rows import pair_rows, require_linked
from mmexplore.models.alignment.whitening import centre
from mmexplore.models.estimator import OnEpoch
from mmexplore.models.known import require_known
from mmexplore.models.param import Param
from mmexplore.models.training_settings import WIDEST, Epochs, HiddenWidthOrLinear, LearningRate, Patience, WeightDecay
from mmexplore.runtime import repeatable_torch

if TYPE_CHECKING:
    import torch

CHUNK = 8192

#: a torch module whose parts (`heads`, what the loss trains beside them) are found as its attributes
Net = Any


class TrainedAlignment(Alignment):
    """A head a modality, trained together by the loss of the subclass.

    Inputs are centred and scaled with train statistics (see `centre`); modalities are taken in alphabetical order, so
    the order a person gives never matters. What subclasses have as parameters is declared here.

    Attributes after `fit`: `net_` the torch module (`net_.heads[j]` is the head of the j-th modality by name).
    """

    handles_missing = True
    stops_early: ClassVar[bool] = True
    n_components: Annotated[
        int,
        Param(
            "Width of the shared space",
            "Numbers in each vector of the shared space. More can tell more items apart, and need more pairs to learn "
            "from.",
            low=1,
            high=WIDEST,
            why="wider layers take gigabytes",
        ),
    ]
    hidden: HiddenWidthOrLinear
    dropout: Annotated[
        float,
        Param(
            "Dropout",
            "Share of the numbers in each network that are set to zero at random in training. Raise it when the fit is "
            "much better on train items than on held-out items; 0 switches it off.",
            low=0,
            high=0.95,
            why="above it hardly anything is left to learn from",
        ),
    ]
    epochs: Epochs
    batch_size: Annotated[
        int,
        Param(
            "Batch size",
            "How many items each training step compares with one another, at most. A larger batch has more items that "
            "do not match to learn from, and takes more memory.",
            low=2,
            high=65_536,
            why="one item alone has nothing to be compared with",
        ),
    ]
    lr: LearningRate
    weight_decay: WeightDecay
    patience: Patience
    net_: Net
    means_: dict[str, np.ndarray]
    scales_: dict[str, np.ndarray]

    @abstractmethod
    def loss(
        self, net: Net, x: list[torch.Tensor], present: torch.Tensor, groups: torch.Tensor, train: bool
    ) -> dict[str, torch.Tensor]:
        """{"loss": ..., other curves} of a batch: x, M of [B, d_m]; present, bool [B, M]; groups, int64 [B]."""

    def build(self, widths: list[int]) -> Net:
        """The network: `heads`, one a modality, and what the loss trains beside them."""
        from torch import nn

        net: Net = nn.Module()
        net.heads = nn.ModuleList(head(d, self.n_components, self.hidden, self.dropout) for d in widths)
        return net

    # -- fitting ---------------------------------------------------------------
    def _fit(self, embeddings: Embeddings, on_epoch: OnEpoch | None, seed: int) -> None:
        """Train on `train` rows with two modalities or more; early stop on `val`, else on a part of train."""
        from mmexplore.models.training import build_module, hold_out

        train = train_rows(embeddings)
        require_linked(embeddings, train, self.name)
        self.modalities_, self.dims_ = embeddings.modalities, embeddings.dims
        self.means_, self.scales_ = {}, {}
        for m in self.modalities_:
            here = pair_rows(embeddings, [m], train)
            _, self.means_[m], self.scales_[m] = centre(embeddings.vectors[m][here], f"modality {m}")
        net = build_module(lambda: self.build([self.dims_[m] for m in sorted(self.modalities_)]), seed)
        rows, val = hold_out(embeddings, usable=embeddings.mask.sum(axis=1) >= 2, seed=seed)
        self.history_ = self.train(net, Batches(self, embeddings, net), rows, val, seed, on_epoch)
        self.net_ = net.cpu()
        self.finish(embeddings, np.isin(np.arange(len(embeddings)), rows), seed)

    def train(
        self,
        net: Net,
        batches: Batches,
        rows: np.ndarray,
        val: np.ndarray,
        seed: int,
        on_epoch: OnEpoch | None,
    ) -> pd.DataFrame:
        """Minimise `loss` over `rows`; returns the curves."""
        from mmexplore.models.training import fit_module

        return fit_module(
            net, lambda r, train: self.loss(net, *batches(r), train), rows, val, epochs=self.epochs,
            batch_size=self.batch_size, lr=self.lr, weight_decay=self.weight_decay, patience=self.patience,
            seed=seed, on_epoch=on_epoch,
        )  # fmt: skip

    def finish(self, embeddings: Embeddings, fitted: np.ndarray, seed: int) -> None:
        """Whatever follows the training; `fitted` is bool [N]."""

    # -- using -----------------------------------------------------------------
    def codes(self, embeddings: Embeddings) -> dict[str, np.ndarray]:
        """Modality -> float32 [N, K], what its head says (before unit length); meaningless where absent."""
        import torch

        order = sorted(self.modalities_)
        out = {}
        with repeatable_torch(), torch.no_grad():
            for m, x in embeddings.vectors.items():
                run = self.net_.heads[order.index(m)]
                parts = [
                    run(torch.from_numpy(self.prepare(m, x[i : i + CHUNK]))).numpy()
                    for i in range(0, max(1, len(x)), CHUNK)
                ]
                out[m] = np.concatenate(parts)
        return out

    def prepare(self, modality: str, x: np.ndarray) -> np.ndarray:
        """Centred and scaled with the train statistics: float32 [N, d]."""
        return ((x - self.means_[modality]) / self.scales_[modality]).astype(np.float32)

    def transform(self, embeddings: Embeddings) -> Embeddings:
        require_known(embeddings, self.dims_, self.name)
        out = {m: unit(z, embeddings.present[m]) for m, z in self.codes(embeddings).items()}
        return embeddings.with_vectors(out, dict.fromkeys(out, f"aligned:{self.name}"))

    # -- saved state -----------------------------------------------------------
    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        arrays = {f"net.{k}": v.numpy() for k, v in self.net_.state_dict().items()}
        for j, m in enumerate(self.modalities_):
            arrays |= {f"mean.{j}": self.means_[m], f"scale.{j}": self.scales_[m]}
        return arrays, {}

    def restore(self, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> None:
        import torch

        from mmexplore.models.training import build_module

        self.means_ = {m: arrays[f"mean.{j}"] for j, m in enumerate(self.modalities_)}
        self.scales_ = {m: arrays[f"scale.{j}"] for j, m in enumerate(self.modalities_)}
        self.net_ = build_module(lambda: self.build([self.dims_[m] for m in sorted(self.modalities_)]), 0).cpu()
        self.net_.load_state_dict(
            {k.removeprefix("net."): torch.from_numpy(v.copy()) for k, v in arrays.items() if k.startswith("net.")}
        )
        self.net_.eval()


def head(width: int, k: int, hidden: int, dropout: float) -> torch.nn.Module:
    """[B, width] -> [B, k]: dropout and one linear map, or (`hidden` > 0) linear, GELU, dropout, linear."""
    from torch import nn

    from mmexplore.models.alignment._dropout import Dropout

    if not hidden:
        return nn.Sequential(Dropout(dropout), nn.Linear(width, k))
    return nn.Sequential(nn.Linear(width, hidden), nn.GELU(), Dropout(dropout), nn.Linear(hidden, k))


class Batches:
    """Prepared rows on the device of the network: `batches(rows)` -> (x, present, groups) for `loss`."""

    def __init__(self, alignment: TrainedAlignment, embeddings: Embeddings, net: Net) -> None:
        import torch

        place = next(net.parameters()).device
        order = sorted(embeddings.modalities)
        prepared = [alignment.prepare(m, embeddings.vectors[m]) * embeddings.present[m][:, None] for m in order]
        self.x = [torch.from_numpy(x).to(place) for x in prepared]
        self.present = torch.from_numpy(np.stack([embeddings.present[m] for m in order], axis=1)).to(place)
        codes = embeddings.group_codes
        self.groups = torch.from_numpy(codes.astype(np.int64)).to(place)

    def __call__(self, rows: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor, torch.Tensor]:
        return [x[rows] for x in self.x], self.present[rows], self.groups[rows]
