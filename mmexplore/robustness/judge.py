"""How a fused answer is judged on fixed rows while cells are taken away: by the labels, else by finding itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from mmexplore.data.embeddings import Embeddings, unit
from mmexplore.models.fusion.base import Fusion
from mmexplore.runtime import rng
from mmexplore.scores.baselines import fit_baselines
from mmexplore.scores.exam import exam, fit_probe, predicted
from mmexplore.scores.score import scored_rows
from mmexplore.scores.view_scores import find_ranks

MOST_VIEWS = 5000  # without labels at most this many rows must find themselves among one another (drawn once, seeded)
BEST_SINGLE, LATE_PRODUCT = "best single modality", "late product"

#: the judged rows, with holes -> how well each was answered, float [n]
Ask = Callable[[Embeddings], np.ndarray]


class Judge(ABC):
    """Attributes: metric; chance; rows int [n] (judged positions); which ("test", "held-out", "all"); whole (those
    rows with nothing taken away); part bool [N] (the judged rows, as a mask)."""

    metric: str
    chance: float
    which: str

    def __init__(self, embeddings: Embeddings, rows: np.ndarray) -> None:
        self.rows, self.whole = rows, embeddings.take(rows)
        self.part = np.zeros(len(embeddings), bool)
        self.part[rows] = True

    @abstractmethod
    def ask(self, fusion: Fusion, fitted_on: Embeddings) -> Ask:
        """How this fusion answers; `fitted_on` are the embeddings of its fit, with the holes of its train rows."""

    @abstractmethod
    def references(self, fitted_on: Embeddings) -> Callable[[Embeddings], dict[str, np.ndarray]]:
        """How the references answer, fitted to the same train rows: name -> float [n]."""


class PredictionJudge(Judge):
    """By the class or number that is predicted, as `evaluate_fusion` does: with nothing hidden the same score.

    A fusion with another objective is judged through a linear probe on its fused vectors.
    """

    def __init__(self, embeddings: Embeddings, seed: int = 0) -> None:
        assert embeddings.target_kind is not None
        self.exam = exam(embeddings, embeddings.target_kind, seed)
        super().__init__(embeddings, self.exam.rows)
        self.metric, self.chance, self.which = self.exam.metric, self.exam.chance, self.exam.which

    def ask(self, fusion: Fusion, fitted_on: Embeddings) -> Ask:
        if fusion.objective_ == self.exam.objective:
            return lambda test: self.exam.rate(predicted(fusion, test, self.exam.targets))
        probe = fit_probe(fusion, fitted_on, self.exam)
        return lambda test: self.exam.rate(probe(test))

    def references(self, fitted_on: Embeddings) -> Callable[[Embeddings], dict[str, np.ndarray]]:
        """Each modality alone, and the late product; `early concat` is left out: the fusion `concat` is that."""
        fitted = fit_baselines(fitted_on, self.exam.targets, self.exam.fitted)
        kept = [*fitted_on.modalities, LATE_PRODUCT]
        return lambda test: {m: self.exam.rate(said) for m, said in fitted.answers(test).items() if m in kept}


class FindingJudge(Judge):
    """Without labels: an item with holes must find itself whole, by its fused vector, among all judged items.

    Ties count half, so that items of which nothing is left find each other no better than by chance.
    """

    metric = "recall@1"

    def __init__(self, embeddings: Embeddings, seed: int = 0) -> None:
        rows, self.which = scored_rows(embeddings, np.asarray(embeddings.mask.any(1)))
        rows = np.sort(rng(seed).choice(rows, min(len(rows), MOST_VIEWS), replace=False))
        super().__init__(embeddings, rows)
        self.groups = self.whole.group_codes
        self.chance = float(np.mean(np.bincount(self.groups)[self.groups])) / len(rows)

    def ask(self, fusion: Fusion, fitted_on: Embeddings) -> Ask:
        full = unit(fusion.transform(self.whole))
        return lambda test: (find_ranks(unit(fusion.transform(test)), full, self.groups, self.groups) <= 1).astype(
            float
        )

    def references(self, fitted_on: Embeddings) -> Callable[[Embeddings], dict[str, np.ndarray]]:
        """None: one modality and a fused vector lie in different spaces."""
        return lambda test: {}


def judge_of(embeddings: Embeddings, seed: int = 0) -> Judge:
    """By the labels where there are any, else by finding itself.

    Raises:
        UserError: no row to judge.
    """
    return FindingJudge(embeddings, seed) if embeddings.target_kind is None else PredictionJudge(embeddings, seed)
