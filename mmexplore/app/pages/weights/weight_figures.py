"""Weights in figures: class by class, over all of the data, and what is learned against what is measured."""

from __future__ import annotations

import numpy as np

from mmexplore.app.kit import picking, selection, show
from mmexplore.app.kit.widgets import plain, section
from mmexplore.attribution.shapley import MAX_EXACT
from mmexplore.views.weights import (
    LearnedAgainstMeasured,
    LearnedAgainstNorms,
    LearnedClasses,
    Measured,
    Shapley,
    ShapleyClasses,
    WeightsDistribution,
)
from mmexplore.workspace.state import Workspace


def class_by_class(workspace: Workspace, known: Measured) -> None:
    """Mean of each modality for the items of a class, learned and measured."""
    if known.own.summary is not None:
        zero = "" if known.items.mask.all() else " A modality that an item lacks weighs 0."
        section("Learned", f"Mean weight of each modality for the items of a class.{zero}")
        show.show(LearnedClasses(workspace.current), known.own, workspace)
    section(
        "Measured",
        "Mean Shapley value of each modality for the items of a class. Left of zero: it misleads on that class.",
    )
    show.show(ShapleyClasses(workspace.current, known.baseline), known, workspace)


def all_of_the_data(workspace: Workspace, known: Measured) -> None:
    """How learned weights spread over the items; the mean of what is measured, with its null."""
    if known.own.weights is not None:
        having = "" if known.items.mask.all() else " that have it"
        section(
            "Learned", f"How each modality's weight spreads over the items{having}. The dotted line is an even share."
        )
        show.show(WeightsDistribution(workspace.current, known.baseline), known, workspace)
    section(
        "Measured",
        "Mean Shapley value of each modality. The grey band is what the same measure gives where there is nothing to "
        "find: inside it, a contribution cannot be told from luck.",
    )
    show.show(Shapley(workspace.current, known.baseline), known, workspace, below=plain(_how_measured(known), 900))


def _how_measured(known: Measured) -> str:
    found, residual = known.found, float(np.abs(known.found.residual).max())
    left = f"{residual:.0e}" if residual >= 1e-6 else "0"
    said = (
        f"Grey: 95 % of {len(known.null.values)} draws with the {known.null.permuted} permuted. Residual: an item's "
        f"contributions must add up to v(all) - v(none); what is left over is {left}."
    )
    if found.error is None or found.mean_error is None:
        return said
    return said + (
        f" More than {MAX_EXACT} modalities: random orders were drawn; the lines on the bars are the standard error of "
        f"the mean (at most {found.mean_error.max():.4f}; of an item at most {found.error.max():.4f})."
    )


def learned_against_measured(workspace: Workspace, known: Measured) -> None:
    """Each item's learned weights beside its measured contributions, and beside the lengths that are added up."""
    section(
        "Against what is measured",
        "Each point is an item: its learned weight and the share of its measured contribution. On the diagonal both "
        "agree. Draw around points to select them.",
    )
    view = LearnedAgainstMeasured(workspace.current, known.baseline)
    marked = selection.highlighted(view.name, workspace)
    figure = show.figure_of(view, known, workspace, {"selected": marked})
    picking.draw(figure, view.name, known.items.ids)
    show.bar(view, known, figure)
    if known.own.norms is None:
        return
    section(
        "Against the lengths that are added up",
        "A large weight on a short vector adds little. Each point is an item: its learned weight, and its share of the "
        "lengths of what was added up. Far from the diagonal the weight alone misleads.",
    )
    show.show(LearnedAgainstNorms(workspace.current, known.baseline), known, workspace)
