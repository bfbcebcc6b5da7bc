"""Weights over experts, fitted on what they say held out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmexplore.models.experts.experts import log_softmax
from mmexplore.runtime import rng

MASKS = 4  # copies of the held-out rows with random subsets hidden: the rule has to serve any subset


def with_random_subsets(
    said: np.ndarray, present: np.ndarray, y: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows as they are, and `MASKS` copies in which each present modality stays with p = 1/2 (at least one)."""
    draw = rng(seed).random((MASKS, *present.shape))
    draw = np.where(present, draw, -1)
    kept = (draw > 0.5) | (draw == draw.max(2, keepdims=True))
    shown = np.concatenate([present, *(kept & present)])
    return np.tile(said, (MASKS + 1, 1, 1)) * shown[:, :, None], shown, np.tile(y, MASKS + 1)


def fit_simplex(loss: Callable[[np.ndarray, float], float], n_modalities: int, n_rows: int) -> tuple[np.ndarray, float]:
    """(weights [M] on the simplex, factor > 0) that minimise `loss(weights, factor)`.

    Both are pulled towards equal weights and factor 1, as strongly as one row would: few rows keep the plain rule.
    """
    from scipy.optimize import minimize

    def weights(free: np.ndarray) -> np.ndarray:
        return np.exp(log_softmax(free[:-1]))

    def objective(free: np.ndarray) -> float:
        return loss(weights(free), float(np.exp(free[-1]))) + float((free**2).sum()) / n_rows

    found = minimize(objective, np.zeros(n_modalities + 1), method="L-BFGS-B", options={"maxiter": 60})
    return weights(found.x), float(np.exp(found.x[-1]))
