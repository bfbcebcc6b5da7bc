"""A query in one modality, the nearest items of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mmexplore.embeddings import Embeddings
from mmexplore.encoders import registry
from mmexplore.errors import UserError
from mmexplore.journey.asking import dataset_of, known
from mmexplore.journey.spaces import carried, comparable
from mmexplore.pairs.dataset import Cell, Kind
from mmexplore.pairs.text import looks_like_language
from mmexplore.retrieval.gallery import Gallery, gallery_of
from mmexplore.retrieval.mispairs import mispairs
from mmexplore.retrieval.search import search
from mmexplore.workspace import Workspace


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
    """The k distinct items of modality `into` nearest to a typed text or an image file, best first.

    Args:
        query: the text (`str`) or media file (`Path`).
        from_modality: whose encoder reads the query; by default the first of the right kind (for a text, of its
            language where known) in the shared space.
        shared, gallery: the shared space and the gallery of `into` in it, where the caller has them already.

    Returns:
        A list of {"rank" from 1, "id", "score" (cosine), "row"}.
    """
    shared = comparable(workspace, shared)
    known(into, shared.modalities, "in")
    vector = _encode_query(workspace, shared, query, from_modality)
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


def _encode_query(workspace: Workspace, shared: Embeddings, query: Cell, from_modality: str | None) -> np.ndarray:
    """float32 [1, d]: the query in the shared space, by the encoder of a modality of the right kind."""
    dataset = dataset_of(workspace)
    kind = Kind.TEXT if isinstance(query, str) else Kind.IMAGE
    fitting = [m for m in shared.modalities if dataset.kinds.get(m) is kind]
    if from_modality is not None:
        known(from_modality, fitting, "from")
    elif not fitting:
        return _other_half(workspace, shared, query, kind)
    else:
        language = looks_like_language([query]) if isinstance(query, str) else None
        from_modality = next((m for m in fitting if language and dataset.language.get(m) == language), fitting[0])
    name = workspace.encoders[from_modality]
    vector = registry.load(name, kind).encode([query])
    return carried(workspace, shared, from_modality, vector)


def _other_half(workspace: Workspace, shared: Embeddings, query: Cell, kind: Kind) -> np.ndarray:
    """The query by the other half of the encoder (typed text into images only encoded by a CLIP)."""
    for modality, name in workspace.encoders.items():
        halves = [c for c in registry.cards(kind) if c.name == name]
        if modality in shared.modalities and halves and shared.spaces[modality] == halves[0].space:
            return registry.load(name, kind).encode([query])
    raise UserError(
        f"no {kind} modality lies in the shared space",
        "query",
        f"add a {kind} column, or encode with an open_clip model",
    )


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
