"""Regularised discriminant analysis: a Gaussian a class, its covariance shrunken twice (Friedman 1989).

    S_c(a) = ((1 - a) S_c + a S) / ((1 - a) n_c + a N),    S_c(a, g) = (1 - g) S_c(a) + g tr(S_c(a)) / d  I

S_c: scatter of class c about its mean, S: the sum of all, n_c and N: rows. a = 1 is linear discriminant analysis with
a shrunken covariance; below, each class keeps a shape of its own and the scores are quadratic.
"""

from __future__ import annotations

import numpy as np

from mmexplore.models.experts.experts import Expert

# (a, g): how far the classes share one covariance, how far it is a ball
LINEAR = tuple((1.0, g) for g in (0.05, 0.2, 0.5))
QUADRATIC = tuple((a, g) for a in (0.6, 0.3) for g in (0.05, 0.2, 0.5))
MOST_AXES = 128  # quadratic scores are taken along the principal axes of wide vectors
MOST_NUMBERS = 4_000_000  # classes x axes x axes: above, the classes are too many for a covariance each


def fit_discriminants(
    x: np.ndarray, y: np.ndarray, n_classes: int, only: tuple[float, float] | None = None
) -> dict[tuple[float, float], Expert]:
    """(a, g) -> expert, for `LINEAR` and `QUADRATIC` (or `only` one of them).

    Args:
        x: standardised [N, d].  y: class codes [N]. Empty where every class has a single row, or there is one class;
            without `QUADRATIC` where a class has no row or the classes are too many.
    """
    seen, codes = np.unique(y, return_inverse=True)
    if len(seen) < 2 or len(y) <= len(seen):
        return {}
    x = x.astype(np.float64)
    wanted = [*LINEAR, *QUADRATIC] if only is None else [only]
    linear = _linear(x, codes, [g for a, g in wanted if a == 1])
    found = {pair: expert.spread(seen, n_classes, len(y)) for pair, expert in linear.items()}
    quadratic = [pair for pair in wanted if pair[0] < 1]
    if quadratic and len(seen) == n_classes and n_classes * min(x.shape[1], MOST_AXES) ** 2 <= MOST_NUMBERS:
        found |= _quadratic(x, codes, quadratic)
    return found


def _within(x: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(class means [C, d], rows minus the mean of their class [N, d], log class shares [C])."""
    counts = np.bincount(codes)
    means = np.zeros((len(counts), x.shape[1]))
    np.add.at(means, codes, x)
    means /= counts[:, None]
    return means, x - means[codes], np.log(counts / len(x))


def _linear(x: np.ndarray, codes: np.ndarray, shrinkages: list[float]) -> dict[tuple[float, float], Expert]:
    """One covariance for all classes: scores are linear."""
    means, rest, log_share = _within(x, codes)
    scatter = rest.T @ rest / len(x)
    found = {}
    for g in shrinkages:
        weight = np.linalg.solve(_shrunken(scatter, g), means.T)
        found[1.0, g] = Expert(weight, log_share - 0.5 * (means.T * weight).sum(0))
    return found


def _shrunken(covariance: np.ndarray, g: float) -> np.ndarray:
    d = len(covariance)
    return (1 - g) * covariance + (g * np.trace(covariance) / d + 1e-9) * np.eye(d)


def _quadratic(
    x: np.ndarray, codes: np.ndarray, wanted: list[tuple[float, float]]
) -> dict[tuple[float, float], Expert]:
    """A covariance a class: score = log share - (log det S_c + |S_c^-1/2 (x - mean_c)|^2) / 2, spelt out in x."""
    axes = None
    if x.shape[1] > MOST_AXES:
        axes = np.linalg.eigh(x.T @ x)[1][:, ::-1][:, :MOST_AXES]
        x = x @ axes
    means, rest, log_share = _within(x, codes)
    n_classes, d = means.shape
    scatters = np.stack([rest[codes == c].T @ rest[codes == c] for c in range(n_classes)])
    pooled, counts = scatters.sum(0), np.bincount(codes)
    roots = {pair: np.empty((n_classes, d, d)) for pair in wanted}
    biases = {pair: log_share.copy() for pair in wanted}
    for a in {a for a, _ in wanted}:
        for c in range(n_classes):
            shared = ((1 - a) * scatters[c] + a * pooled) / ((1 - a) * counts[c] + a * len(x))
            values, vectors = np.linalg.eigh(shared)
            for g in [g for other, g in wanted if other == a]:
                variances = (1 - g) * np.maximum(values, 0) + g * values.mean() + 1e-9
                roots[a, g][c] = vectors / np.sqrt(variances)
                biases[a, g][c] -= 0.5 * np.log(variances).sum()
    found = {}
    for pair, root in roots.items():
        centre = np.einsum("cd,cdk->ck", means, root)
        weight = np.einsum("cdk,ck->dc", root, centre)
        found[pair] = Expert(weight, biases[pair] - 0.5 * (centre**2).sum(1), root, axes)
    return found
