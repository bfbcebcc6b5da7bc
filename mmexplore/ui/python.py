"""The few lines that make a view's result again, from a saved workspace. Every value is written as Python's repr."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmexplore.workspace import Workspace

OPEN = """from mmexplore import journey
from mmexplore.workspace_files import open_directory
from pathlib import Path

workspace = open_directory(Path("run"))
"""


def patterns() -> str:
    """Which modalities are present together."""
    return (
        OPEN
        + """
import numpy as np
from mmexplore.figures.patterns import missing_pattern

present = (workspace.dataset or workspace.embeddings).present
missing_pattern(np.stack(list(present.values()), axis=1), list(present)).show()
"""
    )


def separate_maps(workspace: Workspace, options: Mapping[str, Any], colour: str) -> str:
    """One map a modality, and the fused one."""
    fused = ""
    if workspace.fitted is not None:
        fused = f"""workspace.current = {workspace.current!r}
fitted, given = journey.fitted_input(workspace)
spaces["fused"] = (fitted.fusion.transform(given), None)
"""
    return (
        OPEN
        + f"""
from mmexplore.figures.maps import linked_maps
from mmexplore.latent.projection import project_space
from mmexplore.latent.sample import stratified_sample

embeddings = workspace.embeddings
spaces = {{m: (v, embeddings.present[m]) for m, v in embeddings.vectors.items()}}
{fused}labels = len(embeddings) if embeddings.labels is None else embeddings.labels
rows = stratified_sample(labels, 50_000, seed={options["seed"]!r})
maps = {{name: project_space(vectors, present, rows, name, {arguments(options)})
        for name, (vectors, present) in spaces.items()}}
for figure in linked_maps(maps, colour={_column(colour)}, colour_name={colour!r}).values():
    figure.show()
"""
    )


def joint_map(options: Mapping[str, Any], modalities: list[str]) -> str:
    """All comparable modalities on one map."""
    return (
        OPEN
        + f"""
from mmexplore.figures.maps import joint_map
from mmexplore.latent.projection import project_joint
from mmexplore.latent.sample import stratified_sample

shared, where = journey.shared_space(workspace)
labels = len(shared) if shared.labels is None else shared.labels
rows = stratified_sample(labels, 50_000, seed={options["seed"]!r})
maps = project_joint(shared, {modalities!r}, rows, {arguments(options)})
joint_map(maps).show()
"""
    )


def steps(workspace: Workspace, options: Mapping[str, Any], at: int, colour: str) -> str:
    """The fused space after a step."""
    return (
        OPEN
        + f"""workspace.current = {workspace.current!r}

from mmexplore.figures.steps import step_map
from mmexplore.latent.projection import project_steps
from mmexplore.latent.sample import stratified_sample

embeddings = workspace.embeddings
fitted, given = journey.fitted_input(workspace)
labels = len(embeddings) if embeddings.labels is None else embeddings.labels
rows = stratified_sample(labels, 50_000, seed={options["seed"]!r})
maps = project_steps(fitted.fusion.steps(given), rows, "fused", {arguments(options)})
step_map(maps, {at!r}, colour={_column(colour)}, colour_name={colour!r}).show()
"""
    )


def step_changes(workspace: Workspace) -> str:
    """What each step of the fusion changed."""
    return (
        OPEN
        + f"""workspace.current = {workspace.current!r}

from mmexplore.figures.steps import step_changes

found = journey.steps_of(workspace)
for step in found.steps:
    print(step)
step_changes(found.table(), 0, found.metric, found.chance).show()
"""
    )


def arguments(options: Mapping[str, Any]) -> str:
    """Keyword arguments as they are typed."""
    return ", ".join(f"{k}={v!r}" for k, v in options.items())


def _column(colour: str) -> str:
    if colour == "label":
        return "embeddings.labels"
    if colour == "split":
        return "embeddings.splits"
    if colour.startswith("weight of "):
        modality = colour.removeprefix("weight of ")
        return f"fitted.fusion.modality_weights(given)[:, given.modalities.index({modality!r})]"
    return f"embeddings.columns[{colour!r}]" if colour else "None"


def retrieval(src: str, dst: str) -> str:
    """The report of one direction."""
    return (
        OPEN
        + f"""
from mmexplore.figures.retrieval import recall_bars
from mmexplore.retrieval.metrics import retrieval_report

shared, where = journey.shared_space(workspace)
rows, which = journey.evaluation_rows(workspace)
report = retrieval_report(shared, {src!r}, {dst!r}, rows=rows, seed=workspace.seed)
print(report.as_dict())
recall_bars([report]).show()
"""
    )


def search_text(query: str, into: str, k: int) -> str:
    """A typed query."""
    return OPEN + f"\nfor hit in journey.search_items(workspace, {query!r}, {into!r}, k={k!r}):\n    print(hit)\n"


def search_item(item: str, src: str, into: str, k: int) -> str:
    """An item as the query."""
    return (
        OPEN + f"\nfor hit in journey.search_like(workspace, {item!r}, {src!r}, {into!r}, k={k!r}):\n    print(hit)\n"
    )


def gap(a: str, b: str) -> str:
    """The modality gap between two comparable modalities."""
    return (
        OPEN
        + f"""
from mmexplore.latent.geometry import modality_gap

shared, where = journey.shared_space(workspace)
both = shared.present[{a!r}] & shared.present[{b!r}]
print(modality_gap(shared.vectors[{a!r}][both], shared.vectors[{b!r}][both]).distance)
"""
    )


def overlap(workspace: Workspace, k: int) -> str:
    """Where the fused neighbours come from."""
    return (
        OPEN
        + f"""workspace.current = {workspace.current!r}

from mmexplore.figures.spaces import overlap_bars
from mmexplore.latent.geometry import neighbour_overlap

fitted, embeddings = journey.fitted_input(workspace)
overlap_bars(neighbour_overlap(fitted.fusion.transform(embeddings), embeddings, {k!r})).show()
"""
    )


def rescored(src: str, dst: str, method: str, bank: str, k: int, beta: float) -> str:
    """Recall with and without rescoring, and the hubs."""
    return (
        OPEN
        + f"""
from mmexplore.figures.retrieval import recall_bars
from mmexplore.retrieval.rescore import rescored_report

shared, where = journey.shared_space(workspace)
rows, which = journey.evaluation_rows(workspace)
found = rescored_report(shared, {src!r}, {dst!r}, {method!r}, None if rows.all() else rows, bank={bank!r},
                        k={k!r}, beta={beta!r}, seed=workspace.seed, most=2000)
print(found.note, found.raw_hubs.skewness, found.hubs.skewness)
recall_bars({{"raw": found.raw, {method!r}: found.rescored}}).show()
"""
    )


def mispairs(src: str, dst: str) -> str:
    """Rows whose halves do not seem to belong together."""
    return (
        OPEN
        + f"""
from mmexplore.retrieval.mispairs import mispairs

shared, where = journey.shared_space(workspace)
print(mispairs(shared, {src!r}, {dst!r}).head(20))
"""
    )


def duplicates(modality: str, least: float) -> str:
    """Items of one modality that are nearly the same."""
    return (
        OPEN
        + f"""
from mmexplore.retrieval.mispairs import near_duplicates

shared, where = journey.shared_space(workspace)
print(near_duplicates(shared, {modality!r}, {least!r}))
"""
    )


def thermometer(src: str, dst: str, gap: float = 0.0, modalities: Sequence[str] = ()) -> str:
    """What a similarity means in this data, with these modalities moved by `gap` of the way between their clouds."""
    moved = f"""from mmexplore.latent.gap import shift_gap
shared = shift_gap(shared, {gap!r}, {list(modalities)!r}, rows if rows.all() else ~rows)
"""
    return (
        OPEN
        + f"""
from mmexplore.figures.retrieval import thermometer_figure
from mmexplore.retrieval.thermometer import thermometer

shared, where = journey.shared_space(workspace)
rows, which = journey.evaluation_rows(workspace)
{moved if gap else ""}thermometer_figure(thermometer(shared, {src!r}, {dst!r}, rows, seed=workspace.seed)).show()
"""
    )
