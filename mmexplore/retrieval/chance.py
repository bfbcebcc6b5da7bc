"""What a random order of the gallery would score: exact, for any number of correct items."""

from __future__ import annotations

import numpy as np


def chance_hit(n_correct: np.ndarray, n_gallery: int, k: int) -> float:
    """Mean probability (0..1) that a random order has a correct item among the first k (hypergeometric).

    1 - C(G - r, k) / C(G, k) for a query with r = `n_correct` of G = `n_gallery` items correct.
    """
    return float(1 - _survival(np.asarray(n_correct), n_gallery, np.array([k]))[:, 0].mean())


def chance_mrr(n_correct: np.ndarray, n_gallery: int) -> float:
    """Mean of 1 / rank (0..1) of the best correct item in a random order: sum over k of P(rank = k) / k."""
    places = np.arange(n_gallery + 1)
    values, counts = np.unique(n_correct, return_counts=True)
    survival = _survival(values, n_gallery, places)
    expected = ((survival[:, :-1] - survival[:, 1:]) / places[1:]).sum(axis=1)
    return float(np.average(expected, weights=counts))


def chance_median_rank(n_correct: np.ndarray, n_gallery: int) -> float:
    """Median rank over queries in a random order: the least k with P(rank <= k) >= 1/2, halves averaged."""
    values, counts = np.unique(n_correct, return_counts=True)
    reached = 1 - np.average(_survival(values, n_gallery, np.arange(n_gallery + 1)), axis=0, weights=counts)
    low = int(np.searchsorted(reached, 0.5 - 1e-12))
    high = int(np.searchsorted(reached, 0.5 + 1e-12))
    return (low + min(high, n_gallery)) / 2


def chance_average_precision(n_correct: np.ndarray, n_gallery: int) -> float:
    """Mean average precision (0..1) of a random order: (H_G + (r - 1)(G - H_G) / (G - 1)) / G, mean over queries."""
    if n_gallery <= 1:
        return 1.0
    harmonic = (1 / np.arange(1, n_gallery + 1)).sum()
    r = np.asarray(n_correct, float)
    return float(np.mean((harmonic + (r - 1) * (n_gallery - harmonic) / (n_gallery - 1)) / n_gallery))


def _survival(n_correct: np.ndarray, n_gallery: int, places: np.ndarray) -> np.ndarray:
    """P(no correct item among the first k) for each r and each k of `places`: [len(n_correct), len(places)]."""
    from scipy.special import gammaln

    values, inverse = np.unique(n_correct, return_inverse=True)
    r, k, n = values[:, None].astype(float), np.minimum(places, n_gallery)[None].astype(float), float(n_gallery)
    left = n - r - k  # wrong items that are left over; negative: some correct item must be among the first k
    log = gammaln(n - r + 1) - gammaln(np.maximum(left, 0) + 1) - gammaln(n + 1) + gammaln(n - k + 1)
    return np.where(left >= 0, np.exp(np.minimum(log, 0)), 0.0)[inverse]
