"""Planted data: what the methods say, and what is true."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from mmexplore import journey
from mmexplore.app.kit import show
from mmexplore.app.kit.download import chart
from mmexplore.app.kit.widgets import PERCENT, in_percent, section
from mmexplore.app.panels import fusing
from mmexplore.app.shell import jobs_view
from mmexplore.app.shell.view_jobs import as_job, recall
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.attribution.truth import TIE, BesideTruth, beside_truth, true_shares
from mmexplore.data.identity import uid_of
from mmexplore.views.truth import Told, Truth, told
from mmexplore.workspace.state import Workspace


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
    asked = [one for name in _ask(workspace) for one in _known(workspace, name)]
    found = {f.method: f for f in [*here, *asked]}
    if not found:
        st.caption("The fusion that is shown was not fitted to the label: measure the others with the button.")
        return
    _draw(workspace, told(list(found.values()), workspace))


def _known(workspace: Workspace, name: str) -> tuple[BesideTruth, ...]:
    """What was measured of this fit or method; nothing where it was not, or of another fit."""
    one = recall(Truth((name,)), workspace)
    return () if one is None else one.methods


def _keep(before: Workspace, result: Told) -> None:
    """Each method's under a key of its own: what is asked for next need not be the same."""
    for one in result.methods:
        session.keep(Truth((one.method,)).key(before), told([one], before))


def _ask(workspace: Workspace) -> list[str]:
    """What to measure, as a job; all that can be asked for."""
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
        pressed = st.button("Fit and measure them", key="truth-fit", disabled=not chosen or jobs_view.busy(Truth.name))
    if pressed:
        workspace.ensure_split()
        title = f"Measure {len(chosen)} methods beside the truth"
        as_job(Truth(tuple(chosen)), workspace, title, lambda found: "Measured. " + " ".join(found.refused), _keep)
    return list(names)


def _draw(workspace: Workspace, found: Told) -> None:
    view = Truth(tuple(f.method for f in found.methods))
    figure = show.figure_of(view, found, workspace)
    chart(figure, view.name)
    percent = st.column_config.NumberColumn(format=PERCENT)
    st.dataframe(
        in_percent(view.table(found), "error measured", "error learned"),
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
        f"Over {found.methods[0].rows:,} held-out items; true shares nearer than {TIE:.0%} have no order. Error: mean "
        "distance from the true share. Methods without weights of their own have no learned order."
    )
    show.bar(view, found, figure)
