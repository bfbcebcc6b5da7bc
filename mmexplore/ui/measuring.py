"""Measured beside learned: Shapley values, their null, agreement with the weights; by data set, class and item."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import journey
from mmexplore.attribution.null import Null
from mmexplore.attribution.perceptual import Perceptual
from mmexplore.attribution.shapley import MAX_EXACT, Contributions
from mmexplore.attribution.value import BASELINES
from mmexplore.embeddings import Embeddings
from mmexplore.figures import theme
from mmexplore.figures.contributions import class_contributions, mean_contributions
from mmexplore.figures.weights import weight_against_contribution
from mmexplore.ui import picking, python_weights, selection, session, weighing
from mmexplore.ui.absent import absent
from mmexplore.ui.download import chart, view_bar
from mmexplore.ui.items import item_grid
from mmexplore.ui.session import CHOICE
from mmexplore.ui.widgets import numbers, plain, section
from mmexplore.workspace import Workspace

CARDS = 12
DIFFER = "Weight and measure differ most"


def measured(workspace: Workspace, learned: np.ndarray | None) -> None:
    """The section of the Weights page; `learned` [N, M] or None where the method has no weights."""
    section(
        "Measured contributions",
        "What the answer loses when a modality is taken away, averaged over every order of taking them away "
        "(Shapley values). The grey band is what the same measure gives where there is nothing to find: inside it, "
        "a contribution cannot be told from luck.",
    )
    baseline = st.segmented_control(
        "What stands in for a modality that is taken away",
        list(BASELINES),
        default="missing",
        required=True,
        key=f"{CHOICE}shapley.baseline",
        help="; ".join(f"{name}: {about}" for name, about in BASELINES.items()) + ".",
    )
    fitted, embeddings = journey.fitted_input(workspace)
    with st.spinner("Measuring"):
        found, null, lost = session.remember(
            ("shapley", id(fitted), session.fingerprint(embeddings), baseline),
            lambda: (
                *journey.shapley_of(workspace, baseline),
                journey.perceptual_of(fitted.fusion, embeddings, workspace.seed),
            ),
        )
    _numbers(found, null, lost, learned)
    if learned is not None:
        _, agreed = session.remember(
            ("agreement", id(found)), lambda: (found, journey.agreement_of(fitted.fusion, embeddings, found, lost))
        )
        if agreed is not None:
            st.info(plain(agreed[1], 500))
    if lacking := absent(embeddings.present):
        st.caption(plain(f"{lacking} What is absent contributes 0, and the means count that.", 600))
    figure = mean_contributions(found, null)
    chart(figure, "shapley")
    sampled = ""
    if found.error is not None and found.mean_error is not None:
        sampled = (
            f" More than {MAX_EXACT} modalities: random orders were drawn; the lines on the bars are the standard "
            f"error of the mean (at most {found.mean_error.max():.4f}; of an item at most {found.error.max():.4f})."
        )
    st.caption(
        plain(
            f"Value: {found.meaning}. In place of a hidden modality ({found.baseline}): {BASELINES[found.baseline]}. "
            f"Grey: 95 % of {len(null.values)} draws with the {null.permuted} permuted.{sampled}",
            900,
        )
    )
    view_bar(
        "shapley",
        figure=figure,
        table=lambda: contribution_table(found, embeddings.ids, embeddings.labels),
        python=python_weights.measured(workspace, baseline),
    )
    if learned is not None:
        _scatter(workspace, embeddings, found, learned)
    _by_class(workspace, embeddings, found, baseline)
    _by_item(workspace, embeddings, found, learned)


def _scatter(workspace: Workspace, embeddings: Embeddings, found: Contributions, learned: np.ndarray) -> None:
    section(
        "Learned against measured",
        "Each point is an item: its learned weight and the share of its measured contribution. Draw around points to "
        "select them.",
    )
    marked = selection.highlighted("learned-measured", workspace)
    _, figure = session.remember_last(
        "learned-measured",
        (id(found), id(learned), None if marked is None else workspace.selection),
        lambda: (
            (found, learned),
            weight_against_contribution(
                learned,
                found.shares,
                embeddings.modalities,
                titles=embeddings.ids.astype(str).tolist(),
                contribution_name="share of the Shapley values",
                selected=marked,
                present=embeddings.mask,
            ),
        ),
    )
    picking.draw(figure, "learned-measured", embeddings.ids)
    view_bar(
        "learned-measured",
        figure=figure,
        table=lambda: contribution_table(found, embeddings.ids, embeddings.labels, learned),
        python=python_weights.weights(workspace),
    )


def _by_class(workspace: Workspace, embeddings: Embeddings, found: Contributions, baseline: str) -> None:
    _, per_class = session.remember(
        ("shapley.class", id(found)), lambda: (found, journey.per_class(found, embeddings.labels))
    )
    if not per_class:
        return
    section("Measured, class by class", "Mean Shapley value of each modality for the items of a class.")
    figure = class_contributions(per_class, found.modalities, found.meaning)
    chart(figure, "shapley-classes")
    view_bar(
        "shapley-classes",
        figure=figure,
        table=lambda: weighing.class_table({c: v.tolist() for c, v in per_class.items()}, found.modalities),
        python=python_weights.measured(workspace, baseline),
    )


def _by_item(workspace: Workspace, embeddings: Embeddings, found: Contributions, learned: np.ndarray | None) -> None:
    section(
        "Measured, item by item",
        "The bar is the share of each modality in the size of the contributions; below it the contributions themselves "
        "(negative: the modality speaks against the item's own class)."
        + ("" if learned is None else " The upper bar is the learned weights."),
    )
    ways = weighing.orders(found.modalities)[:-1] + ([] if learned is None else [DIFFER])
    how = st.selectbox("Sort by", ways, key=f"{CHOICE}shapley.order", width=320)
    _, rows, shares = session.remember_last(
        "shapley.order",
        (id(found), id(learned), how),
        lambda: ((found, learned), _order(how, embeddings, found, learned), found.shares),
    )
    rows = picking.only_selected(workspace, rows, "shapley")
    colours = theme.modality_colours(found.modalities)
    weighing.legend({m: colours[m] for m in found.modalities}, "shapley")

    def under(row: int) -> None:
        with st.container(key=f"weigh-shapley-{row}"):
            if learned is not None:
                st.image(weighing.bar_svg(learned[row], colours, found.modalities), width="stretch")
            st.image(weighing.bar_svg(shares[row], colours, found.modalities), width="stretch")
        st.text(
            ", ".join(
                f"{m} {round(v, 2) + 0.0:+.2f}"  # + 0.0: no "-0.00"
                for m, v, there in zip(found.modalities, found.values[row], embeddings.mask[row], strict=True)
                if there
            )
        )

    item_grid(workspace, rows, f"shapley-{how}", below=under, limit=CARDS)


def _order(how: str, embeddings: Embeddings, found: Contributions, learned: np.ndarray | None) -> np.ndarray:
    """Positions of the items with two modalities or more, in the order asked for."""
    if how != DIFFER or learned is None:
        return weighing.order_rows(found.shares, embeddings.mask, how, found.modalities)
    several = np.flatnonzero(embeddings.mask.sum(axis=1) > 1)
    apart = np.abs(learned[several] - found.shares[several]).sum(axis=1)
    return several[np.argsort(-apart, kind="stable")]


def _numbers(found: Contributions, null: Null, lost: Perceptual | None, learned: np.ndarray | None) -> None:
    about = "Mean Shapley value over all items: {}. Baseline: {}."
    residual = float(np.abs(found.residual).max())
    shown = f"{residual:.0e}" if residual >= 1e-6 else "0"
    numbers(
        [
            (m, f"{phi:+.3f}", about.format(found.meaning, found.baseline))
            for m, phi in zip(found.modalities, found.mean(), strict=True)
        ]
        + [("Residual", shown, "All contributions must add up to v(all) - v(none). This is what is left over.")]
    )
    table = pd.DataFrame({"modality": found.modalities})
    if learned is not None:
        table["learned weight"] = learned.mean(axis=0)
    table["Shapley value"] = found.mean()
    table["nothing to find"] = [f"{low:+.3f} to {high:+.3f}" for low, high in zip(null.low, null.high, strict=True)]
    if lost is not None:
        table["flips"] = lost.flips
        table["accuracy, permuted"] = lost.permuted
        table["perceptual score"] = lost.lost
    column = st.column_config.NumberColumn
    st.dataframe(
        table,
        hide_index=True,
        key="measured",
        column_config={
            "learned weight": column(format="percent"),
            "Shapley value": column(format="%.3f"),
            "nothing to find": st.column_config.TextColumn(
                help="Where 95 % of the draws lie with the labels or the pairing permuted."
            ),
            "flips": column(
                "Answer changes without it",
                format="percent",
                help="Share of the held-out items whose answer changes when the modality is taken away altogether.",
            ),
            "accuracy, permuted": column(
                format="percent", help="Held-out accuracy when the modality is dealt out among the items at random."
            ),
            "perceptual score": column(
                format="%.2f", help="The share of the accuracy that is lost when the modality is dealt out at random."
            ),
        },
    )
    if lost is not None:
        st.caption(f"Held-out accuracy with everything as it is: {lost.score:.0%}.")


def contribution_table(
    found: Contributions, ids: np.ndarray, labels: np.ndarray | None, learned: np.ndarray | None = None
) -> pd.DataFrame:
    """One line an item: its Shapley values (and their error where sampled), learned weights, v(all), v(none)."""
    table = pd.DataFrame({"id": ids.astype(str)})
    if labels is not None:
        table["label"] = labels
    for j, m in enumerate(found.modalities):
        table[f"shapley {m}"] = found.values[:, j]
        if found.error is not None:
            table[f"standard error {m}"] = found.error[:, j]
        if learned is not None:
            table[f"weight {m}"] = learned[:, j]
    return table.assign(**{"v(all)": found.full, "v(none)": found.empty})
