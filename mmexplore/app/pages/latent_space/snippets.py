"""The few lines that make a map, or a measure of spaces, again from a saved workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmexplore.app.pages.latent_space.maps import MAX_POINTS
from mmexplore.app.snippets.common import OPEN, arguments, moved
from mmexplore.workspace.state import Workspace


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
rows = stratified_sample(labels, {MAX_POINTS!r}, seed={options["seed"]!r})
maps = {{name: project_space(vectors, present, rows, name, {arguments(options)})
        for name, (vectors, present) in spaces.items()}}
for figure in linked_maps(maps, colour={_column(colour)}, colour_name={colour!r}).values():
    figure.show()
"""
    )


def joint_map(options: Mapping[str, Any], modalities: list[str], gap: float = 0.0) -> str:
    """All comparable modalities on one map, moved by `gap` of the way between their clouds."""
    judged = "rows, which = journey.evaluation_rows(workspace)\n" if gap else ""
    return (
        OPEN
        + f"""
from mmexplore.figures.maps import joint_map
from mmexplore.latent.projection import project_joint
from mmexplore.latent.sample import stratified_sample

shared, where = journey.shared_space(workspace)
{judged}{moved(gap, modalities)}labels = len(shared) if shared.labels is None else shared.labels
rows = stratified_sample(labels, {MAX_POINTS // len(modalities)}, seed={options["seed"]!r})
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
rows = stratified_sample(labels, {MAX_POINTS!r}, seed={options["seed"]!r})
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


def _column(colour: str) -> str:
    if colour == "label":
        return "embeddings.labels"
    if colour == "split":
        return "embeddings.splits"
    if colour.startswith("weight of "):
        modality = colour.removeprefix("weight of ")
        return f"fitted.fusion.modality_weights(given)[:, given.modalities.index({modality!r})]"
    return f"embeddings.columns[{colour!r}]" if colour else "None"


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
