"""An absent modality filled in from the others, shown as the real items nearest to what was filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, cast

import numpy as np

from mmexplore.embeddings import Embeddings, unit
from mmexplore.errors import UserError
from mmexplore.fusion.score import in_train
from mmexplore.fusion.standardise import Standard, fit_standard
from mmexplore.journey.fusing import fusion_input
from mmexplore.retrieval.chance import chance_hit, chance_median_rank
from mmexplore.retrieval.gallery import Gallery, correct_items, gallery_of
from mmexplore.retrieval.ranks import ranks
from mmexplore.retrieval.search import search
from mmexplore.workspace import FittedFusion, Workspace


class Fills(Protocol):
    """What can fill in: see `can_fill`; also `robustness.ridge_fill.RidgeFill`."""

    def reconstruct(self, embeddings: Embeddings) -> dict[str, np.ndarray]:
        """Every modality, float32 [N, d_m] in its own units, from what is present."""


def can_fill(fitted: FittedFusion) -> bool:
    """Is it a generative method, or a fusion fitted with the objective `reconstruction`?"""
    return fitted.fusion.reconstructs or fitted.fusion.objective_ == "reconstruction"


@dataclass(frozen=True)
class RealItems:
    """The distinct items of each modality, every feature in its own spread about the mean of the train rows."""

    embeddings: Embeddings
    standard: Standard
    galleries: dict[str, Gallery]


@dataclass(frozen=True)
class NearestReal:
    """The real items of one modality nearest to what was filled in for Q rows.

    Attributes:
        modality: its name.
        rows: int [Q, k], rows of the embeddings that hold the nearest distinct items, best first.
        scores: float32 [Q, k], cosine of the standardised vectors.
        rank: float [Q], place of the row's own item (of any of its group) among all `n_items`, from 1, ties counted
            half; NaN where it has none, or where nothing was given.
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
        """bool [Q]: rows of which the true item is there, so that the filling can be judged."""
        return np.isfinite(self.rank)

    def recall(self, k: int) -> float:
        """Share (0..1) of the judged rows whose true item is among the first k; NaN where none can be judged."""
        return float((self.rank[self.known] <= k).mean()) if self.known.any() else float("nan")

    def chance_recall(self, k: int) -> float:
        """The same for a random order of the items."""
        return chance_hit(self.n_correct[self.known], self.n_items, k) if self.known.any() else float("nan")

    @property
    def median_rank(self) -> float:
        return float(np.median(self.rank[self.known])) if self.known.any() else float("nan")

    @property
    def chance_rank(self) -> float:
        """Median rank in a random order."""
        return chance_median_rank(self.n_correct[self.known], self.n_items) if self.known.any() else float("nan")


def real_items(workspace: Workspace, source: str = "encoded") -> RealItems:
    """What `nearest_real` searches: all distinct items of every modality; worth keeping between calls."""
    embeddings = fusion_input(workspace, "none", source)
    standard = fit_standard(embeddings, np.flatnonzero(in_train(embeddings)))
    galleries = {}
    for j, m in enumerate(standard.names):
        gallery = gallery_of(embeddings, m)
        galleries[m] = replace(gallery, vectors=_standardised(standard, j, embeddings.vectors[m][gallery.rows]))
    return RealItems(embeddings, standard, {m: galleries[m] for m in embeddings.modalities})


def nearest_real(
    workspace: Workspace,
    fusion: FittedFusion | Fills,
    rows: Sequence[int] | np.ndarray,
    given: Sequence[str],
    k: int = 8,
    real: RealItems | None = None,
) -> dict[str, NearestReal]:
    """Fill in every modality of some rows from the `given` ones, and find the real items nearest to it.

    A filled-in vector is no picture and no text: the nearest real items show what it amounts to, and the place of the
    true one how good it is (to be seen beside `chance_rank`; a row that was fitted on has been seen before).

    Args:
        fusion: a fitted generative method of the workspace, or anything that `Fills` (fitted on the encoded vectors).
        rows: positions in the embeddings, or bool [N].
        given: the modalities it may look at.
        k: how many nearest items.
        real: `real_items(workspace, source)`, where the caller has it already.

    Returns:
        modality -> NearestReal, the given ones among them (they show what survives the way through the model).

    Raises:
        UserError: the method cannot fill in, nothing is given, or a modality is not known.
    """
    fills: Fills
    if not isinstance(fusion, FittedFusion):
        fills, source = fusion, "encoded"
    elif can_fill(fusion):
        fills, source = cast(Fills, fusion.fusion), fusion.source
    else:
        title = fusion.fusion.card.title
        raise UserError("cannot fill in a modality", title, "choose a generative method or ridge maps")
    real = real_items(workspace, source) if real is None else real
    names = real.embeddings.modalities
    unknown = [m for m in given if m not in names]
    if unknown or not given:
        what = f"there is no modality {unknown[0]!r}" if unknown else "nothing is given"
        raise UserError(what, "fill in", f"name some of: {', '.join(names)}")
    asked = real.embeddings.take(rows)
    shown = asked.hide(np.broadcast_to(~np.isin(names, list(given)), asked.mask.shape))
    filled, seen = fills.reconstruct(shown), np.asarray(shown.mask.any(axis=1))
    return {m: _nearest(real, asked, m, filled[m], seen, k) for m in real.galleries}


def _nearest(
    real: RealItems, asked: Embeddings, modality: str, filled: np.ndarray, seen: np.ndarray, k: int
) -> NearestReal:
    gallery = real.galleries[modality]
    vectors = _standardised(real.standard, real.standard.names.index(modality), filled)
    scores, items = search(gallery, vectors, k)
    every = np.arange(len(asked))
    queries = Gallery(f"{modality} filled in", vectors, every, every, every, asked.groups.astype(str).astype(object))
    starts, _ = correct_items(queries, gallery)
    rank = ranks(queries, gallery)
    rank[~seen] = np.nan
    return NearestReal(modality, gallery.rows[items], scores, rank, len(gallery), np.diff(starts))


def _standardised(standard: Standard, j: int, vectors: np.ndarray) -> np.ndarray:
    """Unit vectors [N, d] of the features about their train mean, each in its own spread."""
    return unit((vectors - standard.mean[j]) / standard.spread[j])
