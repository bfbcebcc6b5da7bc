"""An exam set once and put to many fusions: the rows as they are and, where there are holes, once more with them."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from mmexplore.embeddings import Embeddings
from mmexplore.fusion.base import Fusion
from mmexplore.fusion.baselines import baseline_answers
from mmexplore.fusion.exam import exam, fit_probe, predicted
from mmexplore.fusion.score import FusionScore, entry


class Sitting:
    """A labelled task (see `exam.exam`) with what every fusion that takes it shares.

    Args:
        embeddings: those of the fit, train rows included (the baselines are fitted on them).
        objective: "classification" or "regression".
        holes: bool [N, M], cells to take away (see `missing.draw_missing`).

    Attributes:
        exam: the exam.  rows, which, metric, chance: the exam's.  groups: [n].
        asked: what is put to a fusion, [n] rows or, with holes, [2 n].

    Raises:
        UserError: no row to score, or none to learn from.
    """

    def __init__(self, embeddings: Embeddings, objective: str, seed: int = 0, holes: np.ndarray | None = None) -> None:
        self.embeddings, self.seed, self.exam = embeddings, seed, exam(embeddings, objective, seed)
        self.rows, self.which = self.exam.rows, self.exam.which
        self.metric, self.chance = self.exam.metric, self.exam.chance
        self.groups, self.asked = embeddings.groups[self.rows], embeddings.take(self.rows)
        if holes is not None:
            whole = np.zeros((len(self.rows), len(embeddings.modalities)), bool)
            twice = embeddings.take(np.tile(self.rows, 2))
            self.asked = twice.hide(np.concatenate([whole, holes[self.rows]]))

    def rate(self, answer: np.ndarray) -> np.ndarray:
        """How well each row of `asked` was answered [., C], as `Exam.rate` says."""
        return np.concatenate([self.exam.rate(part) for part in np.split(answer, len(answer) // len(self.rows))])

    @cached_property
    def baselines(self) -> dict[str, np.ndarray]:
        """Name -> `rate` of each baseline (see `baselines.baseline_answers`)."""
        said = baseline_answers(self.embeddings, self.asked, self.exam.targets, self.exam.fitted)
        return {name: self.rate(answer) for name, answer in said.items()}

    def rates(self, fusion: Fusion, probe: bool = False) -> np.ndarray:
        """`rate` of a fitted fusion; with `probe` of a linear regression on its fused vectors."""
        if probe:
            return self.rate(fit_probe(fusion, self.embeddings, self.exam)(self.asked))
        return self.rate(predicted(fusion, self.asked, self.exam.targets))

    def score(self, rates: np.ndarray, probe: bool = False) -> FusionScore:
        """The rates of one fusion on the whole rows, beside the baselines'."""
        n = len(self.rows)
        fused = entry(rates[:n], self.groups, self.seed)
        others = {name: entry(said[:n], self.groups, self.seed) for name, said in self.baselines.items()}
        metric = self.metric + (" (linear probe)" if probe else "")
        return FusionScore(metric, fused["score"], fused["interval"], others, self.chance, self.which, n)
