"""Choosing an alignment, fitting it as a job, and whether it helped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from mmexplore import journey
from mmexplore.app.kit import method_card, parameters, show
from mmexplore.app.kit.download import chart, view_bar
from mmexplore.app.kit.widgets import plain
from mmexplore.app.panels import live
from mmexplore.app.shell import jobs_view
from mmexplore.app.state import session
from mmexplore.figures.spaces import correlations
from mmexplore.figures.training import learning_curves
from mmexplore.models.estimator import Estimator
from mmexplore.models.methods import alignment_methods
from mmexplore.server.jobs import Progress
from mmexplore.views.realigned import Realigned
from mmexplore.workspace.state import Workspace


def panel(workspace: Workspace, methods: Mapping[str, type[Estimator]]) -> None:
    """Choose and fit an alignment."""
    method = method_card.pick(methods, "alignment", [method_card.NONE, *methods])
    if method == method_card.NONE:
        if workspace.alignment is not None and st.button("Remove the alignment", key="align-remove"):
            workspace.set_alignment(None, None)
            st.rerun()
        return
    method_card.show(methods[method].card)
    diagram = st.container()
    params = parameters.ask(methods[method], "alignment")
    with diagram:
        assert workspace.embeddings is not None
        method_card.diagram(methods[method], params, workspace.embeddings)
    if st.button("Align", type="primary", key="align", disabled=jobs_view.busy("align")):
        start(workspace, method, params, methods[method].card.title)
    live.curves("align")


def start(workspace: Workspace, method: str, params: dict[str, Any], title: str) -> None:
    """Submit the fit as a job; its alignment is used from then on."""
    if not alignment_methods()[method].fitted_in_advance:
        workspace.ensure_split()
    embeddings, frozen, hear = workspace.embeddings, workspace.snapshot(), live.watch("align", title)
    once = session.once(("align", method, repr(params)), gives=lambda found: found)

    def work(progress: Progress):
        return once(lambda: journey.align(frozen, method, params, progress, hear))

    def take_up(result) -> str:
        if session.workspace().embeddings is not embeddings:
            return "The vectors were changed meanwhile, so the alignment was not kept."
        session.workspace().set_alignment(*result)
        return f"Aligned: {title}."

    jobs_view.submit(f"Align: {title}", work, take_up, "align")


def results(workspace: Workspace) -> None:
    """What the alignment in use is worth; nothing where there is none."""
    used = workspace.alignment
    if used is None:
        return
    st.text(f"In use: {used.card.title}")
    if left := journey.not_aligned(workspace):
        st.warning(plain(left, 300))
    _beside_raw(workspace)
    probe = getattr(used, "probe_accuracy_", None)
    if probe is not None:
        chance = getattr(used, "probe_chance_", 0.0)
        st.text(f"A fresh probe tells the modalities apart in {probe:.0%} of the held-out codes (chance {chance:.0%}).")
    if used.correlations_ is not None:
        st.caption(
            "Correlation of each shared direction, on the rows it was fitted to and on rows that were held out. "
            "A wide gap between the two means that there were too few pairs."
        )
        figure = correlations(used.correlations_, used.train_correlations_)
        chart(figure, "correlations")
        view_bar("correlations", figure=figure)
    if len(used.history_):
        figure = learning_curves(used.history_, workspace.embeddings.modalities if workspace.embeddings else ())
        chart(figure, "alignment-curves")
        view_bar("alignment-curves", figure=figure, table=lambda: used.history_)


def _beside_raw(workspace: Workspace) -> None:
    """Where the vectors could be compared as they came: retrieval before and after, and a plain sentence."""
    view = Realigned()
    compared = show.found(view, workspace)
    if compared is None:
        return
    (st.warning if compared.hurts else st.info)(plain(compared.sentence, 400))
    figure = show.figure_of(view, compared, workspace)
    chart(figure, view.name)
    st.dataframe(
        view.table(compared),
        hide_index=True,
        key="realigned",
        column_config={c: st.column_config.NumberColumn(format="%.1f") for c in ("R@1 %", "R@5 %", "R@10 %")},
    )
    show.bar(view, compared, figure)
