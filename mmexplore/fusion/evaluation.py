"""How good a fusion is on rows it has not seen: always beside what each modality does alone, and chance."""

from __future__ import annotations

import numpy as np

from mmexplore.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.fusion.base import Fusion
from mmexplore.fusion.score import FusionScore, scored_rows
from mmexplore.fusion.sitting import Sitting
from mmexplore.fusion.view_scores import contrastive_score, reconstruction_score
from mmexplore.runtime import rng

__all__ = ["FusionScore", "evaluate_fusion", "view_rows"]

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
    predicts = objective in ("classification", "regression")
    if predicts or probe:
        asked = objective if predicts else embeddings.target_kind
        if asked is None:
            raise UserError("there are no labels to probe with", "evaluate", "give a label column")
        sitting = Sitting(embeddings, asked, seed)
        return sitting.score(sitting.rates(fusion, probe=not predicts), probe=not predicts)
    rows, which = view_rows(embeddings, seed)
    if objective == "contrastive":
        return contrastive_score(fusion, embeddings.take(rows), which, seed)
    return reconstruction_score(fusion, embeddings, rows, which, seed)


def view_rows(embeddings: Embeddings, seed: int) -> tuple[np.ndarray, str]:
    """(int [n], name): the scored rows with a modality, a seeded sample of `MOST_VIEWS` where there are more."""
    rows, which = scored_rows(embeddings, np.asarray(embeddings.mask.any(1)))
    return np.sort(rng(seed).choice(rows, min(len(rows), MOST_VIEWS), replace=False)), which
