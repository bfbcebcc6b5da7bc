"""Which rows an answer is judged on, what is right there, and how an answer becomes a rate a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import train_rows
from mmexplore.models.experts import experts
from mmexplore.models.fusion.base import Fusion
from mmexplore.models.targets import Targets, known_labels, read_targets
from mmexplore.runtime import rng
from mmexplore.scores.score import scored_rows

MOST_BASELINE_ROWS = 4000  # a baseline or a probe is fitted on this many train rows at most (drawn once, seeded)


@dataclass(frozen=True)
class Exam:
    """Predictions of a class or a number, judged row by row.

    Attributes:
        objective: "classification" or "regression".  targets: of all rows.
        rows: int [n], positions that are judged.  which: their name, as `scored_rows` gives it.
        fitted: int [...], train rows that baselines and probes are fitted on.
    """

    objective: str
    targets: Targets
    rows: np.ndarray
    which: str
    fitted: np.ndarray

    def rate(self, answer: np.ndarray) -> np.ndarray:
        """How well each judged row was answered, float [n]: right or not, or 1 - e^2 / variance (its mean is R^2).

        Args:
            answer: [n, C] in the order of `targets.classes`, or [n, 1].
        """
        truth = self.targets.codes[self.rows]
        if self.objective == "classification":
            return (answer.argmax(1) == truth).astype(float)
        centre = float(self.targets.codes[self.fitted].mean())
        return 1 - (answer[:, 0] - truth) ** 2 / max(float(np.mean((truth - centre) ** 2)), 1e-12)

    @property
    def metric(self) -> str:
        return "accuracy" if self.objective == "classification" else "r2"

    @property
    def chance(self) -> float:
        """What the most frequent class of the train rows (or their mean) scores."""
        if self.objective == "regression":
            return 0.0
        codes = self.targets.codes
        return float((codes[self.rows] == np.bincount(codes[self.fitted]).argmax()).mean())


def exam(embeddings: Embeddings, objective: str, seed: int = 0) -> Exam:
    """The exam of these embeddings: see `scored_rows` for which rows are judged.

    Raises:
        UserError: no fitting labels, or no row to score.
    """
    targets = read_targets(embeddings, objective)
    known: np.ndarray = targets.usable
    if objective == "classification" and embeddings.labels is not None:
        known = known | known_labels(embeddings.labels)  # a class that train lacks counts as a miss
    rows, which = scored_rows(embeddings, known)
    fitted = np.flatnonzero(targets.usable & train_rows(embeddings))
    fitted = np.sort(rng(seed).choice(fitted, min(len(fitted), MOST_BASELINE_ROWS), replace=False))
    return Exam(objective, targets, rows, which, fitted)


def predicted(fusion: Fusion, test: Embeddings, targets: Targets) -> np.ndarray:
    """The fusion's own answer, [n, C] in the order of `targets.classes`, or [n, 1]."""
    answer = np.asarray(fusion.answers(test), np.float64)
    if targets.classes is None or fusion.classes_ is None:
        return answer.reshape(len(test), -1)
    place = {str(c): j for j, c in enumerate(fusion.classes_)}
    ordered = np.zeros((len(test), len(targets.classes)))
    for j, c in enumerate(targets.classes):  # a class the fusion was not fitted to has probability 0
        if str(c) in place:
            ordered[:, j] = answer[:, place[str(c)]]
    return ordered


def fit_probe(fusion: Fusion, embeddings: Embeddings, asked: Exam) -> Callable[[Embeddings], np.ndarray]:
    """A linear regression on the fused vectors of the train rows: test rows -> its answer [n, C] or [n, 1]."""
    answer = probe_vectors(fusion.transform(embeddings.take(asked.fitted)), asked)
    return lambda test: answer(fusion.transform(test))


def probe_vectors(vectors: np.ndarray, asked: Exam) -> Callable[[np.ndarray], np.ndarray]:
    """The same on vectors [len(asked.fitted), d] of the fitted rows: other rows' vectors -> its answer."""
    mean, sd = vectors.mean(0), vectors.std(0)
    spread = np.maximum(sd, 1e-6 + 0.01 * sd.mean())
    y, classes = asked.targets.codes[asked.fitted], asked.targets.classes
    x = (vectors - mean) / spread
    expert = experts.fit_regressor(x, y) if classes is None else experts.fit_classifier(x, y, len(classes))
    return lambda others: expert.scores((others - mean) / spread)
