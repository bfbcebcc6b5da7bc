"""How well one modality finds another: ranks, recall, chance, intervals. Multi-caption definition throughout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mmexplore import runtime
from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.retrieval.chance import chance_average_precision, chance_hit, chance_median_rank, chance_mrr
from mmexplore.retrieval.gallery import (
    Gallery,
    check_shared,
    correct_items,
    gallery_of,
    paired_galleries,
    row_positions,
)
from mmexplore.retrieval.ranks import blocks, match_rank, own_items, ranks, ranks_of
from mmexplore.retrieval.search import nearest
from mmexplore.scores.bootstrap import interval, intervals, median_interval

RECALLS = (1, 5, 10)


@dataclass(frozen=True)
class RetrievalReport:
    """One direction, src -> dst. Recalls, MRR and their chance levels in per cent (0..100).

    Attributes:
        r1, r5, r10: share of queries with a correct item among the first 1, 5, 10 (correct: any item of one of the
            query's groups).  mrr: mean of 1 / rank.  median_rank: items.
        chance_*: the exact expectation (median for the rank) under a random order of the gallery.
        intervals: "r1", "r5", "r10", "mrr", "median_rank" -> (low, high): 95 %, bootstrap over groups.
        n_queries, n_gallery: distinct items asked and searched.  n_left_out: rows that do not count because src or
            dst is absent there.  n_asked: rows that were asked for.
        ranks: float [Q], rank of the best correct item.  query_rows: int [Q], first row of each query.
        query_groups: int [Q], the group that the bootstrap draws it with.  n_correct: int [Q], its correct items.
        rows: int [n_asked], the rows that were asked for.
    """

    src: str
    dst: str
    r1: float
    r5: float
    r10: float
    mrr: float
    median_rank: float
    chance_r1: float
    chance_r5: float
    chance_r10: float
    chance_mrr: float
    chance_median_rank: float
    intervals: dict[str, tuple[float, float]]
    n_queries: int
    n_gallery: int
    n_left_out: int
    ranks: np.ndarray
    query_rows: np.ndarray
    query_groups: np.ndarray
    n_correct: np.ndarray
    rows: np.ndarray

    @property
    def n_asked(self) -> int:
        return len(self.rows)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able: r@1, r@5, r@10, mrr, median_rank, chance_r@1 ..., n_queries, n_gallery, n_left_out, intervals."""
        name = {"r1": "r@1", "r5": "r@5", "r10": "r@10"}
        numbers: dict[str, Any] = {}
        for prefix in ("", "chance_"):
            for metric in ("r1", "r5", "r10", "mrr", "median_rank"):
                numbers[prefix + name.get(metric, metric)] = round(float(getattr(self, prefix + metric)), 4)
        counts = {c: getattr(self, c) for c in ("n_queries", "n_gallery", "n_left_out", "n_asked")}
        intervals = {name.get(m, m): [round(float(v), 4) for v in pair] for m, pair in self.intervals.items()}
        return numbers | counts | {"intervals": intervals}


def retrieval_report(
    embeddings: Embeddings,
    src: str,
    dst: str,
    rows: np.ndarray | None = None,
    seed: int = 0,
    max_queries: int | None = None,
) -> RetrievalReport:
    """Measure retrieval src -> dst in a shared space.

    Args:
        embeddings: src and dst in one space.
        rows: positions or bool [N] (the test rows); all when None.
        max_queries: where there are more, a seeded sample of them is asked (always against the whole gallery).

    Raises:
        UserError: unknown modality, the two are not in one space, or no query has a correct answer.
    """
    queries, gallery, left_out = paired_galleries(embeddings, src, dst, rows)
    if max_queries is not None and len(queries) > max_queries:
        queries = queries.take(np.sort(runtime.rng(seed).choice(len(queries), max_queries, replace=False)))
    asked = np.unique(row_positions(rows, len(embeddings)))
    return report_of(queries, gallery, asked, n_left_out=left_out, seed=seed)


def report_of(
    queries: Gallery,
    gallery: Gallery,
    rows: np.ndarray,
    vectors: tuple[np.ndarray, np.ndarray] | None = None,
    n_left_out: int = 0,
    seed: int = 0,
) -> RetrievalReport:
    """`retrieval_report` for queries and a gallery at hand.

    Args:
        rows: the rows they were made from.
        vectors: other vectors [Q, d'], [G, d'] to score with (a rescoring's); the galleries' own when None.

    Raises:
        UserError: no query has a correct answer.
    """
    src, dst = queries.modality, gallery.modality
    starts, items = correct_items(queries, gallery)
    left, right = vectors or (queries.vectors, gallery.vectors)
    rank = ranks_of(left, right, starts, items, own=own_items(queries, gallery))
    answered = ~np.isnan(rank)
    if not answered.any():
        raise UserError("no item has a partner to be found", f"{src} -> {dst}", "choose rows that have both modalities")
    rank, n_correct = rank[answered], np.diff(starts)[answered]
    group = pd.factorize(_first_group(queries))[0][answered]
    n_gallery = len(gallery) - int(src == dst)  # an item is not searched for itself
    values = {"r1": 100.0 * (rank <= 1), "r5": 100.0 * (rank <= 5), "r10": 100.0 * (rank <= 10), "mrr": 100.0 / rank}
    means = {name: float(v.mean()) for name, v in values.items()}
    chance = {f"chance_r{k}": 100 * chance_hit(n_correct, n_gallery, k) for k in RECALLS}
    low, high = median_interval(rank, group, seed)
    return RetrievalReport(
        src=src,
        dst=dst,
        **means,
        median_rank=float(np.median(rank)),
        **chance,
        chance_mrr=100 * chance_mrr(n_correct, n_gallery),
        chance_median_rank=chance_median_rank(n_correct, n_gallery),
        intervals=_intervals(values, group, seed) | {"median_rank": (low, high)},
        n_queries=len(rank),
        n_gallery=n_gallery,
        n_left_out=n_left_out,
        ranks=rank,
        query_rows=queries.rows[answered],
        query_groups=group,
        n_correct=n_correct,
        rows=rows,
    )


@dataclass(frozen=True)
class Recall:
    """Share (0..1) of the queries with a correct item among the first k, its 95 % interval, and a random order's."""

    value: float
    low: float
    high: float
    chance: float


def recall_at(report: RetrievalReport, k: int, seed: int = 0) -> Recall:
    """Recall at any k (the report has 1, 5 and 10), by the report's own ranks and bootstrap."""
    hits = (report.ranks <= k).astype(float)
    low, high = interval(hits, report.query_groups, seed)
    chance = chance_hit(report.n_correct, report.n_gallery, min(k, report.n_gallery))
    return Recall(float(hits.mean()), low, high, chance)


def _first_group(gallery: Gallery) -> np.ndarray:
    """The first group of each item, [G] (what the bootstrap draws: queries of one group stay together)."""
    return gallery.group_names[np.searchsorted(gallery.group_items, np.arange(len(gallery)))]


def _intervals(values: dict[str, np.ndarray], group: np.ndarray, seed: int) -> dict[str, tuple[float, float]]:
    """95 % intervals of the means, by the same draws of whole groups."""
    found = intervals(np.stack(list(values.values())), group, seed)
    return {m: (float(low), float(high)) for m, (low, high) in zip(values, found, strict=True)}


@dataclass(frozen=True)
class LabelMap:
    """Mean average precision where "same label" is correct: per cent, with its chance level and interval.

    The mean is over `n_queries` of the `n_queries_of` items that have a label and an item to find, in a gallery of
    `n_gallery` labelled items.
    """

    src: str
    dst: str
    map: float
    chance: float
    interval: tuple[float, float]
    n_queries: int
    n_queries_of: int
    n_gallery: int


def map_label(
    embeddings: Embeddings, src: str, dst: str, rows: np.ndarray | None = None, seed: int = 0, max_queries: int = 2000
) -> LabelMap | None:
    """Mean average precision of src -> dst with same label = correct; None where there are no class labels.

    Items with an unknown label take no part. Above `max_queries` a seeded sample of the queries is asked. Ties are
    broken by a seeded random order, so that they favour nobody.
    """
    check_shared(embeddings, [src, dst])
    if embeddings.target_kind != "classification" or embeddings.labels is None:
        return None
    labels = pd.Series(embeddings.labels).fillna("").astype(str).to_numpy(object)
    asked = row_positions(rows, len(embeddings))
    asked = asked[labels[asked] != ""]
    random = runtime.rng(seed)
    queries, gallery = gallery_of(embeddings, src, asked), gallery_of(embeddings, dst, asked)
    gallery = gallery.take(random.permutation(len(gallery)))
    codes = pd.factorize(np.concatenate([labels[queries.rows], labels[gallery.rows]]))[0]
    want, have = codes[: len(queries)], codes[len(queries) :]
    own = own_items(queries, gallery)
    n_correct = np.bincount(have, minlength=codes.max(initial=0) + 1)[want] - (0 if own is None else own >= 0)
    usable = np.flatnonzero(n_correct > 0)
    if len(usable) == 0:
        return None
    chosen = usable if len(usable) <= max_queries else np.sort(random.choice(usable, max_queries, replace=False))
    precision = np.empty(len(chosen))
    for part in blocks(len(chosen), len(gallery) * 4):
        score = queries.vectors[chosen[part]] @ gallery.vectors.T
        order = np.argsort(-score, axis=1, kind="stable")
        if own is not None:
            order = order[order != own[chosen[part], None]].reshape(len(order), -1)
        hit = have[order] == want[chosen[part], None]
        found = np.cumsum(hit, axis=1)
        precision[part] = (hit * found / np.arange(1, hit.shape[1] + 1)).sum(axis=1) / found[:, -1]
    n_gallery = len(gallery) - int(own is not None)
    group = pd.factorize(_first_group(queries)[chosen])[0]
    low, high = interval(100 * precision, group, seed)
    chance = 100 * chance_average_precision(n_correct[chosen], n_gallery)
    return LabelMap(src, dst, 100 * float(precision.mean()), chance, (low, high), len(chosen), len(usable), n_gallery)


def worst_failures(embeddings: Embeddings, report: RetrievalReport, n: int = 20) -> pd.DataFrame:
    """The queries whose true match ranks worst, worst first; those found in first place are not listed.

    Columns: query_row, query_id, rank, match_row, match_id, match_score (its best correct item), found_row,
    found_id, found_score (what came first instead).
    """
    queries, gallery, _ = paired_galleries(embeddings, report.src, report.dst, report.rows)
    worst = np.argsort(-report.ranks, kind="stable")[:n]
    worst = worst[report.ranks[worst] > 1]
    asked = queries.take(queries.item_of_row[report.query_rows[worst]])
    starts, items = correct_items(asked, gallery)
    first_score, first_item = nearest(gallery.vectors, asked.vectors, 2)
    table = []
    for q in range(len(asked)):
        correct = items[starts[q] : starts[q + 1]]
        score = gallery.vectors[correct] @ asked.vectors[q]
        match = gallery.rows[correct[score.argmax()]]
        place = int(gallery.rows[first_item[q, 0]] == asked.rows[q] and report.src == report.dst)  # not itself
        found = gallery.rows[first_item[q, place]]
        table.append((asked.rows[q], report.ranks[worst[q]], match, score.max(), found, first_score[q, place]))
    frame = pd.DataFrame(table, columns=["query_row", "rank", "match_row", "match_score", "found_row", "found_score"])
    for part in ("query", "match", "found"):
        frame[f"{part}_id"] = embeddings.ids[frame[f"{part}_row"].to_numpy(int)]
    return frame[
        [
            "query_row",
            "query_id",
            "rank",
            "match_row",
            "match_id",
            "match_score",
            "found_row",
            "found_id",
            "found_score",
        ]
    ]


__all__ = [
    "LabelMap",
    "Recall",
    "RetrievalReport",
    "map_label",
    "match_rank",
    "ranks",
    "recall_at",
    "report_of",
    "retrieval_report",
    "worst_failures",
]
