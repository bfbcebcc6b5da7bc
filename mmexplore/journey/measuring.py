"""Contributions measured on the current fusion, beside the weights it has learned."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmexplore.attribution.agreement import Agreement, agreement, sentence
from mmexplore.attribution.null import Null, null_band
from mmexplore.attribution.perceptual import Perceptual, perceptual
from mmexplore.attribution.shapley import Contributions, shapley
from mmexplore.attribution.value import game
from mmexplore.embeddings import Embeddings
from mmexplore.fusion.base import Fusion
from mmexplore.journey.columns import columns_of, tables_of
from mmexplore.journey.fusing import fitted_input
from mmexplore.workspace import Workspace


def shapley_of(workspace: Workspace, baseline: str = "missing") -> tuple[Contributions, Null]:
    """Shapley values of every item for the fusion that the views show, and the null band of their mean."""
    fitted, embeddings = fitted_input(workspace)
    found = shapley(game(fitted.fusion, embeddings, baseline, seed=workspace.seed), seed=workspace.seed)
    return found, null_band(fitted.fusion, embeddings, baseline, seed=workspace.seed)


def perceptual_of(fusion: Fusion, embeddings: Embeddings, seed: int = 0) -> Perceptual | None:
    """The perceptual score over held-out rows where there are any; None where the fusion is no classifier."""
    if fusion.objective_ != "classification" or embeddings.labels is None:
        return None
    rows = embeddings.in_split("test", "val")
    return perceptual(fusion, embeddings.take(rows) if rows.any() else embeddings, seed=seed)


def agreement_of(
    fusion: Fusion, embeddings: Embeddings, measured: Contributions, lost: Perceptual | None
) -> tuple[Agreement, str] | None:
    """Whether the learned weights agree with what is measured, and the sentence that says so; None without weights."""
    learned = fusion.modality_weights(embeddings)
    if learned is None:
        return None
    found = agreement(learned, measured, embeddings.mask)
    some = embeddings.mask.any(axis=1)
    return found, sentence(found, learned[some].mean(axis=0), None if lost is None else lost.flips)


def measured_weights(workspace: Workspace, baseline: str = "missing") -> dict[str, Any]:
    """What `mmexplore weights --measured --json` adds: shapley, perceptual, null, agreement, columns of tables."""
    fitted, embeddings = fitted_input(workspace)
    found, null = shapley_of(workspace, baseline)
    lost = perceptual_of(fitted.fusion, embeddings, workspace.seed)
    agreed = agreement_of(fitted.fusion, embeddings, found, lost)
    answer: dict[str, Any] = {
        "shapley": {
            "value": found.meaning,
            "baseline": found.baseline,
            "mean": found.mean(),
            "mean_share": found.shares.mean(axis=0),
            "largest_residual": float(np.abs(found.residual).max()),
            "per_class": {},
            "per_item": {str(i): v for i, v in zip(embeddings.ids, found.values, strict=True)},
        },
        "null": {"permuted": null.permuted, "low": null.low, "high": null.high, "draws": len(null.values)},
        "perceptual": None if lost is None else {k: v for k, v in vars(lost).items() if k != "modalities"},
        "agreement": None,
        "columns": {},
    }
    for table in tables_of(workspace):
        columns = columns_of(workspace, table)
        answer["columns"][table] = {k: v for k, v in vars(columns).items() if k != "modality"}
    if embeddings.target_kind == "classification" and embeddings.labels is not None:
        labels = embeddings.labels.astype(str)
        answer["shapley"]["per_class"] = {c: found.mean(labels == c) for c in np.unique(labels) if c}
    if agreed is not None:
        answer["agreement"] = {k: v for k, v in vars(agreed[0]).items() if k != "modalities"} | {"sentence": agreed[1]}
    return answer
