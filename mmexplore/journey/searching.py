"""A query in one modality, the nearest items of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mmexplore.data.dataset import Cell
from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.journey.asking import known
from mmexplore.journey.querying import query_vector
from mmexplore.journey.spaces import comparable
from mmexplore.retrieval.gallery import Gallery, gallery_of
from mmexplore.retrieval.mispairs import mispairs
from mmexplore.retrieval.search import search
from mmexplore.workspace.state import Workspace


def search_items(
    workspace: Workspace,
    query: Cell,
    into: str,
    *,
    from_modality: str | None = None,
    k: int = 10,
    shared: Embeddings | None = None,
    gallery: Gallery | None = None,
) -> list[dict[str, Any]]:
    """The k distinct items of modality `into` nearest to a typed text, a media file or numbers, best first.

    Args:
        query: the text (`str`), media or series file (`Path`), series [T, C] or place [2].
        from_modality: whose encoder reads the query; by default the first of the right kind (for a text, of its
            language where known) in the shared space.
        shared, gallery: the shared space and the gallery of `into` in it, where the caller has them already.

    Returns:
        A list of {"rank" from 1, "id", "score" (cosine), "row"}.
    """
    shared = comparable(workspace, shared)
    known(into, shared.modalities, "in")
    vector = query_vector(workspace, shared, query, from_modality)
    return _nearest(shared, gallery or gallery_of(shared, into), vector, k)


def search_like(
    workspace: Workspace,
    item: str,
    from_modality: str,
    into: str,
    k: int = 10,
    shared: Embeddings | None = None,
    gallery: Gallery | None = None,
) -> list[dict[str, Any]]:
    """As `search_items`, with what modality `from_modality` of the item with this id shows as the query.

    Each answer also says whether it is a `match` (of the item's group).
    """
    shared = comparable(workspace, shared)
    known(into, shared.modalities, "in")
    known(from_modality, shared.modalities, "from")
    rows = np.flatnonzero(shared.ids.astype(str) == str(item))
    if not len(rows):
        raise UserError(f"no item has the id {item!r}", "item", "copy an id from the table of pairs")
    if not shared.present[from_modality][rows[0]]:
        raise UserError(f"has no {from_modality}", f"item {item}", "choose another modality to ask with")
    gallery = gallery or gallery_of(shared, into)
    found = _nearest(shared, gallery, shared.vectors[from_modality][rows[:1]], k)
    correct = set(gallery.items_of([str(shared.groups[rows[0]])]).tolist())
    return [hit | {"match": int(gallery.item_of_row[hit["row"]]) in correct} for hit in found]


def _nearest(shared: Embeddings, gallery: Gallery, vector: np.ndarray, k: int) -> list[dict[str, Any]]:
    scores, items = search(gallery, vector, k)
    return [
        {"rank": r + 1, "id": str(shared.ids[gallery.rows[i]]), "score": float(s), "row": int(gallery.rows[i])}
        for r, (s, i) in enumerate(zip(scores[0], items[0], strict=True))
    ]


def mispairs_of(workspace: Workspace, between: Sequence[str] | None = None) -> tuple[pd.DataFrame, str, str]:
    """As `retrieval.mispairs.mispairs` with ids for rows, and the two modalities it compares.

    Args:
        between: two comparable modalities; the first two by default.
    """
    shared = comparable(workspace)
    src, dst = (shared.modalities[:2] if between is None else [*between, ""])[:2]
    for name in (src, dst):
        known(name, shared.modalities, "between")
    found = mispairs(shared, src, dst)
    ids = np.array([*shared.ids, None], object)  # row -1 is no row
    for side in ("src", "dst"):
        found[f"better_{side}_id"] = ids[found[f"better_{side}_row"].to_numpy(int)]
    return found.drop(columns=["row", "better_src_row", "better_dst_row"]), src, dst
