"""What a fusion has to beat: each modality alone, early concatenation and the late product, all plain regressions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.experts import experts
from mmexplore.models.standardise import Standard, fit_standard
from mmexplore.models.targets import Targets


@dataclass(frozen=True)
class Baselines:
    """The fitted regressions: one a modality (None where no train row has it), one on all; what is said of nothing.

    neutral: the log class shares [C], or the mean [1].  classes: how many; 0 for a numeric target.
    """

    standard: Standard
    alone: list[experts.Expert | None]
    early: experts.Expert | None
    neutral: np.ndarray
    classes: int

    def answers(self, test: Embeddings) -> dict[str, np.ndarray]:
        """What they say of the rows of `test`: log-probabilities [n, C] or values [n, 1] by name.

        Each modality alone (where it is absent: the class shares, or the mean), "early concat" (one regression on all
        standardised features, zeros where absent) and "late product" (the modalities' log-probabilities added up over
        what is present; for numbers their mean).
        """
        xs, present = self.standard.apply(test)

        def ask(expert: experts.Expert | None, x: np.ndarray) -> np.ndarray:
            if expert is None:
                return np.tile(self.neutral, (len(x), 1))
            return expert.log_proba(x) if self.classes else expert.scores(x)

        answers = {}
        for j, name in enumerate(self.standard.names):
            answers[name] = np.where(present[:, j, None], ask(self.alone[j], xs[j]), self.neutral)
        together = np.stack(list(answers.values()), axis=1) * present[:, :, None]
        answers = {name: answers[name] for name in test.modalities}
        count = present.sum(1)[:, None]
        late = together.sum(1) if self.classes else together.sum(1) / np.maximum(count, 1)
        early = ask(self.early, np.hstack(xs))
        return answers | {"early concat": early, "late product": np.where(count > 0, late, self.neutral)}


def fit_baselines(embeddings: Embeddings, targets: Targets, fitted: np.ndarray) -> Baselines:
    """Fit them on the rows `fitted` (positions)."""
    standard = fit_standard(embeddings, fitted)
    xs, present = standard.apply(embeddings, fitted)
    y = targets.codes[fitted]
    classes = 0 if targets.classes is None else len(targets.classes)

    def fit(x: np.ndarray, y: np.ndarray) -> experts.Expert | None:
        if len(y) == 0:
            return None
        return experts.fit_classifier(x, y, classes) if classes else experts.fit_regressor(x, y)

    alone = [fit(x[present[:, j]], y[present[:, j]]) for j, x in enumerate(xs)]
    neutral = experts.log_prior(y, classes) if classes else np.array([y.mean()])
    return Baselines(standard, alone, fit(np.hstack(xs), y), neutral, classes)


def baseline_answers(
    embeddings: Embeddings, test: Embeddings, targets: Targets, fitted: np.ndarray
) -> dict[str, np.ndarray]:
    """What baselines fitted on the rows `fitted` of `embeddings` say of `test`: see `Baselines.answers`."""
    return fit_baselines(embeddings, targets, fitted).answers(test)
