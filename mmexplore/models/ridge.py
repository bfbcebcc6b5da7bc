"""Ridge regression in closed form (Hoerl and Kennard 1970)."""

from __future__ import annotations

import numpy as np


def ridge(x: np.ndarray, y: np.ndarray, penalty: float) -> np.ndarray:
    """float64 [d, k]: the W that makes |x W - y|^2 + penalty |W|^2 least.

    Solved in features or, where rows are fewer, in rows: (X'X + p I)^-1 X'y = X'(X X' + p I)^-1 y.

    Args:
        x: [N, d].  y: [N, k]. Both centred where there is an intercept.
        penalty: above 0, in the units of a sum over rows.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    n, d = x.shape
    if d <= n:
        return np.linalg.solve(x.T @ x + penalty * np.eye(d), x.T @ y)
    return x.T @ np.linalg.solve(x @ x.T + penalty * np.eye(n), y)
