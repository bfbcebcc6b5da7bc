"""The rank of the right answer, with ties counted fairly, in blocks that fit in memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mmexplore.data.embeddings import unit
from mmexplore.retrieval.gallery import Gallery, correct_items
from mmexplore.scores.ties import places

BLOCK_BYTES = 64 << 20


def blocks(n_queries: int, n_items: int) -> Iterator[slice]:
    """Slices of the queries whose scores against all items take about 64 MB."""
    size = max(1, BLOCK_BYTES // (4 * max(1, n_items)))
    for start in range(0, n_queries, size):
        yield slice(start, min(start + size, n_queries))


def ranks(queries: Gallery, gallery: Gallery) -> np.ndarray:
    """Rank (from 1) of each query's best correct item in the gallery: float [Q]; NaN where none is correct.

    rank = 1 + #(wrong items with a greater score) + #(wrong items with the same score) / 2, by the rule of
    `mmexplore.scores.ties`. Works in blocks of queries: memory stays bounded at 50,000 x 50,000. For queries of the
    gallery's own modality an item never finds itself.
    """
    return ranks_of(queries.vectors, gallery.vectors, *correct_items(queries, gallery), own=own_items(queries, gallery))


def own_items(queries: Gallery, gallery: Gallery) -> np.ndarray | None:
    """int [Q], where each query itself lies in the gallery (-1: nowhere); None between two modalities."""
    if queries.modality != gallery.modality:
        return None
    return gallery.item_of_row[queries.rows]


def ranks_of(
    queries: np.ndarray, gallery: np.ndarray, starts: np.ndarray, items: np.ndarray, own: np.ndarray | None = None
) -> np.ndarray:
    """`ranks` on plain vectors: queries [Q, d], gallery [G, d], correct items as `correct_items` gives them."""
    answer = np.full(len(queries), np.nan)
    for part in blocks(len(queries), len(gallery)):
        score = queries[part] @ gallery.T  # [b, G]
        first, last = starts[part.start : part.stop], starts[part.start + 1 : part.stop + 1]
        query = np.repeat(np.arange(len(score)), last - first)
        item = items[first[0] : last[-1]]
        right = score[query, item]
        score[query, item] = -np.inf  # correct items do not compete with one another
        if own is not None:
            self_found = own[part] >= 0
            score[np.flatnonzero(self_found), own[part][self_found]] = -np.inf
        best = np.full(len(score), -np.inf, np.float32)
        np.maximum.at(best, query, right)
        above, ties = places(score, best)
        answer[part] = np.where(last > first, 1 + above + ties / 2, np.nan)
    return answer


def match_rank(gallery: Gallery, query: np.ndarray, groups: list[str]) -> float | None:
    """Rank of the best item of `groups` for one query vector [d]; None where no such item is in the gallery."""
    items = gallery.items_of(groups)
    if len(items) == 0:
        return None
    return float(ranks_of(unit(query)[None], gallery.vectors, np.array([0, len(items)]), items)[0])
