"""A workspace as one self-contained HTML page: what was measured, on which rows, and the script that recreates it."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import numpy as np

from mmexplore import journey
from mmexplore.export.html import figure as _figure
from mmexplore.export.html import note as _note
from mmexplore.export.html import section as _section
from mmexplore.export.html import table as _table
from mmexplore.export.html import whole_page
from mmexplore.export.recipe import recipe
from mmexplore.figures import maps, spaces, training
from mmexplore.figures import retrieval as retrieval_figures
from mmexplore.figures import weights as weight_figures
from mmexplore.latent.projection import Projection, project_joint, project_space
from mmexplore.latent.sample import stratified_sample
from mmexplore.server.jobs import Progress
from mmexplore.workspace.state import Workspace

#: points on a map of the report; above it a stratified sample, and the report says so
MAX_POINTS = 5000


def report(workspace: Workspace, progress: Progress | None = None) -> str:
    """The page as a string of HTML; everything a person typed or uploaded in it is escaped, and it fetches nothing."""
    wanted: dict[str, Callable[[Workspace], str]] = {"Data": _data}
    if workspace.embeddings is not None:
        wanted |= {"Retrieval": _retrieval, "Maps": _maps}
    if workspace.alignment is not None:
        wanted["Alignment"] = _alignment
    if workspace.fitted is not None:
        wanted |= {"Fusion": _fusion, "Weights": _weights}
    sections = []
    for done, (name, write) in enumerate(wanted.items()):
        if progress is not None:
            progress.update(done, len(wanted), name)
        sections.append(write(workspace))
    sections.append(_section("How to recreate it", f"<pre>{html.escape(recipe(workspace))}</pre>"))
    name = workspace.dataset.name if workspace.dataset else "workspace"
    return whole_page(name, sections)


# -- sections ------------------------------------------------------------------
def _data(workspace: Workspace) -> str:
    dataset, embeddings = workspace.dataset, workspace.embeddings
    if dataset is None:
        return _section("Data", _note("No pairs are loaded."))
    rows = [
        (
            m,
            str(dataset.kinds[m]),
            workspace.encoders.get(m, "not encoded"),
            "" if embeddings is None else embeddings.dims[m],
            int(dataset.present[m].sum()),
        )
        for m in dataset.modalities
    ]
    parts = [
        _note(f"{len(dataset)} rows, {len(set(dataset.groups))} groups. {dataset.source}"),
        _table(["modality", "kind", "encoder", "width", "present"], rows),
    ]
    if dataset.rejected:
        shown = dataset.rejected[:50]
        parts.append(
            _note(f"{len(dataset.rejected)} rows or cells could not be used (the first {len(shown)} are shown).")
        )
        parts.append(_table(["row", "id", "column", "reason"], [(r.row, r.id, r.column, r.reason) for r in shown]))
    return _section("Data", *parts)


def _retrieval(workspace: Workspace) -> str:
    shared, where = journey.shared_space(workspace)
    reports, _ = journey.retrieval_reports(workspace, shared)
    if not reports:
        return _section("Retrieval", _note(where))
    columns = ["r@1", "r@5", "r@10", "mrr", "median_rank", "chance_r@10", "n_queries"]
    numbers = [(f"{r.src}->{r.dst}", r.as_dict()) for r in reports]
    rows = [(direction, *(r[c] for c in columns)) for direction, r in numbers]
    note = (
        f"Over {journey.evaluation_rows(workspace)[1]} rows, {where}. Per cent, but for the median rank; "
        "a hit is any item of the query's group."
    )
    figure = retrieval_figures.recall_bars(reports)
    return _section("Retrieval", _note(note), _table(["direction", *columns], rows), _figure(figure))


def _maps(workspace: Workspace) -> str:
    embeddings = workspace.embeddings
    assert embeddings is not None
    rows = stratified_sample(_colour(workspace), MAX_POINTS, workspace.seed)
    drawn: dict[str, Projection] = {
        m: project_space(embeddings.vectors[m], embeddings.present[m], rows, m, seed=workspace.seed)
        for m in embeddings.modalities
    }
    if workspace.fitted is not None:
        fitted, given = journey.fitted_input(workspace)
        drawn["fused"] = project_space(fitted.fusion.transform(given), None, rows, "fused", seed=workspace.seed)
    colour = embeddings.labels
    parts = [_note(f"{len(rows)} of {len(embeddings)} points; principal components.")]
    for name, figure in maps.linked_maps(drawn, colour, "label", embeddings.ids.astype(str).tolist()).items():
        parts += [f"<h3>{html.escape(name)}</h3>", _figure(figure)]
    shared, where = journey.shared_space(workspace)
    if shared is not None:
        joint = project_joint(shared, rows=rows, seed=workspace.seed)
        parts += [
            f"<h3>All modalities in one space, {html.escape(where)}</h3>",
            _figure(maps.joint_map(joint, titles=shared.ids.astype(str).tolist())),
        ]
    return _section("Latent space", *parts)


def _alignment(workspace: Workspace) -> str:
    aligned = workspace.alignment
    assert aligned is not None
    parts = [_note(f"{aligned.card.title}: {aligned.card.summary}")]
    if aligned.correlations_ is not None:
        parts.append(_figure(spaces.correlations(aligned.correlations_, aligned.train_correlations_)))
    return _section("Alignment", *parts)


def _fusion(workspace: Workspace) -> str:
    fitted = workspace.fitted
    assert fitted is not None
    summary = journey.fusion_summary(fitted)
    rows = [(workspace.title, *_scored(summary))]
    rows += [(name, *_scored(b)) for name, b in summary["baselines"].items()]
    where = f"{summary['metric']} on {summary['rows']} rows (n = {summary['n']}), objective {summary['objective']}."
    return _section(
        "Fusion",
        _note(fitted.fusion.card.summary),
        _note(where),
        _table(["model", "score", "95 % interval"], rows),
        _figure(training.learning_curves(fitted.fusion.history_, fitted.fusion.modalities_)),
    )


def _scored(scored: dict[str, Any]) -> tuple[str, str]:
    low, high = scored["interval"]
    return f"{scored['score']:.3f}", f"{low:.3f} to {high:.3f}"


def _weights(workspace: Workspace) -> str:
    fitted, embeddings = journey.fitted_input(workspace)
    learned = fitted.fusion.modality_weights(embeddings)
    if learned is None:
        return _section("Weights", _note(f"{fitted.fusion.card.title} has no weights of its own."))
    answer = journey.weights(workspace)
    parts = [
        _note(
            "Learned weights: how much of its attention the model gives each modality. Attention is not contribution."
        ),
        _figure(weight_figures.distribution(learned, embeddings.modalities, present=embeddings.mask)),
    ]
    if answer["per_class"]:
        parts.append(_figure(weight_figures.class_bars(answer["per_class"], embeddings.modalities)))
    return _section("Weights", *parts)


def _colour(workspace: Workspace) -> np.ndarray:
    assert workspace.embeddings is not None
    labels = workspace.embeddings.labels
    return np.full(len(workspace.embeddings), "") if labels is None else labels.astype(str)
