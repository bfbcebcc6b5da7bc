"""Contributions measured on the current fusion, beside the weights it has learned."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmexplore.attribution.agreement import Agreement, agreement, sentence
from mmexplore.attribution.information import Information, information
from mmexplore.attribution.null import Null, null_band
from mmexplore.attribution.perceptual import Perceptual, perceptual
from mmexplore.attribution.pid import part_names
from mmexplore.attribution.shapley import Contributions, shapley
from mmexplore.attribution.truth import beside_truth, true_shares
from mmexplore.attribution.value import game
from mmexplore.data.embeddings import Embeddings
from mmexplore.journey.columns import columns_of, tables_of
from mmexplore.journey.fusing import fitted_input, fusion_input
from mmexplore.latent.sample import stratified_sample
from mmexplore.models.fusion.base import Fusion
from mmexplore.server.jobs import Progress
from mmexplore.workspace.state import Workspace

MOST_ROWS = 5000  # information is counted over this many rows at most: the classifiers are fitted five times


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
    """What `mmexplore weights --measured --json` adds: shapley, perceptual, null, agreement, columns of tables, truth.

    "truth" is None where the data was not planted.
    """
    fitted, embeddings = fitted_input(workspace)
    found, null = shapley_of(workspace, baseline)
    lost = perceptual_of(fitted.fusion, embeddings, workspace.seed)
    agreed = agreement_of(fitted.fusion, embeddings, found, lost)
    truth = None
    if true_shares(embeddings) is not None and fitted.fusion.objective_ == "classification":
        beside = beside_truth(fitted.fusion, embeddings, workspace.seed)
        truth = {"rows": beside.rows, "true_shares": beside.truth, "bits_told": beside.told, **beside.estimates()}
    answer: dict[str, Any] = {
        "shapley": {
            "value": found.meaning,
            "baseline": found.baseline,
            "mean": found.mean(),
            "mean_share": found.shares.mean(axis=0),
            "largest_residual": float(np.abs(found.residual).max()),
            "error_of_the_mean": found.mean_error,
            "per_class": {},
            "per_item": {str(i): v for i, v in zip(embeddings.ids, found.values, strict=True)},
        },
        "null": {"permuted": null.permuted, "low": null.low, "high": null.high, "draws": len(null.values)},
        "perceptual": None if lost is None else {k: v for k, v in vars(lost).items() if k != "modalities"},
        "agreement": None,
        "truth": truth,
        "columns": {},
    }
    for table in tables_of(workspace):
        columns = columns_of(workspace, table)
        answer["columns"][table] = {k: v for k, v in vars(columns).items() if k != "modality"}
    answer["shapley"]["per_class"] = per_class(found, embeddings.labels)
    if agreed is not None:
        answer["agreement"] = {k: v for k, v in vars(agreed[0]).items() if k != "modalities"} | {"sentence": agreed[1]}
    return answer


def per_class(measured: Contributions, labels: np.ndarray | None) -> dict[str, np.ndarray]:
    """Class -> mean Shapley values [M]; empty where there are no classes."""
    if labels is None or np.issubdtype(labels.dtype, np.floating):
        return {}
    names = labels.astype(str)
    return {c: measured.mean(names == c) for c in np.unique(names) if c}


def information_of(
    workspace: Workspace,
    a: str,
    b: str,
    words: str = "classifier",
    target: str | None = None,
    progress: Progress | None = None,
) -> tuple[Information, str]:
    """As `attribution.information.information` for two modalities, and a sentence on which rows were counted.

    Args:
        target: "label" (the default) or another column with classes.
    """
    embeddings = fusion_input(workspace, target or "label")
    known = np.flatnonzero(embeddings.labels.astype(str) != "") if embeddings.labels is not None else np.array([], int)
    if progress is not None:
        progress.update(0, 1, f"what {a} and {b} say")
    if embeddings.labels is not None:
        known = known[stratified_sample(embeddings.labels[known], MOST_ROWS, workspace.seed)]
        embeddings = embeddings.take(known)
    found = information(embeddings, a, b, words, seed=workspace.seed)
    of = len(workspace.embeddings) if workspace.embeddings is not None else len(embeddings)
    note = f"Counted over {found.n:,} of {of:,} rows"
    return found, note + (", a sample by class." if of > MOST_ROWS else " (those with both and a known class).")


def information_table(found: Information) -> list[dict[str, Any]]:
    """A line a part: bits, interval, what permuted labels give."""
    columns = (part_names(found.a, found.b), found.found.as_array(), found.low, found.high, found.null)
    return [
        {"part": name, "bits": float(bits), "low": float(low), "high": float(high), "null_95": float(null)}
        for name, bits, low, high, null in zip(*columns, strict=True)
    ]
