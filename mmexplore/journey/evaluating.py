"""What is measured on a workspace, over which rows."""

from __future__ import annotations

from dataclasses import asdict
from itertools import permutations
from typing import Any

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.journey.asking import embeddings_of
from mmexplore.journey.spaces import shared_space
from mmexplore.retrieval.metrics import RetrievalReport, map_label, retrieval_report
from mmexplore.workspace.state import FittedFusion, Workspace


def evaluation_rows(workspace: Workspace) -> tuple[np.ndarray, str]:
    """bool [N] of the rows that retrieval is measured on, and their name: "test", "held-out" or "all".

    The data's own `test` split; else, where something was fitted on these pairs, the rows held out of the fit; else
    all of them.
    """
    embeddings = embeddings_of(workspace)
    if workspace.split_source == "data" and embeddings.in_split("test").any():
        return embeddings.in_split("test"), "test"
    fitted = workspace.alignment is not None and not workspace.alignment.fitted_in_advance
    if fitted and workspace.split_source == "drawn":
        return embeddings.in_split("test"), "held-out"
    if fitted and (~embeddings.in_split("train")).any():
        return ~embeddings.in_split("train"), "held-out"
    return np.ones(len(embeddings), bool), "all"


def directions(workspace: Workspace, shared: Embeddings) -> list[tuple[str, str]]:
    """(from, to): the directions that `retrieval_reports` can measure, those whose modalities meet in a row."""
    rows = evaluation_rows(workspace)[0]
    there = {m: shared.present[m] & rows for m in shared.modalities}
    return [(src, dst) for src, dst in permutations(shared.modalities, 2) if (there[src] & there[dst]).any()]


def retrieval_reports(
    workspace: Workspace,
    shared: Embeddings | None = None,
    max_queries: int | None = None,
    rows: np.ndarray | None = None,
) -> tuple[list[RetrievalReport], list[str]]:
    """A report for every direction of the shared space over `evaluation_rows`, and why others have none.

    Args:
        shared: the shared space, where the caller has it already.  max_queries: as in `retrieval_report`.
        rows: bool [N], other rows than `evaluation_rows`.
    """
    if shared is None:
        shared, _ = shared_space(workspace)
    if shared is None:
        return [], []
    rows = evaluation_rows(workspace)[0] if rows is None else rows
    reports, refused = [], []
    for src, dst in permutations(shared.modalities, 2):
        try:
            reports.append(retrieval_report(shared, src, dst, rows=rows, seed=workspace.seed, max_queries=max_queries))
        except UserError as error:  # modalities that never occur together have no true pairs to find
            refused.append(f"{src}->{dst}: {error}")
    return reports, refused


def evaluate(workspace: Workspace) -> dict[str, Any]:
    """Everything measured on this workspace, as `mmexplore evaluate --json` prints it."""
    embeddings_of(workspace)
    shared, where = shared_space(workspace)
    rows, rows_name = evaluation_rows(workspace)
    reports, refused = retrieval_reports(workspace, shared)
    answer: dict[str, Any] = {
        "rows": rows_name,
        "n_rows": int(rows.sum()),
        "split": workspace.split_source,
        "space": where,
        "retrieval": {f"{r.src}->{r.dst}": r.as_dict() for r in reports},
        "not_measured": refused,
    }
    relevance = []
    for report in reports:
        assert shared is not None  # there are reports only where there is a shared space
        found = map_label(shared, report.src, report.dst, rows=rows, seed=workspace.seed)
        if found is not None:
            entry = answer["retrieval"][f"{report.src}->{report.dst}"]
            entry |= {"map_label": found.map, "chance_map_label": found.chance}
            relevance.append(found.map)
    if relevance:
        answer["map_label"] = float(np.mean(relevance))
    if workspace.fitted is not None:
        answer["fusion"] = fusion_summary(workspace.fitted)
    return answer


def fusion_summary(fitted: FittedFusion) -> dict[str, Any]:
    """method, metric, score, interval, baselines, rows: what stands beside a fusion wherever it is shown."""
    return {
        "method": fitted.method,
        "fit": fitted.id,
        "objective": fitted.fusion.objective_,
        "target": fitted.target,
        "seed": fitted.seed,
        **asdict(fitted.score),
    }
