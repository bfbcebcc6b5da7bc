"""Text cells made ready for any tokenizer."""

from __future__ import annotations

from collections.abc import Sequence

from mmexplore.data.dataset import Cell
from mmexplore.errors import UserError


def texts_of(batch: Sequence[Cell]) -> list[str]:
    """The cells as valid Unicode. Raises UserError for what is no text.

    A lone surrogate stands for a character that was lost before; no tokenizer takes it, so it becomes "?".
    """
    texts = []
    for cell in batch:
        if not isinstance(cell, str):
            raise UserError("there is no text", "" if cell is None else str(cell)[:80], "give a text")
        texts.append(cell.encode("utf-8", "replace").decode("utf-8"))
    return texts
