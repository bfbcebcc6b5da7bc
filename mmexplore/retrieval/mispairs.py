"""Rows whose two halves do not seem to belong together, and items that are there twice."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mmexplore import runtime
from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.retrieval.gallery import Gallery, check_shared, correct_items, gallery_of, row_positions
from mmexplore.retrieval.ranks import blocks
from mmexplore.retrieval.search import nearest
from mmexplore.scores.ties import places

NEAR = 10  # neighbours of an item that may be its duplicates
COLUMNS = [
    "row",
    "id",
    "similarity",
    "rank_forward",
    "rank_backward",
    "suspicion",
    "better_dst_row",
    "better_dst_score",
    "better_src_row",
    "better_src_score",
]


def mispairs(embeddings: Embeddings, src: str, dst: str, rows: np.ndarray | None = None) -> pd.DataFrame:
    """Every row with both modalities, the most suspicious first.

    The measure is the sum of both ranks of the own partner (src -> dst and back), each as a share of its gallery;
    other items of the same group do not compete. Equal sums: the lower similarity first.

    Returns:
        columns row, id, similarity, rank_forward, rank_backward (from 1), suspicion (0 = both first .. 1 = both last),
        better_dst_row, better_dst_score (the item that fits this row's src best, of those that do not belong to its
        group), better_src_row, better_src_score; -1 and NaN where there is no other item.

    Raises:
        UserError: unknown modality, or not in one space.
    """
    check_shared(embeddings, [src, dst])
    both = np.unique(row_positions(rows, len(embeddings)))
    both = both[embeddings.present[src][both] & embeddings.present[dst][both]]
    left, right = gallery_of(embeddings, src, both), gallery_of(embeddings, dst, both)
    forward, dst_best, dst_score, similarity = _partner_ranks(left, right, both)
    backward, src_best, src_score, _ = _partner_ranks(right, left, both)
    shares = (forward - 1) / max(len(right) - 1, 1) + (backward - 1) / max(len(left) - 1, 1)
    table = pd.DataFrame(
        {
            "row": both,
            "id": embeddings.ids[both],
            "similarity": similarity,
            "rank_forward": forward,
            "rank_backward": backward,
            "suspicion": shares / 2,
            "better_dst_row": dst_best,
            "better_dst_score": dst_score,
            "better_src_row": src_best,
            "better_src_score": src_score,
        }
    )
    return table.sort_values(["suspicion", "similarity"], ascending=[False, True], kind="stable")[COLUMNS].reset_index(
        drop=True
    )


@dataclass(frozen=True)
class Planted:
    """How well wrong pairs are found where it is known which ones are wrong.

    Attributes:
        precision: mean average precision (0..1) of the ranking, over the draws.  by_similarity: the same, ranked by the
            similarity of the two halves alone.  spread: standard deviation of `precision` over the draws.
        chance: what a random order gives: the share of wrong pairs.
        n, moved, draws: rows, rows whose partner was exchanged, and how often that was drawn.
    """

    precision: float
    by_similarity: float
    spread: float
    chance: float
    n: int
    moved: int
    draws: int


def planted_mispairs(
    embeddings: Embeddings, src: str, dst: str, share: float = 0.05, draws: int = 10, most: int = 2000, seed: int = 0
) -> Planted:
    """Exchange the `dst` of a share of the rows among one another, rank all rows, and see whether they come first.

    Pairs that were wrong beforehand count as right ones, so on data that holds some the figure is a little too low.

    Args:
        most: more rows than this with both modalities are drawn at random.

    Raises:
        UserError: fewer than 20 rows have both modalities, or they are not in one space.
    """
    check_shared(embeddings, [src, dst])
    both = np.flatnonzero(embeddings.present[src] & embeddings.present[dst])
    if len(both) < 20:
        raise UserError("too few rows have both", f"{src} and {dst}", "choose other modalities or bring more pairs")
    random = runtime.rng(seed)
    if len(both) > most:
        both = np.sort(random.choice(both, most, replace=False))
    data = embeddings.only([src, dst]).take(both)
    n, scores = len(data), []
    for _ in range(draws):
        moved = random.choice(n, max(2, round(share * n)), replace=False)
        given = np.arange(n)
        given[moved] = np.roll(moved, 1)
        table = mispairs(_exchanged(data, dst, given), src, dst)
        wrong = np.isin(table["row"], moved)
        scores.append((_average_precision(wrong), _average_precision(wrong[np.argsort(table["similarity"])])))
    found = np.array(scores)
    return Planted(
        float(found[:, 0].mean()),
        float(found[:, 1].mean()),
        float(found[:, 0].std()),
        len(moved) / n,
        n,
        len(moved),
        draws,
    )


def _exchanged(data: Embeddings, modality: str, given: np.ndarray) -> Embeddings:
    """The same rows where row i shows what row given[i] shows in this modality; groups stay as they are."""
    return replace(
        data,
        vectors=data.vectors | {modality: data.vectors[modality][given]},
        content=data.content | {modality: data.content[modality][given]},
    )


def _average_precision(wrong: np.ndarray) -> float:
    """Of a ranking: bool [N], True where a planted one stands."""
    places = np.flatnonzero(wrong) + 1
    return float((np.arange(1, len(places) + 1) / places).mean())


def _partner_ranks(queries: Gallery, gallery: Gallery, rows: np.ndarray) -> tuple[np.ndarray, ...]:
    """For each row: its partner's rank among items of other groups, the best of those (row, score), its similarity."""
    starts, items = correct_items(queries, gallery)
    query_of, item_of = queries.item_of_row[rows], gallery.item_of_row[rows]
    order = np.argsort(query_of, kind="stable")
    rank, score_own, best_score = (np.empty(len(rows)) for _ in range(3))
    best = np.full(len(rows), -1)
    for part in blocks(len(queries), len(gallery)):
        score = queries.vectors[part] @ gallery.vectors.T  # [b, G]
        low, high = np.searchsorted(query_of[order], [part.start, part.stop])
        here = order[low:high]
        own = score[query_of[here] - part.start, item_of[here]]
        inside = slice(starts[part.start], starts[part.stop])
        query = np.repeat(np.arange(len(score)), np.diff(starts[part.start : part.stop + 1]))
        score[query, items[inside]] = -np.inf
        top = score.argmax(axis=1)
        top_score = score[np.arange(len(score)), top]
        for at, row in enumerate(here):
            above, ties = places(score[query_of[row] - part.start], own[at])
            rank[row] = 1 + above + ties / 2
        found = np.isfinite(top_score)[query_of[here] - part.start]
        place = query_of[here] - part.start
        best[here] = np.where(found, gallery.rows[top[place]], -1)
        best_score[here] = np.where(found, top_score[place], np.nan)
        score_own[here] = own
    return rank, best, best_score, score_own


def near_duplicates(
    embeddings: Embeddings, modality: str, threshold: float = 0.95, rows: np.ndarray | None = None, k: int = NEAR
) -> pd.DataFrame:
    """Pairs of distinct items of one modality with a cosine of at least `threshold`, most alike first.

    Returns:
        columns row_a, id_a, row_b, id_b, similarity, same_group (rows of one group are expected to be alike). Looks
        at the `k` nearest of each item. What is there twice byte for byte is one item here (`Gallery`).
    """
    items = gallery_of(embeddings, modality, rows)
    score, found = nearest(items.vectors, items.vectors, k + 1)
    a, b = np.repeat(np.arange(len(items)), found.shape[1]), found.ravel()
    kept = (a != b) & (score.ravel() >= threshold)
    pairs = pd.DataFrame({"a": np.minimum(a, b)[kept], "b": np.maximum(a, b)[kept], "similarity": score.ravel()[kept]})
    pairs = pairs.drop_duplicates(["a", "b"]).sort_values(["similarity", "a", "b"], ascending=[False, True, True])
    row_a, row_b = items.rows[pairs["a"].to_numpy(int)], items.rows[pairs["b"].to_numpy(int)]
    return pd.DataFrame(
        {
            "row_a": row_a,
            "id_a": embeddings.ids[row_a],
            "row_b": row_b,
            "id_b": embeddings.ids[row_b],
            "similarity": pairs["similarity"].to_numpy(),
            "same_group": embeddings.groups[row_a] == embeddings.groups[row_b],
        }
    )
