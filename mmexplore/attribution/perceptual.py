"""The perceptual score (Gat, Schwartz & Schwing 2021): the share of the score lost when one modality is permuted.

P_m = (score - E score with modality m permuted) / score
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmexplore.attribution.value import donors
from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.models.fusion.base import Fusion
from mmexplore.runtime import rng


@dataclass(frozen=True)
class Perceptual:
    """Of M modalities.

    Attributes:
        modalities: names.  score: the model's own accuracy (0..1).
        permuted: float [M], mean accuracy with that modality permuted.  spread: float [M], sd over the draws.
        lost: float [M], the perceptual score.
        flips: float [M], share of items whose answer changes when the modality is taken away altogether.
    """

    modalities: list[str]
    score: float
    permuted: np.ndarray
    spread: np.ndarray
    lost: np.ndarray
    flips: np.ndarray


def perceptual(fusion: Fusion, embeddings: Embeddings, draws: int = 20, seed: int = 0) -> Perceptual:
    """Measured over the rows whose class is known; only present cells are permuted, among themselves.

    Raises:
        UserError: the fusion is no classifier, or no label is known.
    """
    probabilities = fusion.answers(embeddings)
    if probabilities is None or probabilities.ndim != 2 or fusion.classes_ is None or embeddings.labels is None:
        raise UserError("needs a classifier", "perceptual score", "fuse towards a label")
    rows = np.isin(embeddings.labels.astype(str), fusion.classes_.astype(str))
    if not rows.any():
        raise UserError("no row has a known class", "perceptual score", "choose rows with labels")
    embeddings = embeddings.take(rows)
    assert embeddings.labels is not None
    truth = embeddings.labels.astype(str)

    def answers(e: Embeddings) -> np.ndarray:
        found = fusion.answers(e)
        assert found is not None and fusion.classes_ is not None
        return fusion.classes_.astype(str)[found.argmax(axis=1)]

    own = answers(embeddings)
    score = float((own == truth).mean())
    random = rng(seed)
    accuracy = np.empty((draws, len(embeddings.modalities)))
    flips = np.empty(len(embeddings.modalities))
    for j, m in enumerate(embeddings.modalities):
        for d in range(draws):
            vectors = embeddings.vectors | {m: embeddings.vectors[m][donors(embeddings.present[m], random)]}
            vectors[m] = np.where(embeddings.present[m][:, None], vectors[m], 0).astype(np.float32)
            accuracy[d, j] = (answers(embeddings.with_vectors(vectors, embeddings.spaces)) == truth).mean()
        hidden = np.zeros_like(embeddings.mask)
        hidden[:, j] = True
        flips[j] = (answers(embeddings.hide(hidden)) != own).mean()
    permuted = accuracy.mean(axis=0)
    lost = (score - permuted) / score if score > 0 else np.zeros_like(permuted)
    return Perceptual(embeddings.modalities, score, permuted, accuracy.std(axis=0), lost, flips)
