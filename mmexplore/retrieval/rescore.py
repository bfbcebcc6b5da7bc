"""Rescoring against hubs: mean-centring, CSLS, inverted softmax, with an honest bank; and hubness itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmexplore.embeddings import Embeddings
from mmexplore.retrieval.gallery import Gallery
from mmexplore.retrieval.metrics import RetrievalReport

RESCORINGS = ("none", "centred", "csls", "inverted_softmax")


def rescore(queries: np.ndarray, gallery: np.ndarray, bank: np.ndarray, method: str, k: int = 10,
            beta: float = 20.0) -> tuple[np.ndarray, np.ndarray]:
    """Vectors whose inner products are the rescored similarities (up to a constant a query, which changes no rank).

    With s the cosine and b over the bank's queries:
    centred: both sides minus their mean (bank / gallery), normalised again;
    csls: s - r_g / 2, r_g = mean of the k greatest s_bg (Conneau 2018: 2 s - r_q - r_g);
    inverted_softmax: s - log(sum_b exp(beta s_bg)) / beta (Smith 2017).

    Args:
        queries: unit [Q, d].  gallery: unit [G, d].
        bank: unit [B, d]: queries of the same modality that the correction may look at.

    Returns:
        queries' float32 [Q, d'], gallery' float32 [G, d']; not unit length any more.
    """


@dataclass(frozen=True)
class RescoredReport:
    """The same queries and gallery with and without rescoring.

    `bank` is "other" (queries that are not tested: honest) or "same" (the tested queries themselves: flatters);
    `note` says in a sentence which queries were looked at and how many.
    """

    method: str
    raw: RetrievalReport
    rescored: RetrievalReport
    bank: str
    n_bank: int
    note: str


def rescored_report(embeddings: Embeddings, src: str, dst: str, method: str, rows: np.ndarray | None = None,
                    bank: str = "other", k: int = 10, beta: float = 20.0, seed: int = 0) -> RescoredReport:
    """Recall with a rescoring beside recall without it, on the same test queries.

    With bank "other" the bank is every query outside `rows`; where `rows` leaves nothing outside (None), half of the
    groups, drawn with `seed`, become the bank and the other half is tested (raw too, so that the two compare).
    """


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
    """N_k over the gallery for these queries."""
