"""What a fusion has to beat: each modality alone, early concatenation and the late product, all plain regressions."""

from __future__ import annotations

import numpy as np

from mmexplore.embeddings import Embeddings
from mmexplore.fusion import _experts as experts
from mmexplore.fusion.standardise import fit_standard
from mmexplore.fusion.targets import Targets


def baseline_answers(
    embeddings: Embeddings, test: Embeddings, targets: Targets, fitted: np.ndarray
) -> dict[str, np.ndarray]:
    """What the baselines say of the rows of `test`: log-probabilities [N, C] or values [N, 1] by name.

    Each modality alone (where it is absent: the class shares, or the mean), "early concat" (one regression on all
    standardised features, zeros where absent) and "late product" (the modalities' log-probabilities added up over
    what is present; for numbers their mean).
    """
    standard = fit_standard(embeddings, fitted)
    xs, present = standard.apply(embeddings, fitted)
    test_xs, test_present = standard.apply(test)
    y = targets.codes[fitted]
    classes = targets.classes
    neutral = np.array([y.mean()]) if classes is None else experts.log_prior(y, len(classes))

    def fit_and_ask(x: np.ndarray, y: np.ndarray, asked: np.ndarray) -> np.ndarray:
        if len(y) == 0:
            return np.tile(neutral, (len(asked), 1))
        if classes is None:
            return experts.fit_regressor(x, y).scores(asked)
        return experts.fit_classifier(x, y, len(classes)).log_proba(asked)

    answers = {}
    for j, name in enumerate(standard.names):
        said = fit_and_ask(xs[j][present[:, j]], y[present[:, j]], test_xs[j])
        answers[name] = np.where(test_present[:, j, None], said, neutral)
    answers = {name: answers[name] for name in embeddings.modalities}
    together = np.stack([answers[m] for m in standard.names], axis=1) * test_present[:, :, None]
    count = test_present.sum(1)[:, None]
    late = together.sum(1) if classes is not None else together.sum(1) / np.maximum(count, 1)
    early = fit_and_ask(np.hstack(xs), y, np.hstack(test_xs))
    return answers | {"early concat": early, "late product": np.where(count > 0, late, neutral)}
