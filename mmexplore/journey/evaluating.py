"""What is measured on a workspace, over which rows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from mmexplore.journey.asking import embeddings_of
from mmexplore.journey.spaces import FITTED_IN_ADVANCE, shared_space
from mmexplore.workspace import FittedFusion, Workspace


def evaluation_rows(workspace: Workspace) -> tuple[np.ndarray, str]:
    """bool [N] of the rows that retrieval is measured on, and their name: "test", "held-out" or "all".

    The data's own `test` split; else, where something was fitted on these pairs, the rows held out of the fit; else
    all of them.
    """
    embeddings = embeddings_of(workspace)
    if workspace.split_source == "data" and embeddings.in_split("test").any():
        return embeddings.in_split("test"), "test"
    fitted = workspace.alignment is not None and workspace.alignment.name not in FITTED_IN_ADVANCE
    if fitted and workspace.split_source == "drawn":
        return embeddings.in_split("test"), "held-out"
    if fitted and (~embeddings.in_split("train")).any():
        return ~embeddings.in_split("train"), "held-out"
    return np.ones(len(embeddings), bool), "all"


def evaluate(workspace: Workspace) -> dict[str, Any]:
    """Everything measured on this workspace, as `mmexplore evaluate --json` prints it."""
    from mmexplore.retrieval.metrics import map_label, retrieval_report

    embeddings = embeddings_of(workspace)
    shared, where = shared_space(workspace)
    rows, rows_name = evaluation_rows(workspace)
    answer: dict[str, Any] = {
        "rows": rows_name,
        "n_rows": int(rows.sum()),
        "split": workspace.split_source,
        "space": where,
        "retrieval": {},
    }
    relevance: list[float] = []
    for src in shared.modalities if shared else []:
        for dst in shared.modalities if shared else []:
            if src == dst or shared is None:
                continue
            report = retrieval_report(shared, src, dst, rows=rows, seed=workspace.seed)
            entry = report.as_dict()
            if embeddings.target_kind == "classification":
                entry["map_label"] = map_label(shared, src, dst, rows=rows)
                relevance.append(entry["map_label"])
            answer["retrieval"][f"{src}->{dst}"] = entry
    if relevance:
        answer["map_label"] = float(np.mean(relevance))
    if workspace.fitted is not None:
        answer["fusion"] = fusion_summary(workspace.fitted)
    return answer


def fusion_summary(fitted: FittedFusion) -> dict[str, Any]:
    """method, metric, score, interval, baselines, rows: what stands beside a fusion wherever it is shown."""
    return {
        "method": fitted.fusion.name,
        "objective": fitted.fusion.objective_,
        "target": fitted.target,
        "seed": fitted.seed,
        **asdict(fitted.score),
    }
