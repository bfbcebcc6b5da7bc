"""Vectors that a person brings: taken as they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmexplore.data.dataset import Cell, Kind
from mmexplore.encoders.base import Encoder, EncoderCard
from mmexplore.errors import UserError

NAME = "as-is"


class AsIs(Encoder):
    """Numbers in, the same out as float32. The one encoder that does not normalise: lengths may mean something."""

    card = EncoderCard(
        name=NAME,
        kind=Kind.VECTOR,
        dim=None,
        space=NAME,
        title="Vectors as they are",
        size_mb=0.0,
        licence="-",
        source="your own file",
        offline=True,
        look_for="Nothing is changed, not even the length of a vector; each modality is a space of its own until an "
        "alignment joins them.",
    )
    version = "1"
    batch_size = 4096
    stored = False

    def encode(self, batch: Sequence[Cell]) -> np.ndarray:
        """float32 [B, d]. Raises UserError for what is no finite vector, or of another width than the first."""
        rows = [_vector(cell) for cell in batch]
        if not rows:
            return np.zeros((0, 0), np.float32)
        for row in rows:
            if len(row) != len(rows[0]):
                raise UserError(f"has {len(row)} numbers where others have {len(rows[0])}", "vector", "give one width")
        return np.stack(rows)


def space_of(card: EncoderCard, modality: str, width: int) -> str:
    """The space that a modality's vectors lie in: its own for vectors as they are, one a width for shared ones."""
    if card.kind != Kind.VECTOR:
        return card.space
    return f"{card.space}:{modality if card.name == NAME else width}"


def _vector(cell: Cell) -> np.ndarray:
    if not isinstance(cell, np.ndarray) or not np.issubdtype(cell.dtype, np.number) or cell.size == 0:
        raise UserError("is not a vector of numbers", "vector", "give an array of numbers")
    row = np.asarray(cell, dtype=np.float32).reshape(-1)
    if not np.isfinite(row).all():
        raise UserError("holds NaN or infinite numbers", "vector", "leave the cell empty instead")
    return row
