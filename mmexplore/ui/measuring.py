"""Measured beside learned: Shapley values, their null, agreement with the weights, and planted truth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import journey
from mmexplore.attribution.null import Null
from mmexplore.attribution.perceptual import Perceptual
from mmexplore.attribution.shapley import Contributions
from mmexplore.attribution.value import BASELINES
from mmexplore.figures.contributions import estimates_beside_truth, mean_contributions
from mmexplore.figures.weights import weight_against_contribution
from mmexplore.ui import python, session
from mmexplore.ui.download import chart, view_bar
from mmexplore.ui.session import CHOICE
from mmexplore.ui.widgets import numbers, plain, section
from mmexplore.workspace import Workspace

TRUTH = "truth_"  # columns of the planted example: the item's true weight of each modality


@st.fragment
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
    _numbers(found, lost)
    if learned is not None:
        _, agreed = session.remember(
            ("agreement", id(found)), lambda: (found, journey.agreement_of(fitted.fusion, embeddings, found, lost))
        )
        if agreed is not None:
            st.info(plain(agreed[1], 500))
    figure = mean_contributions(found, null)
    chart(figure, "shapley")
    if found.error is not None:
        st.caption(f"Sampled: the standard error is at most {found.error.max():.4f}.")
    view_bar(
        "shapley",
        figure=figure,
        table=lambda: contribution_table(found, embeddings.ids, embeddings.labels),
        python=python.measured(workspace, baseline),
    )
    if learned is not None:
        st.caption("Each point is an item: its learned weight and the share of its measured contribution.")
        _, scatter = session.remember(
            ("learned-measured", id(found), id(learned)),
            lambda: (
                (found, learned),
                weight_against_contribution(
                    learned, found.shares, embeddings.modalities, contribution_name="share of the Shapley values"
                ),
            ),
        )
        chart(scatter, "learned-measured")
    _beside_truth(embeddings.columns, found, null, learned)


def _numbers(found: Contributions, lost: Perceptual | None) -> None:
    about = "Mean Shapley value over all items: {}. Baseline: {}."
    values = [
        (m, f"{phi:+.3f}", about.format(found.meaning, found.baseline))
        for m, phi in zip(found.modalities, found.mean(), strict=True)
    ]
    residual = float(np.abs(found.residual).max())
    shown = f"{residual:.0e}" if residual >= 1e-6 else "0"
    values.append(("Residual", shown, "All contributions must add up to v(all) - v(none). This is what is left over."))
    numbers(values)
    if lost is not None:
        numbers(
            [
                (
                    f"Flips without {m}",
                    f"{flip:.0%}",
                    f"Share of the held-out items whose answer changes when {m} is taken away. With {m} permuted "
                    f"accuracy falls from {lost.score:.0%} to {low:.0%} (perceptual score {part:.2f}).",
                )
                for m, flip, low, part in zip(lost.modalities, lost.flips, lost.permuted, lost.lost, strict=True)
            ]
        )


def contribution_table(found: Contributions, ids: np.ndarray, labels: np.ndarray | None) -> pd.DataFrame:
    """One line an item: its Shapley values, v(all), v(none)."""
    table = pd.DataFrame({"id": ids.astype(str)})
    if labels is not None:
        table["label"] = labels
    for j, m in enumerate(found.modalities):
        table[f"shapley {m}"] = found.values[:, j]
    return table.assign(**{"v(all)": found.full, "v(none)": found.empty})


def _beside_truth(columns: pd.DataFrame, found: Contributions, null: Null, learned: np.ndarray | None) -> None:
    """Where the data carries the truth (the planted example), every estimate beside it."""
    names = [f"{TRUTH}{m}" for m in found.modalities]
    if not set(names) <= set(columns):
        return
    section(
        "Beside the truth",
        "This data was made so that the weight of each modality is known. The line is the truth; a bar that misses "
        "it is an estimate that misleads.",
    )
    truth = columns[names].to_numpy(float).mean(axis=0)
    shares = shares_of(found, null, learned)
    figure = estimates_beside_truth(shares, truth, found.modalities)
    chart(figure, "truth")
    table = pd.DataFrame({"modality": found.modalities, "truth": truth, **shares})
    view_bar("truth", figure=figure, table=lambda: table)


def shares_of(found: Contributions, null: Null, learned: np.ndarray | None) -> Mapping[str, np.ndarray]:
    """Each estimate as shares that sum to 1: mean learned weights, and mean Shapley values above the null's mean."""
    above = np.maximum(found.mean() - null.values.mean(axis=0), 0)
    estimates = {"Shapley, measured": above / (above.sum() or 1.0)}
    if learned is not None:
        estimates["weights, learned"] = learned.mean(axis=0)
    return estimates
