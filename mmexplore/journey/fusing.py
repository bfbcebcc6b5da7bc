"""Many vectors -> one, scored beside its baselines; and what each modality weighs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.journey.asking import embeddings_of, epochs, make
from mmexplore.models.estimator import OnEpoch
from mmexplore.models.methods import MethodLike, fusion_methods
from mmexplore.scores.budget import keep_labels
from mmexplore.scores.evaluation import evaluate_fusion, view_rows
from mmexplore.scores.exam import exam
from mmexplore.server.jobs import Progress
from mmexplore.workspace.fits import title_of
from mmexplore.workspace.state import FittedFusion, Workspace


def fuse(
    workspace: Workspace,
    method: MethodLike,
    params: dict[str, Any] | None = None,
    objective: str | None = None,
    target: str | None = None,
    source: str = "encoded",
    seed: int | None = None,
    labels_per_class: int | None = None,
    progress: Progress | None = None,
    hear: OnEpoch | None = None,
) -> FittedFusion:
    """Fit a fusion on the train rows and score it, beside its baselines, on rows it has not seen.

    Args:
        method: its name, or the class or an instance of one.
        params: instead of the method's defaults (of an instance: instead of its own).
        target: "label" (the default where there are labels), another column, or "none" to ignore labels.
        source: "encoded" (the vectors as the encoders made them) or "aligned".
        labels_per_class: a label budget (see `fusion.budget.keep_labels`); None = every label.
        hear: told the values of each epoch while the fit runs.
    """
    seed = workspace.seed if seed is None else seed
    estimator = make(method, params, "fusion", objective=objective, random_state=seed)
    workspace.ensure_split()
    embeddings = fusion_input(workspace, target, source)
    if labels_per_class is not None:
        embeddings = keep_labels(embeddings, labels_per_class, seed)
    estimator.fit(embeddings, on_epoch=epochs(progress, hear))
    score = evaluate_fusion(estimator, embeddings, seed=seed)
    score = replace(score, rows=rows_name(workspace, score.rows))
    used = None if embeddings.labels is None else target or "label"
    return FittedFusion(estimator, score, seed, used, source, labels_per_class)


def rows_name(workspace: Workspace, rows: str) -> str:
    """How the scored rows are called: `test` is a word for the data's own split."""
    return "held-out" if workspace.split_source == "drawn" and rows == "test" else rows


def fusion_input(workspace: Workspace, target: str | None = None, source: str = "encoded") -> Embeddings:
    """The vectors a fusion is given, with `target` as their labels (see `fuse`)."""
    embeddings = embeddings_of(workspace)
    if source == "aligned":
        if workspace.aligned is None:
            raise UserError("there is no alignment yet", "source", "fit one, or fuse the encoded vectors")
        embeddings = workspace.aligned
    if target in (None, "label"):
        if target == "label" and embeddings.labels is None:
            raise UserError("the data has no labels", "target", "choose another column or fuse without labels")
        return embeddings
    if target == "none":
        return embeddings.with_labels(None)
    if target not in embeddings.columns:
        known = ", ".join(map(str, embeddings.columns)) or "none"
        raise UserError(f"no column is called {target!r}", "target", f"choose label or one of: {known}")
    return embeddings.with_labels(_as_labels(embeddings.columns[target]))


def _as_labels(column: pd.Series) -> np.ndarray:
    """Numbers that are not whole are a numeric target; everything else is classes."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
    known = numbers[~np.isnan(numbers)]
    if pd.api.types.is_numeric_dtype(column) and known.size and not np.all(known == np.round(known)):
        return numbers
    return column.astype(object).where(column.notna(), "").astype(str).to_numpy(object)


def fitted_input(workspace: Workspace) -> tuple[FittedFusion, Embeddings]:
    """The fusion that the views show and the vectors it was fitted on; UserError where there is none."""
    fitted = workspace.fitted
    if fitted is None:
        raise UserError("nothing is fused yet", "fusion", "fit one on the Fuse page or with `mmexplore fuse`")
    return fitted, fusion_input(workspace, fitted.target or "none", fitted.source)


def weights(workspace: Workspace) -> dict[str, Any]:
    """Learned weights of the current fusion: modalities, mean, per_class, per_item (id -> list), entropy, source.

    An absent modality weighs 0 and counts so in `mean`; `mean_where_present` is over the rows that have it (None where
    none has).
    """
    fitted, embeddings = fitted_input(workspace)
    learned = fitted.fusion.modality_weights(embeddings)
    if learned is None:
        those = ", ".join(name for name, method in fusion_methods().items() if method.gives_weights)
        raise UserError("has no weights of its own", title_of(fitted.fusion), f"fit one that has: {those}")
    some = embeddings.mask.any(axis=1)
    answer: dict[str, Any] = {
        "method": fitted.method,
        "fit": fitted.id,
        "source": "learned",
        "modalities": embeddings.modalities,
        "mean": learned[some].mean(axis=0).tolist() if some.any() else None,
        "mean_where_present": [
            float(learned[there, j].mean()) if there.any() else None for j, there in enumerate(embeddings.mask.T)
        ],
        "mean_entropy": mean_entropy(learned, embeddings.mask),
        "per_class": {},
        "per_item": {str(i): w.tolist() for i, w in zip(embeddings.ids, learned, strict=True)},
    }
    if embeddings.target_kind == "classification" and embeddings.labels is not None:
        labels = embeddings.labels.astype(str)
        answer["per_class"] = {
            c: learned[some & (labels == c)].mean(axis=0).tolist() for c in np.unique(labels[some]) if c
        }
    return answer


def scored(workspace: Workspace) -> Embeddings:
    """The rows that the score of the fusion in use is of."""
    fitted, embeddings = fitted_input(workspace)
    objective = fitted.fusion.objective_
    if objective in ("classification", "regression"):
        return embeddings.take(exam(embeddings, objective, fitted.seed).rows)
    return embeddings.take(view_rows(embeddings, fitted.seed)[0])


def mean_entropy(weights: np.ndarray, mask: np.ndarray) -> float | None:
    """Mean entropy of the weights as a share of its maximum: 1 = even, 0 = one modality takes all.

    Args:
        weights, mask: [N, M]. Only rows with two or more modalities present count; None where there are none.
    """
    several = mask.sum(axis=1) > 1
    if not several.any():
        return None
    w = weights[several]
    entropy = -(w * np.log(np.where(w > 0, w, 1))).sum(axis=1)
    return float((entropy / np.log(mask[several].sum(axis=1))).mean())
