"""Paired vectors made for the tests: a shared factor seen through random maps, with noise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mmexplore.data.embeddings import Embeddings

WIDTHS = {"photo": 9, "caption": 7, "sound": 6}


def embed(
    vectors: Mapping[str, np.ndarray],
    *,
    present: Mapping[str, np.ndarray] | None = None,
    groups: np.ndarray | None = None,
    splits: np.ndarray | None = None,
    labels: np.ndarray | None = None,
) -> Embeddings:
    """Embeddings of these arrays; by default all present, each row its own group, no split."""
    n = len(next(iter(vectors.values())))
    ids = np.array([f"item {i}" for i in range(n)], object)
    here = {m: np.ones(n, bool) if present is None else np.asarray(present[m]) for m in vectors}
    return Embeddings(
        vectors={m: np.where(here[m][:, None], v, 0).astype(np.float32) for m, v in vectors.items()},
        present=here, ids=ids, groups=ids if groups is None else groups, spaces={m: f"encoder of {m}" for m in vectors},
        labels=labels, splits=splits,
    )  # fmt: skip


def planted(
    n: int = 200,
    widths: Mapping[str, int] = WIDTHS,
    factors: int = 4,
    noise: float = 0.1,
    seed: int = 0,
    missing: float = 0.0,
    test: float = 0.2,
) -> Embeddings:
    """Each modality = shared factors [n, factors] through its own random map + noise; the last rows are `test`.

    `missing`: share of cells absent, never all of a row but the first train row and the last test row.
    """
    random = np.random.default_rng(seed)
    shared = random.normal(size=(n, factors))
    vectors = {}
    for m, d in widths.items():
        mixing = random.normal(size=(factors, d)) / np.sqrt(factors)
        vectors[m] = shared @ mixing + noise * random.normal(size=(n, d)) + random.normal(size=d)
    mask = random.random((n, len(widths))) >= missing
    mask[~mask.any(axis=1), 0] = True
    if missing:
        mask[[0, -1]] = False
    splits = np.where(np.arange(n) < n * (1 - test), "train", "test").astype(object)
    return embed(vectors, present={m: mask[:, j] for j, m in enumerate(widths)}, splits=splits)


def recall(aligned: Embeddings, src: str, dst: str, rows: np.ndarray, k: int = 1) -> float:
    """Share (0..1) of the rows with both modalities whose own partner is among the k nearest; ties count half."""
    part = aligned.take(rows & aligned.present[src] & aligned.present[dst])
    scores = part.vectors[src] @ part.vectors[dst].T
    correct = part.groups[:, None] == part.groups[None, :]
    best = np.where(correct, scores, -np.inf).max(axis=1, keepdims=True)
    rank = ((scores > best) & ~correct).sum(axis=1) + ((scores == best) & ~correct).sum(axis=1) / 2 + 1
    return float((rank <= k).mean())
