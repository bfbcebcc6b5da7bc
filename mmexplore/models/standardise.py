"""Vectors of one scale: every feature by its mean and spread on the train rows, absent rows zero."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.known import require_known
from mmexplore.runtime import device, repeatable_torch

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Standard:
    """Means and spreads of each modality, in the alphabetical order of `names`.

    The order in which a data set lists its modalities therefore changes nothing.
    """

    names: list[str]
    mean: list[np.ndarray]
    spread: list[np.ndarray]

    @property
    def dims(self) -> list[int]:
        return [len(m) for m in self.mean]

    def apply(
        self, embeddings: Embeddings, rows: np.ndarray | slice = slice(None)
    ) -> tuple[list[np.ndarray], np.ndarray]:
        """(one float32 [B, d_m] a name, present bool [B, M]); what `embeddings` lacks is absent in every row.

        Raises:
            UserError: a modality or a width that was not fitted.
        """
        require_known(embeddings, dict(zip(self.names, self.dims, strict=True)))
        n = len(np.arange(len(embeddings))[rows])
        xs, present = [], np.zeros((n, len(self.names)), bool)
        for j, (name, mean, spread) in enumerate(zip(self.names, self.mean, self.spread, strict=True)):
            if name not in embeddings.vectors:
                xs.append(np.zeros((n, len(mean)), np.float32))
                continue
            present[:, j] = embeddings.present[name][rows]
            x = (embeddings.vectors[name][rows] - mean) / spread
            xs.append(np.where(present[:, j, None], x, 0).astype(np.float32))
        return xs, present

    def tensors(
        self, embeddings: Embeddings, rows: np.ndarray | slice = slice(None)
    ) -> tuple[list[torch.Tensor], torch.Tensor]:
        """As `apply`, as tensors on the device of this machine."""
        import torch

        xs, present = self.apply(embeddings, rows)
        where = device()
        return [torch.as_tensor(x, device=where) for x in xs], torch.as_tensor(present, device=where)

    def in_chunks(
        self, embeddings: Embeddings, ask: Callable[[list[torch.Tensor], torch.Tensor], torch.Tensor], chunk: int
    ) -> np.ndarray:
        """`ask(xs, present)` over all rows, `chunk` rows at a time (which bounds memory); float32 [N, ...]."""
        import torch

        with repeatable_torch(), torch.no_grad():
            parts = [
                ask(*self.tensors(embeddings, slice(i, i + chunk))).cpu().numpy()
                for i in range(0, max(1, len(embeddings)), chunk)
            ]
        return np.concatenate(parts).astype(np.float32, copy=False)

    def columns(self, embeddings: Embeddings, values: np.ndarray) -> np.ndarray:
        """Columns [N, M] from the alphabetical order of `names` to the order of `embeddings`."""
        return values[:, [self.names.index(m) for m in embeddings.modalities]]

    def undo(self, j: int, x: np.ndarray) -> np.ndarray:
        """Standardised [N, d] of the j-th name -> its own units, float32; a feature that never moved is its mean."""
        moves = np.isfinite(self.spread[j])
        return (np.where(moves, x, 0) * np.where(moves, self.spread[j], 0) + self.mean[j]).astype(np.float32)

    def arrays(self) -> dict[str, np.ndarray]:
        """For `Estimator.state`."""
        named = {f"standard.mean.{j}": m for j, m in enumerate(self.mean)}
        return named | {f"standard.spread.{j}": s for j, s in enumerate(self.spread)}

    @classmethod
    def from_arrays(cls, names: Iterable[str], arrays: dict[str, np.ndarray]) -> Standard:
        """What `arrays` gave, for these modalities."""
        ordered = sorted(names)
        return cls(
            ordered,
            [arrays[f"standard.mean.{j}"] for j in range(len(ordered))],
            [arrays[f"standard.spread.{j}"] for j in range(len(ordered))],
        )


def fit_standard(embeddings: Embeddings, rows: np.ndarray) -> Standard:
    """Mean and standard deviation of each feature over those of `rows` in which its modality is present.

    A feature that never moves on these rows says nothing about them: its spread is infinite, so that it is always 0
    (a test row that differs there must not drown the rest).
    """
    names = sorted(embeddings.modalities)
    means, spreads = [], []
    for name in names:
        x = embeddings.vectors[name][rows][embeddings.present[name][rows]].astype(np.float64)
        if len(x) == 0:
            x = np.zeros((1, embeddings.dims[name]))
        mean, sd = x.mean(axis=0), x.std(axis=0)
        means.append(mean.astype(np.float32))
        spreads.append(np.where(sd > 1e-6 * np.maximum(np.abs(mean), 1e-6), sd, np.inf).astype(np.float32))
    return Standard(names, means, spreads)
