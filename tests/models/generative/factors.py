"""Data with known factors: x_m = W_m z + noise, so that every modality can be told from every other."""

from __future__ import annotations

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.runtime import rng

WIDTHS = {"sight": 12, "sound": 8, "touch": 6}
FACTORS = 3


def embeddings_of(vectors: dict[str, np.ndarray], splits: np.ndarray | None = None, labels=None) -> Embeddings:
    n = len(next(iter(vectors.values())))
    ids = np.arange(n).astype(str).astype(object)
    vectors = {m: v.astype(np.float32) for m, v in vectors.items()}
    present = {m: np.ones(n, bool) for m in vectors}
    return Embeddings(vectors, present, ids, ids, {m: m for m in vectors}, labels=labels, splits=splits)


def planted_factors(n: int = 400, noise: float = 0.3, seed: int = 0, widths=None) -> Embeddings:
    """5 of 8 rows train, 1 is for early stopping; the label is the quadrant of the first two factors."""
    random = rng(seed)
    z = random.standard_normal((n, FACTORS))
    scales = dict(zip(WIDTHS, (1.0, 30.0, 0.02), strict=True))  # the original units differ
    vectors = {}
    for m, d in (widths or WIDTHS).items():
        x = z @ random.standard_normal((FACTORS, d)) + noise * random.standard_normal((n, d))
        vectors[m] = 5 * scales[m] + scales[m] * x
    labels = np.array([f"q{a}{b}" for a, b in (z[:, :2] > 0).astype(int)], dtype=object)
    kinds = ["test", "train", "train", "val", "test", "train", "train", "train"]
    splits = np.array([kinds[i % 8] for i in range(n)], dtype=object)
    return embeddings_of(vectors, splits, labels)


def with_holes(embeddings: Embeddings, rate: float = 0.3, seed: int = 1) -> Embeddings:
    """Cells hidden at random; the first row keeps nothing."""
    hidden = rng(seed).random(embeddings.mask.shape) < rate
    hidden[0] = True
    return embeddings.hide(hidden)
