"""How good a fusion is on rows it has not seen: always beside what each modality does alone, and chance."""

from __future__ import annotations

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.models.fusion.base import Fusion
from mmexplore.runtime import rng
from mmexplore.scores.baselines import baseline_answers
from mmexplore.scores.exam import Exam, exam, fit_probe, predicted
from mmexplore.scores.score import FusionScore, entry, scored_rows
from mmexplore.scores.view_scores import contrastive_score, reconstruction_score

__all__ = ["FusionScore", "evaluate_fusion", "score_of_rates", "view_rows"]

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
    rows, which = view_rows(embeddings, seed)
    if objective == "contrastive":
        return contrastive_score(fusion, embeddings.take(rows), which, seed)
    return reconstruction_score(fusion, embeddings, rows, which, seed)


def view_rows(embeddings: Embeddings, seed: int) -> tuple[np.ndarray, str]:
    """(int [n], name): the scored rows with a modality, a seeded sample of `MOST_VIEWS` where there are more."""
    rows, which = scored_rows(embeddings, np.asarray(embeddings.mask.any(1)))
    return np.sort(rng(seed).choice(rows, min(len(rows), MOST_VIEWS), replace=False)), which


def _predictive(fusion: Fusion, embeddings: Embeddings, objective: str, seed: int, probe: bool) -> FusionScore:
    asked = exam(embeddings, objective, seed)
    test, groups = embeddings.take(asked.rows), embeddings.groups[asked.rows]
    answer = fit_probe(fusion, embeddings, asked)(test) if probe else predicted(fusion, test, asked.targets)
    others = baseline_answers(embeddings, test, asked.targets, asked.fitted)
    rates = {name: asked.rate(said) for name, said in others.items()}
    return score_of_rates(asked, asked.rate(answer), rates, groups, seed, " (linear probe)" if probe else "")


def score_of_rates(
    asked: Exam, fused: np.ndarray, others: dict[str, np.ndarray], groups: np.ndarray, seed: int, suffix: str = ""
) -> FusionScore:
    """Rates [n] of a fusion and of the baselines, over the exam's rows (of these groups), as a score."""
    mine = entry(fused, groups, seed)
    baselines = {name: entry(rates, groups, seed) for name, rates in others.items()}
    return FusionScore(
        asked.metric + suffix, mine["score"], mine["interval"], baselines, asked.chance, asked.which, len(asked.rows)
    )
