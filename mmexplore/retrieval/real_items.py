"""Vectors that a model made, among the real items: the nearest of them, the place of the true one, and its score."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mmexplore.data.embeddings import Embeddings, unit
from mmexplore.data.split import train_rows
from mmexplore.models.standardise import Standard, fit_standard
from mmexplore.retrieval.chance import chance_hit, chance_median_rank
from mmexplore.retrieval.gallery import Gallery, correct_items, gallery_of
from mmexplore.retrieval.ranks import ranks_of
from mmexplore.retrieval.search import search
from mmexplore.scores.bootstrap import interval

# Closer to the mean than this (root mean square, in standard deviations) there is only rounding: no direction at all.
NOTHING = 1e-4


@dataclass(frozen=True)
class Found:
    """The real items of one modality nearest to each of Q vectors that a model made.

    Attributes:
        modality: its name.
        rows: int [Q, k], rows of the embeddings that hold the nearest distinct items, best first.
        scores: float32 [Q, k], -1..1, cosine of the standardised vectors.
        rank: float [Q], place of the true item (the best of its group's) among all `n_items`, from 1, ties counted
            half; NaN where there is none.
        n_items: distinct items that were searched.
        n_correct: int [Q], how many of them are right.
    """

    modality: str
    rows: np.ndarray
    scores: np.ndarray
    rank: np.ndarray
    n_items: int
    n_correct: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """bool [Q]: those of which the true item is there, so that they can be judged."""
        return np.isfinite(self.rank)

    @property
    def chance_rank(self) -> float:
        """Median rank of those in a random order of the items; NaN where none can be judged."""
        return chance_median_rank(self.n_correct[self.known], self.n_items) if self.known.any() else float("nan")


@dataclass(frozen=True)
class RealItems:
    """The distinct items of each modality, every feature in its own spread about its mean over the train rows.

    Nearest is by cosine of these: what a model makes of little is drawn towards the mean (half as long as a real item
    and less), and by distance the most average item of all would be the nearest to everything.
    """

    embeddings: Embeddings
    standard: Standard
    galleries: dict[str, Gallery]

    def find(self, modality: str, made: np.ndarray, k: int, groups: np.ndarray | None = None) -> Found:
        """The k nearest real items to each vector of `made` [Q, d_m], which is in the modality's own units.

        Args:
            groups: str [Q]; any item of that group is the true one. None: there is none (a new item).
        """
        gallery, vectors = self.galleries[modality], self._standardised(modality, made)
        scores, items = search(gallery, vectors, k)
        every = np.arange(len(made) if groups is not None else 0)
        names = np.zeros(0, object) if groups is None else groups.astype(str).astype(object)
        # A name of its own: a true item of this modality must be found, not left out as the query itself.
        queries = Gallery(f"{modality}, made", vectors, np.arange(len(made)), np.arange(len(made)), every, names)
        starts, correct = correct_items(queries, gallery)
        rank = ranks_of(vectors, gallery.vectors, starts, correct)
        return Found(modality, gallery.rows[items], scores, rank, len(gallery), np.diff(starts))

    def _standardised(self, modality: str, vectors: np.ndarray) -> np.ndarray:
        j = self.standard.names.index(modality)
        z = (vectors - self.standard.mean[j]) / self.standard.spread[j]
        told = np.sqrt((z**2).mean(axis=1, keepdims=True)) > NOTHING
        return unit(np.where(told, z, 0))


def real_items_of(embeddings: Embeddings) -> RealItems:
    """All distinct items of every modality; worth keeping between calls."""
    bare = RealItems(embeddings, fit_standard(embeddings, np.flatnonzero(train_rows(embeddings))), {})
    for m in embeddings.modalities:
        gallery = gallery_of(embeddings, m)
        bare.galleries[m] = replace(gallery, vectors=bare._standardised(m, embeddings.vectors[m][gallery.rows]))
    return bare


def judge(found: Found, groups: np.ndarray, seed: int = 0, first: tuple[int, ...] = (1, 10)) -> dict[str, Any] | None:
    """How often the true item is among the first k, beside a random order; None where no row can be judged.

    Args:
        groups: [Q], of the rows that were asked: the bootstrap draws whole groups.

    Returns:
        {"n", "n_gallery", "median_rank", "chance_median_rank", and for each k "recall@k" (0..1), "recall@k_interval"
        (95 %), "chance_recall@k"}.
    """
    known = found.known
    if not known.any():
        return None
    rank, n_correct = found.rank[known], found.n_correct[known]
    said: dict[str, Any] = {"n": len(rank), "n_gallery": found.n_items, "median_rank": float(np.median(rank))}
    said["chance_median_rank"] = found.chance_rank
    for k in first:
        hits = (rank <= k).astype(float)
        said[f"recall@{k}"], said[f"recall@{k}_interval"] = float(hits.mean()), interval(hits, groups[known], seed)
        said[f"chance_recall@{k}"] = chance_hit(n_correct, found.n_items, k)
    return said
