"""Weights: how much each modality weighs in the fused vector, and how much it contributes."""

from __future__ import annotations

from functools import partial

from mmexplore import journey
from mmexplore.app.kit import parts
from mmexplore.app.pages.weights import columns, information, item_weights, measuring, truth, weight_figures
from mmexplore.app.state import session


def page() -> None:
    """One view of the weights of the fusion that is shown; which views there are depends on the data."""
    workspace = session.workspace()
    known = measuring.measured(workspace)

    views = {"Item by item": partial(item_weights.item_by_item, workspace, known)}
    if known.items.target_kind == "classification":
        views["Class by class"] = partial(weight_figures.class_by_class, workspace, known)
    views["All of the data"] = partial(weight_figures.all_of_the_data, workspace, known)
    if known.own.weights is not None:
        views["Learned against measured"] = partial(weight_figures.learned_against_measured, workspace, known)
    views["What two share"] = partial(information.shared_and_own, workspace)
    if truth.is_known(workspace):
        views["Against the truth"] = partial(truth.beside_the_truth, workspace)
    if journey.tables_of(workspace):
        views["Column by column"] = partial(columns.columns, workspace)

    views[parts.choose(views, "weights.part")]()
