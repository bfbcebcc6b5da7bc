"""Rescoring against hubs: mean-centring, CSLS, inverted softmax, with an honest bank; and hubness itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmexplore import runtime
from mmexplore.data.embeddings import Embeddings, unit
from mmexplore.errors import UserError
from mmexplore.retrieval.gallery import Gallery, gallery_of, paired_galleries, row_positions
from mmexplore.retrieval.metrics import RetrievalReport, report_of
from mmexplore.retrieval.ranks import blocks
from mmexplore.retrieval.search import nearest

RESCORINGS = ("none", "centred", "csls", "inverted_softmax")


def rescore(
    queries: np.ndarray, gallery: np.ndarray, bank: np.ndarray, method: str, k: int = 10, beta: float = 20.0
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors whose inner products are the rescored similarities (up to a constant a query, which changes no rank).

    With s the cosine and b over the bank's queries:
    centred: both sides minus their mean (bank / gallery), normalised again;
    csls: s - r_g / 2, r_g = mean of the k greatest s_bg (Conneau 2018: 2 s - r_q - r_g);
    inverted_softmax: s - log(mean_b exp(beta s_bg)) / beta (Smith 2017).

    The last two take a number off each gallery item, which is one more dimension: 1 for a query, minus the number
    for an item. So every exact search works on rescored scores as it is.

    Args:
        queries: unit [Q, d].  gallery: unit [G, d].
        bank: unit [B, d]: queries of the same modality that the correction may look at.
        method: one of RESCORINGS.  k: CSLS's neighbours, cut to B.  beta: the softmax's inverse temperature, > 0.

    Returns:
        queries' float32 [Q, d'], gallery' float32 [G, d']; not unit length any more.

    Raises:
        UserError: unknown method, or an empty bank.
    """
    if method not in RESCORINGS:
        raise UserError(f"there is no rescoring called {method!r}", "", f"choose from {', '.join(RESCORINGS)}")
    if method == "none":
        return queries, gallery
    if len(bank) == 0:
        raise UserError("there are no queries that the rescoring may look at", method, "give more pairs")
    if method == "centred":
        return unit(queries - bank.mean(axis=0)), unit(gallery - gallery.mean(axis=0))
    taken = nearest(bank, gallery, k)[0].mean(axis=1) / 2 if method == "csls" else _soft_maximum(bank, gallery, beta)
    return (
        np.hstack([queries, np.ones((len(queries), 1), np.float32)]),
        np.hstack([gallery, -taken[:, None].astype(np.float32)]),
    )


def _soft_maximum(bank: np.ndarray, gallery: np.ndarray, beta: float) -> np.ndarray:
    """log(mean_b exp(beta s_bg)) / beta for each gallery item, [G], in blocks, with the maximum taken out first."""
    answer = np.empty(len(gallery))
    for part in blocks(len(gallery), len(bank)):
        score = beta * (gallery[part] @ bank.T)
        top = score.max(axis=1, keepdims=True)
        answer[part] = (top[:, 0] + np.log(np.exp(score - top).mean(axis=1))) / beta
    return answer


@dataclass(frozen=True)
class Hubness:
    """How unevenly gallery items turn up among the k nearest.

    Attributes:
        counts: int [G], N_k: in how many queries' k nearest an item is.
        skewness: of the counts; 0 = even, above about 1 hubs are a problem (Radovanovic 2010).
        antihubs: share (0..1) of items that nobody finds.
        hubs: positions in the gallery of the items found most often, most often first.
    """

    k: int
    counts: np.ndarray
    skewness: float
    antihubs: float
    hubs: np.ndarray


def hubness(queries: Gallery | np.ndarray, gallery: Gallery | np.ndarray, k: int = 10, n_hubs: int = 20) -> Hubness:
    """N_k over the gallery for these queries (vectors are taken as they are, so rescored ones may be given)."""
    asked = queries.vectors if isinstance(queries, Gallery) else queries
    vectors = gallery.vectors if isinstance(gallery, Gallery) else gallery
    items = nearest(vectors, asked, k)[1]
    counts = np.bincount(items.ravel(), minlength=len(vectors))
    spread = counts.std()
    skewness = float(((counts - counts.mean()) ** 3).mean() / spread**3) if spread > 0 else 0.0
    hubs = np.argsort(-counts, kind="stable")[:n_hubs]
    return Hubness(min(k, len(vectors)), counts, skewness, float((counts == 0).mean()) if len(counts) else 0.0, hubs)


@dataclass(frozen=True)
class RescoredReport:
    """The same queries and gallery with and without rescoring.

    `bank` is "other" (queries that are not tested: honest) or "same" (the tested queries themselves: flatters);
    `note` says in a sentence which queries were looked at and how many. `raw_hubs` and `hubs` count how often each item
    of the gallery is found, without and with rescoring; `gallery_rows` [G] are the rows that show those items.
    """

    method: str
    raw: RetrievalReport
    rescored: RetrievalReport
    bank: str
    n_bank: int
    note: str
    raw_hubs: Hubness
    hubs: Hubness
    gallery_rows: np.ndarray


def rescored_report(
    embeddings: Embeddings,
    src: str,
    dst: str,
    method: str,
    rows: np.ndarray | None = None,
    bank: str = "other",
    k: int = 10,
    beta: float = 20.0,
    seed: int = 0,
    most: int | None = None,
) -> RescoredReport:
    """Recall with a rescoring beside recall without it, on the same test queries.

    With bank "other" the bank is every query outside `rows`; where `rows` leaves no item of `src` outside (None),
    half of the groups, drawn with `seed`, become the bank and the other half is tested (raw too, so that the two
    compare).

    Args:
        most: more tested queries, and more queries in the bank, than this are drawn at random; all when None.

    Raises:
        UserError: as `retrieval_report` and `rescore`; fewer than two groups to halve.
    """
    if bank not in ("other", "same"):
        raise UserError(f"there is no bank called {bank!r}", "", "choose other or same")
    tested = np.unique(row_positions(rows, len(embeddings)))
    if bank == "same":
        queries, gallery, left_out = paired_galleries(embeddings, src, dst, tested)
        queries, of = _at_most(queries, most, seed)
        looked_at = queries.vectors
        note = f"Looked at the {len(queries):,} tested queries themselves{of}, which flatters the result."
    else:
        outside = np.setdiff1d(np.arange(len(embeddings)), tested)
        if not embeddings.present[src][outside].any():
            tested, outside = _halves(embeddings, tested, seed)
        queries, gallery, left_out = paired_galleries(embeddings, src, dst, tested)
        others = gallery_of(embeddings, src, outside)
        known = embeddings.content[src][queries.rows]  # an item on both sides is a test item
        others = others.take(
            np.flatnonzero(~np.isin(embeddings.content[src][others.rows].astype(str), known.astype(str)))
        )
        queries, of = _at_most(queries, most, seed)
        others, of_others = _at_most(others, most, seed)
        looked_at = others.vectors
        note = f"Looked at {len(others):,} other queries{of_others}; tested on {len(queries):,}{of}."
    vectors = rescore(queries.vectors, gallery.vectors, looked_at, method, k, beta)
    raw = report_of(queries, gallery, tested, n_left_out=left_out, seed=seed)
    rescored = report_of(queries, gallery, tested, vectors, n_left_out=left_out, seed=seed)
    raw_hubs, hubs = hubness(queries, gallery), hubness(*vectors)
    return RescoredReport(method, raw, rescored, bank, len(looked_at), note, raw_hubs, hubs, gallery.rows)


def _at_most(queries: Gallery, most: int | None, seed: int) -> tuple[Gallery, str]:
    """At most so many of the queries, drawn at random, and the words that say so."""
    if most is None or len(queries) <= most:
        return queries, ""
    drawn = np.sort(runtime.rng(seed).choice(len(queries), most, replace=False))
    return queries.take(drawn), f" (drawn from {len(queries):,})"


def _halves(embeddings: Embeddings, rows: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two seeded halves of the rows that never part a group: (tested, bank)."""
    names, group = np.unique(embeddings.groups[rows].astype(str), return_inverse=True)
    if len(names) < 2:
        raise UserError("there are too few groups to keep some for the bank", "rescoring", "give more pairs")
    first = np.zeros(len(names), bool)
    first[runtime.rng(seed).permutation(len(names))[: (len(names) + 1) // 2]] = True
    return rows[first[group]], rows[~first[group]]
