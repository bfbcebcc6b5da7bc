"""The one training loop: seeded, in mini-batches, stopped early on held-out rows, the best epoch kept.

A method writes a `step` and calls `fit_module`; everything else (order of the rows, optimiser, curves, stopping,
Cancel) happens here, once:

    >>> from mmexplore.models.training import build_module, fit_module, hold_out
    >>> train_rows, val_rows = hold_out(embeddings, seed=seed)
    >>> net = build_module(lambda: torch.nn.Linear(8, 2), seed)
    >>> def step(rows, train):
    ...     logits = net(x[rows])
    ...     return {"loss": F.cross_entropy(logits, y[rows]), "accuracy": (logits.argmax(1) == y[rows]).float().mean()}
    >>> history = fit_module(net, step, train_rows, val_rows, seed=seed, on_epoch=on_epoch)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import draw_split
from mmexplore.errors import UserError
from mmexplore.models.estimator import HISTORY_COLUMNS, OnEpoch
from mmexplore.models.optimiser import AdamW
from mmexplore.runtime import device, repeatable_torch, seeded_torch

if TYPE_CHECKING:
    import torch

    Step = Callable[[torch.Tensor, bool], dict[str, torch.Tensor]]

Module = TypeVar("Module", bound="torch.nn.Module")

SMALL = 5_000_000  # parameters: below, one thread is as fast as several, and far faster on a busy machine
KEPT = "kept"  # the `part` of the one history row that says which epoch was kept


def build_module(build: Callable[[], Module], seed: int) -> Module:
    """`build()` with torch seeded, on the device of this machine; the same seed gives the same weights."""
    with seeded_torch(seed):
        return build().to(device())


def hold_out(
    embeddings: Embeddings, usable: np.ndarray | None = None, fraction: float = 0.15, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Rows to fit on and rows to stop on.

    Args:
        embeddings: all rows; `train` rows are fitted (all rows where there is no split).
        usable: bool [N], rows that can serve at all (those with a label, say); None = every row.
        fraction: share of the train groups held out where no row is marked `val`.

    Returns:
        (train rows, val rows), int64 positions, ascending. `val` rows where the data has usable ones, else a part of
        train drawn by group (and by class shares); empty where train has a single group.
    """
    usable = np.ones(len(embeddings), bool) if usable is None else usable
    in_train = usable if embeddings.splits is None else usable & embeddings.in_split("train")
    given = usable & embeddings.in_split("val", "dev")
    train = np.flatnonzero(in_train)
    if given.any():
        return train, np.flatnonzero(given)
    if not len(train):
        return train, train
    held = draw_split(embeddings.take(train), held_out=fraction, seed=seed) == "test"
    return train[~held], train[held]


def fit_module(
    module: torch.nn.Module,
    step: Step,
    train_rows: np.ndarray,
    val_rows: np.ndarray,
    *,
    epochs: int = 100,
    batch_size: int = 64,
    lr: float = 1e-3,
    weight_decay: float = 1e-2,
    patience: int = 15,
    seed: int = 0,
    on_epoch: OnEpoch | None = None,
) -> pd.DataFrame:
    """Fit `module` with AdamW; afterwards it holds the weights of the epoch with the lowest held-out loss.

    Args:
        module: its parameters are trained in place (those with `requires_grad`).
        step: `step(rows, train)` -> {"loss": scalar, ...}, a mean over these rows (LongTensor [B]). Other keys are
            curves: "accuracy", or "accuracy/image" for one modality. Called without gradients when `train` is False;
            it must then give the same answer for the same rows. A step that draws at random has a generator of its own.
        train_rows, val_rows: positions. Without val rows there is no early stop and the last epoch is kept.
        epochs: at most.  patience: epochs without a lower held-out loss after which it stops.
        batch_size: rows a step at most; batches of one epoch differ by at most one row.
        on_epoch: called after each epoch with (epoch from 1, epochs, {"train loss": ..., "val accuracy/image": ...});
            what it raises (Cancelled) leaves here.

    Returns:
        history: DataFrame (epoch, part, modality, value); part = "train loss", "val loss", "val accuracy", ...;
        modality = "" for the whole; one row with part `KEPT` names the epoch kept and its loss.

    Raises:
        UserError: no row to fit on, or the loss is no longer a number.
    """
    import torch

    if len(train_rows) == 0:
        raise UserError("there is no row to fit on", "training", "give train rows with at least one modality present")
    trained = [p for p in module.parameters() if p.requires_grad]
    place = trained[0].device
    optimiser = AdamW(trained, lr=lr, weight_decay=weight_decay)
    order = torch.Generator().manual_seed(seed)
    train, val = (torch.as_tensor(np.asarray(r), dtype=torch.long) for r in (train_rows, val_rows))

    # One thread for a small network: its operations are too short to be shared out, and threads that wait cost.
    n_threads = 1 if sum(p.numel() for p in trained) < SMALL else None
    history: list[tuple[int, str, str, float]] = []
    best, best_epoch, kept = float("inf"), 0, {}
    for epoch in range(1, epochs + 1):
        module.train()
        shuffled = train[torch.randperm(len(train), generator=order)]
        with repeatable_torch(n_threads):
            values = _one_epoch(step, _batches(shuffled, batch_size), place, optimiser).means("train")
            if len(val):
                module.eval()
                with torch.no_grad():
                    values |= _one_epoch(step, _batches(val, 4 * batch_size), place, None).means("val")
        monitored = values[("val loss" if len(val) else "train loss", "")]
        if not np.isfinite(monitored):
            raise UserError(
                "the loss is no longer a number",
                f"training, epoch {epoch}",
                "check the vectors for extreme values or lower the learning rate",
            )
        history += [(epoch, part, modality, value) for (part, modality), value in values.items()]
        if monitored < best or not len(val):
            best, best_epoch = monitored, epoch
            kept = {k: v.detach().clone() for k, v in module.state_dict().items()} if len(val) else {}
        if on_epoch is not None:
            on_epoch(epoch, epochs, {f"{part}/{m}" if m else part: value for (part, m), value in values.items()})
        if epoch - best_epoch >= patience:
            break
    if kept:
        module.load_state_dict(kept)
    module.eval()
    history.append((best_epoch, KEPT, "", best))
    return pd.DataFrame(history, columns=HISTORY_COLUMNS)


def fit_and_give_back(
    fit: Callable[[np.ndarray, np.ndarray, int, OnEpoch | None], pd.DataFrame],
    embeddings: Embeddings,
    train: np.ndarray,
    val: np.ndarray,
    epochs: int,
    on_epoch: OnEpoch | None,
    few: int,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Fit, and where rows are few fit again with the held-out ones, for as many epochs as they were found to need.

    Args:
        fit: (train rows, held-out rows, epochs at most, on_epoch) -> history; fits anew at each call.
        train, val: as `hold_out` gave them; `val` is given back only where it was taken from train.
        few: below so many rows in all the held-out ones are missed.

    Returns:
        the history of the first fit, and the rows that the last one saw.
    """
    history = fit(train, val, epochs, on_epoch)
    taken_from_train = len(val) > 0 and not embeddings.in_split("val", "dev")[val].any()
    if not taken_from_train or len(train) + len(val) >= few:
        return history, train
    every = np.union1d(train, val)
    kept = int(history.loc[history["part"] == KEPT, "epoch"].iloc[0])
    hear = None if on_epoch is None else lambda epoch, of, values: on_epoch(epochs, epochs, {})
    fit(every, val[:0], kept, hear)
    return history, every


def _one_epoch(step: Step, batches: tuple[torch.Tensor, ...], place: torch.device, optimiser: AdamW | None) -> _Sums:
    """Every batch once; with an optimiser, a step of it after each."""
    sums = _Sums()
    for rows in batches:
        answer = step(rows.to(place), optimiser is not None)
        if optimiser is not None:
            optimiser.zero_grad()
            answer["loss"].backward()
            optimiser.step()
        sums.add(answer, len(rows))
    return sums


def _batches(rows: torch.Tensor, batch_size: int) -> tuple[torch.Tensor, ...]:
    """`rows` in parts of nearly equal size: a contrastive step is never left with a single row."""
    import torch

    return torch.tensor_split(rows, max(1, -(-len(rows) // batch_size)))


class _Sums:
    """Means over an epoch of what each step said, weighted by rows; stays on the device until asked."""

    def __init__(self) -> None:
        self.total: dict[str, torch.Tensor] = {}
        self.rows = 0

    def add(self, answer: dict[str, torch.Tensor], rows: int) -> None:
        for key, value in answer.items():
            weighted = value.detach() * rows
            self.total[key] = self.total[key] + weighted if key in self.total else weighted
        self.rows += rows

    def means(self, split: str) -> dict[tuple[str, str], float]:
        """(part, modality) -> mean; the key "accuracy/image" becomes ("train accuracy", "image")."""
        means = {}
        for key, total in self.total.items():
            part, _, modality = key.partition("/")
            means[f"{split} {part}", modality] = float(total) / self.rows
        return means
