"""Weights in figures: class by class, over all of the data, and what is learned against what is measured."""

from __future__ import annotations

import numpy as np
import streamlit as st

from mmexplore import journey
from mmexplore.app.kit import picking, selection, weighing
from mmexplore.app.kit.download import chart, view_bar
from mmexplore.app.kit.widgets import plain, section
from mmexplore.app.pages.weights.measuring import Measured
from mmexplore.app.snippets import weights as python_weights
from mmexplore.app.state import session
from mmexplore.attribution.shapley import MAX_EXACT
from mmexplore.data.identity import uid_of
from mmexplore.figures.contributions import class_contributions, mean_contributions
from mmexplore.figures.weights import class_bars, distribution, weight_against_contribution
from mmexplore.workspace.state import Workspace


def class_by_class(workspace: Workspace, known: Measured) -> None:
    """Mean of each modality for the items of a class, learned and measured."""
    modalities = known.modalities
    if known.summary is not None:
        shares = known.summary["per_class"]
        zero = "" if known.embeddings.mask.all() else " A modality that an item lacks weighs 0."
        section("Learned", f"Mean weight of each modality for the items of a class.{zero}")
        figure = class_bars(shares, modalities)
        chart(figure, "weights-classes")
        view_bar(
            "weights-classes",
            figure=figure,
            table=lambda: weighing.class_table(shares, modalities),
            python=python_weights.classes(workspace),
        )
    section(
        "Measured",
        "Mean Shapley value of each modality for the items of a class. Left of zero: it misleads on that class.",
    )
    per_class = session.remember(
        ("shapley.class", uid_of(known.found)),
        lambda: journey.per_class(known.found, known.embeddings.labels),
    )
    figure = class_contributions(per_class, modalities, known.found.meaning)
    chart(figure, "shapley-classes")
    view_bar(
        "shapley-classes",
        figure=figure,
        table=lambda: weighing.class_table({c: v.tolist() for c, v in per_class.items()}, modalities),
        python=python_weights.measured_classes(workspace, known.baseline),
    )


def all_of_the_data(workspace: Workspace, known: Measured) -> None:
    """How learned weights spread over the items; the mean of what is measured, with its null."""
    learned, mask = known.learned, known.embeddings.mask
    if learned is not None:
        having = "" if mask.all() else " that have it"
        section(
            "Learned", f"How each modality's weight spreads over the items{having}. The dotted line is an even share."
        )
        figure = session.remember(
            ("distribution", uid_of(learned)), lambda: distribution(learned, known.modalities, present=mask)
        )
        chart(figure, "weights-distribution")
        view_bar("weights-distribution", figure=figure, table=known.table, python=python_weights.weights(workspace))
    section(
        "Measured",
        "Mean Shapley value of each modality. The grey band is what the same measure gives where there is nothing to "
        "find: inside it, a contribution cannot be told from luck.",
    )
    figure = mean_contributions(known.found, known.null)
    chart(figure, "shapley")
    st.caption(plain(_how_measured(known), 900))
    view_bar("shapley", figure=figure, table=known.table, python=python_weights.measured(workspace, known.baseline))


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
    learned, norms, embeddings = known.learned, known.norms, known.embeddings
    assert learned is not None  # offered only then
    section(
        "Against what is measured",
        "Each point is an item: its learned weight and the share of its measured contribution. On the diagonal both "
        "agree. Draw around points to select them.",
    )
    marked = selection.highlighted("learned-measured", workspace)
    figure = session.remember_last(
        "learned-measured",
        (uid_of(known.found), uid_of(learned), None if marked is None else workspace.selection),
        lambda: weight_against_contribution(
            learned,
            known.found.shares,
            known.modalities,
            titles=embeddings.ids.astype(str).tolist(),
            contribution_name="share of the Shapley values",
            selected=marked,
            present=embeddings.mask,
        ),
    )
    picking.draw(figure, "learned-measured", embeddings.ids)
    view_bar(
        "learned-measured",
        figure=figure,
        table=known.table,
        python=python_weights.against_measured(workspace, known.baseline),
    )
    if norms is None:
        return
    section(
        "Against the lengths that are added up",
        "A large weight on a short vector adds little. Each point is an item: its learned weight, and its share of the "
        "lengths of what was added up. Far from the diagonal the weight alone misleads.",
    )
    figure = session.remember(
        ("norms", uid_of(learned)),
        lambda: weight_against_contribution(learned, norms, known.modalities, present=embeddings.mask),
    )
    chart(figure, "weights-norms")
    view_bar("weights-norms", figure=figure, table=known.table, python=python_weights.against_norms(workspace))
