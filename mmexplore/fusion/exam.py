"""The rows a fusion is judged on, what is right there, and what the baselines answer: set once, put to many."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from mmexplore.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.fusion import _experts as experts
from mmexplore.fusion.base import Fusion
from mmexplore.fusion.baselines import baseline_answers
from mmexplore.fusion.score import FusionScore, entry, in_train, scored_rows
from mmexplore.fusion.targets import Targets, read_targets
from mmexplore.runtime import rng

MOST_BASELINE_ROWS = 4000  # a baseline is fitted on this many train rows at most (drawn once, seeded)


class Exam:
    """A labelled task: the scored rows as they are and, where `holes` are given, once more with those cells missing.

    Args:
        embeddings: those of the fit, train rows included (the baselines are fitted on them).
        objective: "classification" or "regression".
        holes: bool [N, M], cells to take away (see `missing.draw_missing`).

    Attributes:
        rows: int [n], the scored rows; which: their name (see `score.scored_rows`).  groups: [n].
        asked: what is put to a fusion, [n] rows or, with holes, [2 n].
        metric: "accuracy" or "r2".  chance: what an answer without any input scores.

    Raises:
        UserError: no row to score, or none to learn from.
    """

    def __init__(self, embeddings: Embeddings, objective: str, seed: int = 0, holes: np.ndarray | None = None) -> None:
        self.embeddings, self.objective, self.seed = embeddings, objective, seed
        self.targets: Targets = read_targets(embeddings, objective)
        known: np.ndarray = self.targets.usable
        if objective == "classification" and embeddings.labels is not None:
            known = known | (embeddings.labels.astype(str) != "")  # a class that train lacks counts as a miss
        self.rows, self.which = scored_rows(embeddings, known)
        fitted = np.flatnonzero(self.targets.usable & in_train(embeddings))
        self.fitted = np.sort(rng(seed).choice(fitted, min(len(fitted), MOST_BASELINE_ROWS), replace=False))
        self.groups = embeddings.groups[self.rows]
        self.asked, self.truth = embeddings.take(self.rows), self.targets.codes[self.rows]
        if holes is not None:
            whole = np.zeros((len(self.rows), len(embeddings.modalities)), bool)
            self.asked = embeddings.take(np.tile(self.rows, 2)).hide(np.concatenate([whole, holes[self.rows]]))
            self.truth = np.tile(self.truth, 2)
        self.metric, self.chance = "r2", 0.0
        if objective == "classification":
            commonest = np.bincount(self.targets.codes[self.fitted]).argmax()
            self.metric, self.chance = "accuracy", float((self.truth == commonest).mean())

    def rate(self, answer: np.ndarray) -> np.ndarray:
        """How well each row of `asked` was answered [., C]: right or not, or 1 - e^2 / variance (its mean is R^2)."""
        if self.objective == "classification":
            return (answer.argmax(1) == self.truth).astype(float)
        centre = float(self.targets.codes[self.fitted].mean())
        return 1 - (answer[:, 0] - self.truth) ** 2 / max(float(np.mean((self.truth - centre) ** 2)), 1e-12)

    @cached_property
    def baselines(self) -> dict[str, np.ndarray]:
        """Name -> `rate` of each baseline (see `baselines.baseline_answers`)."""
        said = baseline_answers(self.embeddings, self.asked, self.targets, self.fitted)
        return {name: self.rate(answer) for name, answer in said.items()}

    def rates(self, fusion: Fusion, probe: bool = False) -> np.ndarray:
        """`rate` of a fitted fusion; with `probe` of a linear regression on its fused vectors."""
        return self.rate(self._probed(fusion) if probe else self._predicted(fusion))

    def score(self, rates: np.ndarray, probe: bool = False) -> FusionScore:
        """The rates of one fusion on the whole rows, beside the baselines'."""
        n = len(self.rows)
        fused = entry(rates[:n], self.groups, self.seed)
        others = {name: entry(said[:n], self.groups, self.seed) for name, said in self.baselines.items()}
        metric = self.metric + (" (linear probe)" if probe else "")
        return FusionScore(metric, fused["score"], fused["interval"], others, self.chance, self.which, n)

    def _predicted(self, fusion: Fusion) -> np.ndarray:
        """The fusion's own answer, [., C] in the order of `targets.classes`, or [., 1]."""
        answer = np.asarray(fusion.predict(self.asked), np.float64)
        classes = self.targets.classes
        if classes is None or fusion.classes_ is None:
            return answer.reshape(len(self.asked), -1)
        place = {c: j for j, c in enumerate(fusion.classes_)}
        ordered = np.zeros((len(self.asked), len(classes)))
        for j, c in enumerate(classes):  # a class the fusion was not fitted to has probability 0
            if c in place:
                ordered[:, j] = answer[:, place[c]]
        return ordered

    def _probed(self, fusion: Fusion) -> np.ndarray:
        """What a linear regression on the fused vectors says."""
        vectors = fusion.transform(self.embeddings.take(self.fitted))
        mean, sd = vectors.mean(0), vectors.std(0)
        spread = np.maximum(sd, 1e-6 + 0.01 * sd.mean())
        asked = (fusion.transform(self.asked) - mean) / spread
        y, classes = self.targets.codes[self.fitted], self.targets.classes
        if classes is None:
            return experts.fit_regressor((vectors - mean) / spread, y).scores(asked)
        return experts.fit_classifier((vectors - mean) / spread, y, len(classes)).scores(asked)


def probe_objective(embeddings: Embeddings) -> str:
    """What a probe of fused vectors is fitted to; UserError where there are no labels."""
    if embeddings.target_kind is None:
        raise UserError("there are no labels to probe with", "evaluate", "give a label column")
    return embeddings.target_kind
