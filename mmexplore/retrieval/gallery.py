"""The distinct items of one modality: what is searched, and what is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmexplore.data.embeddings import Embeddings, unit
from mmexplore.errors import UserError


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
            the same caption under two photos). Sorted by item.
    """

    modality: str
    vectors: np.ndarray
    rows: np.ndarray
    item_of_row: np.ndarray
    group_items: np.ndarray
    group_names: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def items_of(self, groups: Iterable[str]) -> np.ndarray:
        """Positions of the items that belong to any of these groups, ascending."""
        return np.unique(self.group_items[np.isin(self.group_names, list(groups))])

    def take(self, items: np.ndarray) -> Gallery:
        """The items at these positions, as a gallery of its own."""
        position = np.full(len(self) + 1, -1)
        position[items] = np.arange(len(items))
        kept = position[self.group_items] >= 0
        order = np.argsort(position[self.group_items[kept]], kind="stable")
        return Gallery(
            modality=self.modality,
            vectors=self.vectors[items],
            rows=self.rows[items],
            item_of_row=position[self.item_of_row],
            group_items=position[self.group_items[kept]][order],
            group_names=self.group_names[kept][order],
        )


def row_positions(rows: np.ndarray | None, n: int) -> np.ndarray:
    """Positions of rows given as positions, as bool [n], or None (all)."""
    if rows is None:
        return np.arange(n)
    index = np.asarray(rows)
    return np.flatnonzero(index) if index.dtype == bool else index.astype(int)


def check_shared(embeddings: Embeddings, modalities: Iterable[str]) -> None:
    """Raise UserError unless all of these modalities exist and lie in one space."""
    names = list(modalities)
    for name in names:
        if name not in embeddings.vectors:
            raise UserError(
                f"there is no modality called {name!r}", "", f"choose from {', '.join(embeddings.modalities)}"
            )
    spaces = {embeddings.spaces[m] for m in names}
    widths = {embeddings.vectors[m].shape[1] for m in names}
    if len(spaces) > 1 or len(widths) > 1:
        raise UserError(
            f"they lie in different spaces ({', '.join(sorted(spaces))}), so their vectors cannot be compared",
            " and ".join(names),
            "choose an alignment, the bridge, or encoders that share a space",
        )


def gallery_of(embeddings: Embeddings, modality: str, rows: np.ndarray | None = None) -> Gallery:
    """The distinct present items of `modality` (by content key) among `rows` (positions or bool [N]; all when None).

    Raises:
        UserError: there is no such modality.
    """
    check_shared(embeddings, [modality])
    asked = np.unique(row_positions(rows, len(embeddings)))
    asked = asked[embeddings.present[modality][asked]]
    keys = embeddings.content[modality][asked].astype(str).astype(object)
    unknown = keys == ""
    keys[unknown] = [f"row {i}" for i in asked[unknown]]  # an item without a key is taken as distinct
    codes = pd.factorize(keys)[0]  # in order of first appearance, so `first` ascends
    first = asked[np.unique(codes, return_index=True)[1]]
    item_of_row = np.full(len(embeddings), -1)
    item_of_row[asked] = codes
    belongs = pd.DataFrame({"item": codes, "group": embeddings.groups[asked].astype(str)}).drop_duplicates()
    belongs = belongs.sort_values("item", kind="stable")
    return Gallery(
        modality=modality,
        vectors=unit(embeddings.vectors[modality][first]),
        rows=first,
        item_of_row=item_of_row,
        group_items=belongs["item"].to_numpy(int),
        group_names=belongs["group"].to_numpy(object),
    )


def paired_galleries(
    embeddings: Embeddings, src: str, dst: str, rows: np.ndarray | None = None
) -> tuple[Gallery, Gallery, int]:
    """Queries of `src` and gallery of `dst` over the rows that count, and the number of rows that do not.

    A row counts when its group has both modalities among `rows`; the number is of rows of which neither half is used.

    Raises:
        UserError: unknown modality, or not in one space.
    """
    check_shared(embeddings, [src, dst])
    asked = np.unique(row_positions(rows, len(embeddings)))
    groups = pd.factorize(embeddings.groups[asked].astype(str))[0]
    has = [np.bincount(groups, embeddings.present[m][asked]) > 0 for m in (src, dst)]
    counts = (has[0] & has[1])[groups] if len(asked) else np.zeros(0, bool)
    used = counts & (embeddings.present[src][asked] | embeddings.present[dst][asked])
    kept = asked[counts]
    return gallery_of(embeddings, src, kept), gallery_of(embeddings, dst, kept), int((~used).sum())


def correct_items(queries: Gallery, gallery: Gallery) -> tuple[np.ndarray, np.ndarray]:
    """For each query its correct items: those that share a group with it, never itself.

    Returns:
        starts int [Q + 1] and items int [starts[-1]]: query q's correct items are items[starts[q]:starts[q + 1]].
    """
    left = pd.DataFrame({"query": queries.group_items, "group": queries.group_names})
    right = pd.DataFrame({"item": gallery.group_items, "group": gallery.group_names})
    both = left.merge(right, on="group")[["query", "item"]].drop_duplicates()
    if queries.modality == gallery.modality:
        both = both[queries.rows[both["query"]] != gallery.rows[both["item"]]]
    both = both.sort_values(["query", "item"])
    starts = np.searchsorted(both["query"].to_numpy(), np.arange(len(queries) + 1))
    return starts, both["item"].to_numpy(int)
