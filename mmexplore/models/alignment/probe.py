"""Can a stranger still tell which modality a vector came from? A fresh classifier on frozen vectors."""

from __future__ import annotations

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import draw_split
from mmexplore.runtime import NOT_CONVERGED, rng

MOST_ROWS = 2000  # of each modality
FEWEST_ROWS = 20  # of each modality, below which the answer would be chance


def probe_accuracy(embeddings: Embeddings, rows: np.ndarray, seed: int = 0) -> float | None:
    """Balanced accuracy (0..1; chance 1/M) of telling modalities apart by their vectors, all of one width.

    A small neural network that has seen nothing of the fit is trained on half of `rows` (by group) and read on the
    other half, then the halves change places. The adversary's own discriminator proves nothing here: it may have
    been outrun rather than fooled.

    Args:
        rows: bool [N], rows that the alignment was not fitted on.

    Returns:
        mean over modalities of the share recognised, or None with fewer than 20 vectors of a modality in `rows`.
    """
    part = embeddings.take(rows)
    if min(int(p.sum()) for p in part.present.values()) < FEWEST_ROWS:
        return None
    first = draw_split(part, held_out=0.5, seed=seed) == "test"
    recalls = [_recalls(part.take(fit), part.take(~fit), seed) for fit in (first, ~first)]
    return float(np.mean(recalls))


def _recalls(fit: Embeddings, read: Embeddings, seed: int) -> np.ndarray:
    """float [M]: share of each modality's vectors in `read` that a network trained on `fit` recognises."""
    from sklearn.neural_network import MLPClassifier
    from sklearn.preprocessing import StandardScaler

    x, y = _stacked(fit, seed)
    scaler = StandardScaler().fit(x)
    probe = MLPClassifier(
        (64,),
        alpha=1e-2,
        max_iter=60,
        learning_rate_init=3e-3,
        random_state=seed,
        early_stopping=len(x) >= 200,
        n_iter_no_change=8,
    )
    with NOT_CONVERGED:  # 60 rounds are the budget of the probe
        probe.fit(scaler.transform(x), y)
    x, y = _stacked(read, seed)
    hit = probe.predict(scaler.transform(x)) == y
    return np.array([hit[y == j].mean() for j in range(len(read.modalities))])


def _stacked(embeddings: Embeddings, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(vectors [n, K], modality index [n]), as many of each modality, at most MOST_ROWS."""
    random = rng(seed)
    here = [np.flatnonzero(p) for p in embeddings.present.values()]
    n = min(MOST_ROWS, *(len(h) for h in here))
    chosen = [random.permutation(h)[:n] for h in here]
    x = np.concatenate([v[c] for v, c in zip(embeddings.vectors.values(), chosen, strict=True)])
    return x.astype(np.float64), np.repeat(np.arange(len(chosen)), n)
