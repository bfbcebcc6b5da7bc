"""How well one modality finds another: ranks, recall, chance, intervals. Multi-caption definition throughout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmexplore.embeddings import Embeddings
from mmexplore.retrieval.gallery import Gallery


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
    n_asked: int
    ranks: np.ndarray
    query_rows: np.ndarray

    def as_dict(self) -> dict[str, float | int | dict[str, list[float]]]:
        """JSON-able: r@1, r@5, r@10, mrr, median_rank, chance_r@1 ..., n_queries, n_gallery, n_left_out, intervals."""
        return {}


def ranks(queries: Gallery, gallery: Gallery) -> np.ndarray:
    """Rank (from 1) of each query's best correct item in the gallery: float [Q]; NaN where none is correct.

    rank = 1 + #(wrong items with a greater score) + #(wrong items with the same score) / 2, so that a constant
    similarity gets the middle rank, not the first. Scores closer than 1e-6 (float32 rounding) count as the same.
    Works in blocks of queries: memory stays bounded at 50,000 x 50,000. For queries of the gallery's own modality an
    item never finds itself.
    """


def match_rank(gallery: Gallery, query: np.ndarray, groups: list[str]) -> float | None:
    """Rank of the best item of `groups` for one query vector [d]; None where no such item is in the gallery."""


def retrieval_report(embeddings: Embeddings, src: str, dst: str, rows: np.ndarray | None = None, seed: int = 0,
                     max_queries: int | None = None) -> RetrievalReport:
    """Measure retrieval src -> dst in a shared space.

    Args:
        embeddings: src and dst in one space.
        rows: positions or bool [N] (the test rows); all when None.
        max_queries: where there are more, a seeded sample of them is asked (always against the whole gallery).

    Raises:
        UserError: unknown modality, the two are not in one space, or no query has a correct answer.
    """


@dataclass(frozen=True)
class LabelMap:
    """Mean average precision where "same label" is correct: per cent, with its chance level and interval."""

    src: str
    dst: str
    map: float
    chance: float
    interval: tuple[float, float]
    n_queries: int
    n_queries_of: int
    n_gallery: int


def map_label(embeddings: Embeddings, src: str, dst: str, rows: np.ndarray | None = None, seed: int = 0,
              max_queries: int = 2000) -> LabelMap | None:
    """Mean average precision of src -> dst with same label = correct; None where there are no class labels.

    Items with an unknown label take no part. Above `max_queries` a seeded sample of the queries is asked.
    """


def worst_failures(embeddings: Embeddings, report: RetrievalReport, n: int = 20) -> pd.DataFrame:
    """The queries whose true match ranks worst, worst first.

    Columns: query_row, query_id, rank, match_row, match_id, match_score (its best correct item), found_row,
    found_id, found_score (what came first instead).
    """
