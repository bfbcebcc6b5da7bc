"""Experts fitted so that what they say of a row never saw that row: the only honest base for weights over experts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmexplore.models.experts import experts
from mmexplore.models.experts.discriminant import LINEAR, QUADRATIC, fit_discriminants
from mmexplore.models.experts.experts import Expert
from mmexplore.runtime import rng

FEW = 500  # below so many rows more parts cost little time
STRENGTHS = (0.1, 1.0, 10.0)
Kind = float | tuple[float, float]  # a logistic regression's strength, or (pooling, shrinkage) of a discriminant
KINDS: tuple[Kind, ...] = (*STRENGTHS, *LINEAR, *QUADRATIC)


@dataclass(frozen=True)
class HeldOutExperts:
    """One expert a modality, and what experts of its kind say of the train rows they were not fitted on.

    experts: fitted on all train rows.  said: float64 [N, M, C], log-probabilities (or values, C = 1), held out;
    zero where absent.  errors: [M], mean held-out log-loss (squared error) of each.
    """

    experts: list[Expert]
    said: np.ndarray
    errors: np.ndarray


def draw_folds(groups: np.ndarray, strata: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    """int [N]: a fold for each row; a group stays whole, and each stratum is dealt out evenly."""
    _, first, inverse = np.unique(groups.astype(str), return_index=True, return_inverse=True)
    order = rng(seed).permutation(len(first))
    order = order[np.argsort(strata[first][order], kind="stable")]
    fold = np.empty(len(first), int)
    fold[order] = np.arange(len(first)) % n_folds
    return fold[inverse]


def fit_held_out(
    xs: list[np.ndarray],
    present: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    n_classes: int,
    n_folds: int,
    seed: int,
) -> HeldOutExperts:
    """Fit an expert a modality, choosing its kind and sharpness by held-out log-loss.

    Args:
        xs: M of standardised [N, d_m].  present: bool [N, M].
        y: class codes [N], or numbers where `n_classes` is 0.
        n_folds: parts the rows are cut into; twice as many where rows are few and a class has fewer than that: an
            expert of one row a class tells little about one of two.
    """
    smallest = np.bincount(y)[np.unique(y)].min() if n_classes else len(y)
    if smallest < n_folds and len(y) < FEW:
        n_folds = 2 * n_folds
    folds = draw_folds(groups, y if n_classes else np.zeros(len(y), int), n_folds, seed)
    fitted, said, errors = [], np.zeros((*present.shape, max(n_classes, 1))), []
    for m, x in enumerate(xs):
        rows = np.flatnonzero(present[:, m])
        if n_classes:
            expert, answer, error = _classifier(x[rows], y[rows], folds[rows], n_classes)
        else:
            expert, answer, error = _regressor(x[rows], y[rows], folds[rows])
        fitted.append(expert)
        said[rows, m] = answer
        errors.append(error)
    return HeldOutExperts(fitted, said, np.array(errors))


def _classifier(x: np.ndarray, y: np.ndarray, folds: np.ndarray, n_classes: int) -> tuple[Expert, np.ndarray, float]:
    """The kind of expert with the lowest held-out log-loss, at its best sharpness; what it says held out [N, C]."""
    logits: dict[Kind, np.ndarray] = {kind: np.zeros((len(y), n_classes)) for kind in KINDS}
    for fold in np.unique(folds):
        out = folds == fold
        found = _fit_kinds(x[~out], y[~out], n_classes)
        logits = {kind: z for kind, z in logits.items() if kind in found}  # a kind must be able to say of every row
        for kind, z in logits.items():
            z[out] = found[kind].scores(x[out])
    best_kind: Kind = STRENGTHS[1]
    best_sharpness, best = 1.0, np.inf
    for kind, z in logits.items():
        sharpness, loss = best_temperature(z, y)
        if loss < best:
            best_kind, best_sharpness, best = kind, sharpness, loss
    if len(y) == 0:
        return Expert(np.zeros((x.shape[1], n_classes)), np.zeros(n_classes)), logits[best_kind], np.log(n_classes)
    expert = _fit_kinds(x, y, n_classes, only=best_kind)[best_kind]
    held_out = np.maximum(experts.log_softmax(best_sharpness * logits[best_kind]), experts.LOWEST)
    return expert.cooled(best_sharpness), held_out, best


def _fit_kinds(x: np.ndarray, y: np.ndarray, n_classes: int, only: Kind | None = None) -> dict[Kind, Expert]:
    """Kind -> expert: logistic regressions by strength, Gaussian ones by what is shared and shrunken."""
    found: dict[Kind, Expert] = {}
    strengths = [s for s in STRENGTHS if only in (None, s)]
    if strengths:
        found |= dict(zip(strengths, experts.fit_classifiers(x, y, n_classes, tuple(strengths)), strict=True))
    if not isinstance(only, float):
        for pair, expert in fit_discriminants(x, y, n_classes, only).items():
            found[pair] = expert
    return found


def best_temperature(logits: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(sharpness, its mean log-loss): the factor on the logits [N, C] that predicts y [N] best.

    Searched from 0.05 to 20, with a pull towards 1 worth one row at a factor of e: few rows cannot say much.
    """
    if len(y) == 0:
        return 1.0, float("inf")
    best, lowest, found = 1.0, np.inf, np.inf
    for log_sharpness in np.linspace(-3, 3, 61):
        log_p = experts.log_softmax(np.exp(log_sharpness) * logits)
        loss = float(-log_p[np.arange(len(y)), y].mean())
        penalised = loss + log_sharpness**2 / len(y)
        if penalised < lowest:
            best, lowest, found = float(np.exp(log_sharpness)), penalised, loss
    return best, found


def _regressor(x: np.ndarray, y: np.ndarray, folds: np.ndarray) -> tuple[Expert, np.ndarray, float]:
    """Ridge regression; held-out values [N, 1] and mean squared error."""
    held_out = np.zeros((len(y), 1))
    for fold in np.unique(folds):
        out = folds == fold
        held_out[out] = experts.fit_regressor(x[~out], y[~out]).scores(x[out])
    error = float(((held_out[:, 0] - y) ** 2).mean()) if len(y) else float("inf")
    return experts.fit_regressor(x, y), held_out, error
