"""How good a fusion is on rows it has not seen: always beside what each modality does alone, and chance."""

from __future__ import annotations

import numpy as np

from mmexplore.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.fusion import _experts as experts
from mmexplore.fusion.base import Fusion
from mmexplore.fusion.baselines import baseline_answers
from mmexplore.fusion.score import FusionScore, entry, in_train, scored_rows
from mmexplore.fusion.targets import Targets, read_targets
from mmexplore.fusion.view_scores import contrastive_score, reconstruction_score
from mmexplore.runtime import rng

__all__ = ["FusionScore", "evaluate_fusion"]

MOST_BASELINE_ROWS = 4000  # a baseline is fitted on this many train rows at most (drawn once, seeded)
MOST_VIEWS = 5000  # self-supervised scores compare this many held-out rows at most


def evaluate_fusion(fusion: Fusion, embeddings: Embeddings, seed: int = 0, probe: bool = False) -> FusionScore:
    """Score a fitted fusion by its own objective.

    Args:
        embeddings: those of the fit, train rows included (the baselines are fitted on them).
        probe: judge the fused vectors by the labels instead, through a logistic (ridge) regression fitted on the train
            rows: how a self-supervised or generative method compares with the others.

    Raises:
        UserError: no row to score.
    """
    objective = fusion.objective_
    if probe and objective not in ("classification", "regression"):
        if embeddings.target_kind is None:
            raise UserError("there are no labels to probe with", "evaluate", "give a label column")
        return _predictive(fusion, embeddings, embeddings.target_kind, seed, probe=True)
    if objective in ("classification", "regression"):
        return _predictive(fusion, embeddings, objective, seed, probe=False)
    rows, which = scored_rows(embeddings, np.asarray(embeddings.mask.any(1)))
    rows = np.sort(rng(seed).choice(rows, min(len(rows), MOST_VIEWS), replace=False))
    if objective == "contrastive":
        return contrastive_score(fusion, embeddings.take(rows), which, seed)
    return reconstruction_score(fusion, embeddings, rows, which, seed)


def _predictive(fusion: Fusion, embeddings: Embeddings, objective: str, seed: int, probe: bool) -> FusionScore:
    targets = read_targets(embeddings, objective)
    known: np.ndarray = targets.usable
    if objective == "classification" and embeddings.labels is not None:
        known = known | (embeddings.labels.astype(str) != "")  # a class that train lacks counts as a miss
    rows, which = scored_rows(embeddings, known)
    fitted = np.flatnonzero(targets.usable & in_train(embeddings))
    fitted = np.sort(rng(seed).choice(fitted, min(len(fitted), MOST_BASELINE_ROWS), replace=False))
    test, groups = embeddings.take(rows), embeddings.groups[rows]
    truth, centre = targets.codes[rows], float(targets.codes[fitted].mean())

    def rate(answer: np.ndarray) -> np.ndarray:
        """How well each row was answered: right or not, or 1 - e^2 / variance (its mean is R^2)."""
        if objective == "classification":
            return (answer.argmax(1) == truth).astype(float)
        return 1 - (answer[:, 0] - truth) ** 2 / max(float(np.mean((truth - centre) ** 2)), 1e-12)

    answer = _probe(fusion, embeddings, targets, fitted, rows) if probe else _predicted(fusion, test, targets)
    fused = entry(rate(answer), groups, seed)
    others = baseline_answers(embeddings, test, targets, fitted)
    baselines = {name: entry(rate(said), groups, seed) for name, said in others.items()}
    chance, metric = 0.0, "r2"
    if objective == "classification":
        chance, metric = float((truth == np.bincount(targets.codes[fitted]).argmax()).mean()), "accuracy"
    metric += " (linear probe)" if probe else ""
    return FusionScore(metric, fused["score"], fused["interval"], baselines, chance, which, len(rows))


def _predicted(fusion: Fusion, test: Embeddings, targets: Targets) -> np.ndarray:
    """The fusion's own answer, [N, C] in the order of `targets.classes`, or [N, 1]."""
    answer = np.asarray(fusion.predict(test), np.float64)
    if targets.classes is None or fusion.classes_ is None:
        return answer.reshape(len(test), -1)
    place = {c: j for j, c in enumerate(fusion.classes_)}
    ordered = np.zeros((len(test), len(targets.classes)))
    for j, c in enumerate(targets.classes):  # a class the fusion was not fitted to has probability 0
        if c in place:
            ordered[:, j] = answer[:, place[c]]
    return ordered


def _probe(
    fusion: Fusion, embeddings: Embeddings, targets: Targets, fitted: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    """What a linear regression on the fused vectors says of `rows`."""
    vectors = fusion.transform(embeddings)
    mean, sd = vectors[fitted].mean(0), vectors[fitted].std(0)
    vectors = (vectors - mean) / np.maximum(sd, 1e-6 + 0.01 * sd.mean())
    y = targets.codes[fitted]
    if targets.classes is None:
        return experts.fit_regressor(vectors[fitted], y).scores(vectors[rows])
    return experts.fit_classifier(vectors[fitted], y, len(targets.classes)).scores(vectors[rows])
