"""What the codes of a generative model say about labels: one regression on the codes of the train rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.experts.experts import Expert, fit_classifier, fit_regressor
from mmexplore.models.targets import Targets
from mmexplore.runtime import rng

COPIES = 4  # each train row is also shown with random subsets hidden: the head has to serve any subset
STRENGTH = 0.1  # scikit-learn's C; the codes are few numbers and the copies are not independent rows


def fit_head(
    codes: Callable[[Embeddings], np.ndarray], embeddings: Embeddings, targets: Targets, rows: np.ndarray, seed: int
) -> Expert:
    """Logistic (ridge) regression on the codes of `rows`, in full and with random subsets hidden.

    Args:
        codes: embeddings -> fused vectors [N, L].  rows: positions with a target and at least one modality.
    """
    known = embeddings.take(rows)
    copies = [known, *(known.hide(~shown) for shown in random_subsets(known.mask, COPIES, seed))]
    x = np.concatenate([codes(copy) for copy in copies]).astype(np.float64)
    y = np.tile(targets.codes[rows], len(copies))
    mean, spread = x.mean(0), x.std(0)
    spread = np.maximum(spread, 0.01 * np.sqrt(np.mean(spread**2)) or 1.0)
    x = (x - mean) / spread
    head = fit_regressor(x, y) if targets.classes is None else fit_classifier(x, y, len(targets.classes), STRENGTH)
    weight = head.weight / spread[:, None]
    return Expert(weight, head.bias - mean @ weight)


def random_subsets(present: np.ndarray, copies: int, seed: int) -> np.ndarray:
    """bool [copies, N, M]: each present modality stays with p = 1/2, at least one does."""
    draw = np.where(present, rng(seed).random((copies, *present.shape)), -1.0)
    return present & ((draw > 0.5) | (draw == draw.max(2, keepdims=True)))
