"""Planted data: what the methods say, and what is true."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from mmexplore import journey
from mmexplore.app.kit.download import chart, view_bar
from mmexplore.app.kit.widgets import PERCENT, in_percent, section
from mmexplore.app.panels import fusing
from mmexplore.app.shell import jobs_view
from mmexplore.app.snippets import weights as python_weights
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.attribution.truth import TIE, BesideTruth, beside_truth, ranking_right, true_shares
from mmexplore.data.identity import uid_of
from mmexplore.figures.contributions import methods_beside_truth
from mmexplore.server.jobs import Progress
from mmexplore.workspace.state import Workspace

KIND = "truth"


def is_known(workspace: Workspace) -> bool:
    """Was the data planted, so that it carries its truth?"""
    return true_shares(journey.fitted_input(workspace)[1]) is not None


def beside_the_truth(workspace: Workspace) -> None:
    """The part of the Weights page for planted data (`is_known`)."""
    fitted, embeddings = journey.fitted_input(workspace)
    section(
        "Beside the truth, method by method",
        "This data was planted, so the true share of each modality in the information about the label is known (the "
        "upright line). A disc is the share measured on the fitted method (Shapley, in bits, held-out items), an open "
        "diamond the weight that the method has learned. A measure can only credit what the method has found: where "
        "the bits told are few, the method has missed a part, and its shares are of what it found.",
    )
    here = []
    if fitted.fusion.objective_ == "classification" and fitted.target == "label":
        key = ("truth.one", uid_of(fitted), session.fingerprint(embeddings))
        mine = session.remember(key, lambda: beside_truth(fitted.fusion, embeddings, workspace.seed))
        here = [replace(mine, method=fitted.id)]
    _ask(workspace)
    kept: dict[str, tuple[Any, BesideTruth]] = session.recall(_key(workspace)) or {}
    asked = [told for name, (fusion, told) in kept.items() if fusion is _fusion(workspace, name)]
    found = {f.method: f for f in [*here, *asked]}
    if not found:
        st.caption("The fusion that is shown was not fitted to the label: measure the others with the button.")
        return
    _draw(workspace, sorted(found.values(), key=_error))


def _key(workspace: Workspace) -> tuple:
    assert workspace.embeddings is not None
    return ("truth.methods", session.fingerprint(workspace.embeddings), workspace.seed)


def _fusion(workspace: Workspace, name: str) -> Any:
    """The fit that was measured under this name; what is told of another one of that name is not its."""
    fit = workspace.fit_of(name)
    return None if fit is None else fit.fusion


def _ask(workspace: Workspace) -> None:
    names = fusing.choices(workspace)
    fusing.forget_gone(f"{CHOICE}truth.methods", names)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        chosen = st.multiselect(
            "Methods",
            list(names),
            list(names),
            format_func=lambda n: names.get(n, n),
            key=f"{CHOICE}truth.methods",
            width=640,
        )
        pressed = st.button("Fit and measure them", key="truth-fit", disabled=not chosen or jobs_view.busy(KIND))
    if pressed:
        workspace.ensure_split()
        key, frozen = _key(workspace), workspace.snapshot()

        def work(progress: Progress) -> tuple[list[BesideTruth], list[str]]:
            return journey.truth_of_methods(frozen, chosen, progress)

        def take_up(result: tuple[list[BesideTruth], list[str]]) -> str:
            session.keep(key, {found.method: (_fusion(frozen, found.method), found) for found in result[0]})
            return "Measured. " + " ".join(result[1])

        jobs_view.submit(f"Measure {len(chosen)} methods beside the truth", work, take_up, KIND)


def _error(found: BesideTruth) -> float:
    return float(abs(found.measured - found.truth).sum())


def _draw(workspace: Workspace, found: list[BesideTruth]) -> None:
    titles = fusing.called(workspace, [f.method for f in found])
    figure = methods_beside_truth(found, titles)
    chart(figure, "truth")
    table = pd.DataFrame([_line(f, titles) for f in found])
    percent = st.column_config.NumberColumn(format=PERCENT)
    st.dataframe(
        in_percent(table, "error measured", "error learned"),
        hide_index=True,
        key="truth-table",
        column_config={
            "method": st.column_config.TextColumn("Method"),
            "bits told": st.column_config.NumberColumn("Bits told", format="%.2f"),
            "order measured": st.column_config.CheckboxColumn("Order measured right"),
            "order learned": st.column_config.CheckboxColumn("Order learned right"),
            "error measured": percent,
            "error learned": percent,
        },
        column_order=["method", "bits told", "order measured", "order learned", "error measured", "error learned"],
    )
    st.caption(
        f"Over {found[0].rows:,} held-out items; true shares nearer than {TIE:.0%} have no order. Error: mean distance "
        "from the true share. Methods without weights of their own have no learned order."
    )
    view_bar("truth", figure=figure, table=lambda: table, python=python_weights.truth([f.method for f in found]))


def _line(found: BesideTruth, titles: dict[str, str]) -> dict[str, object]:
    line: dict[str, object] = {"method": titles.get(found.method, found.method), "bits told": found.told}
    for name, estimate in (("measured", found.measured), ("learned", found.learned)):
        line[f"order {name}"] = None if estimate is None else ranking_right(estimate, found.truth)
        line[f"error {name}"] = None if estimate is None else float(abs(estimate - found.truth).mean())
    for j, m in enumerate(found.modalities):
        line[f"true {m}"] = found.truth[j]
        line[f"measured {m}"] = found.measured[j]
        line[f"learned {m}"] = None if found.learned is None else found.learned[j]
    return line
