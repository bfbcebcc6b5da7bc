"""The distinct items of one modality: what is searched, and what is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmexplore.embeddings import Embeddings


@dataclass(frozen=True)
class Gallery:
    """Each distinct item of one modality once: a photo with five captions is one item here.

    Made by `gallery_of`. Serves as the gallery that is searched and as the set of queries alike.

    Attributes:
        modality: its name.
        vectors: float32 [G, d], unit length.
        rows: int [G], the first row of the embeddings that holds each item, ascending.
        item_of_row: int [N], which item a row holds; -1 where absent or not asked for.
        group_items, group_names: parallel arrays: item i belongs to group g (an item may belong to several groups:
            the same caption under two photos).
    """

    modality: str
    vectors: np.ndarray
    rows: np.ndarray
    item_of_row: np.ndarray
    group_items: np.ndarray
    group_names: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


def gallery_of(embeddings: Embeddings, modality: str, rows: np.ndarray | None = None) -> Gallery:
    """The distinct present items of `modality` (by content key) among `rows` (positions or bool [N]; all when None).

    Raises:
        UserError: there is no such modality.
    """
