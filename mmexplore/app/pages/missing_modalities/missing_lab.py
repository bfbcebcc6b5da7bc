"""Dropping modalities and measuring what is lost: the wish, the job, the curves, the worst subset."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import streamlit as st

from mmexplore import journey
from mmexplore.app.kit import show
from mmexplore.app.kit.download import chart
from mmexplore.app.kit.widgets import one_line, plain, section
from mmexplore.app.pages.missing_modalities import missing_words
from mmexplore.app.panels import fusing
from mmexplore.app.shell import jobs_view
from mmexplore.app.shell.view_jobs import as_job
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.journey import missing
from mmexplore.models.methods import fusion_methods
from mmexplore.robustness.holes import ANY
from mmexplore.robustness.lab import Lab
from mmexplore.scores.metric_names import name_of
from mmexplore.views.missing import MissingCurves, MissingSubsets, modalities_of
from mmexplore.workspace.state import Workspace

RESULT = "result.missing"
KIND = "missing"
Kind = TypeVar("Kind", MissingCurves, MissingSubsets)
AT = {"test": "At test", "train": "At training", "both": "At both"}
AT_HELP = (
    "At test: a method that was fitted on whole items meets items with holes. At training: it is fitted on items with "
    "holes and tested on whole ones. Both: holes are normal to it. Training means one fit for each point of a curve."
)


def panel(workspace: Workspace) -> None:
    """The wish, and what came of the last one."""
    wish = _wish(workspace)
    st.caption(plain(missing_words.cost(workspace, wish), 300))
    blocked = not wish["methods"] or not wish["shares"] or jobs_view.busy(KIND)
    if st.button("Drop and measure", type="primary", key="missing-run", disabled=blocked):
        _start(workspace, wish)
    made = st.session_state.get(RESULT)
    if made is None or made[0] is not workspace.embeddings:
        st.text("Choose what goes missing, and press Drop and measure. Every method meets the same holes.")
        return
    results(workspace, made[1], made[2])


def _wish(workspace: Workspace) -> dict[str, Any]:
    """The controls: arguments of `journey.missing_lab`."""
    embeddings = journey.fusion_input(workspace, *missing.missing_target(workspace))
    needs = {n: m.needs_labels for n, m in fusion_methods().items()}
    needs |= {i: f.fusion.needs_labels for i, f in workspace.fusions.items()}
    offered = {n: t for n, t in fusing.choices(workspace).items() if embeddings.target_kind or not needs[n]}
    begin = [n for n in missing.missing_methods(workspace) if n in offered]
    words = {missing.ALL: "Each modality in turn", ANY: "Any cell, whatever its modality"}
    fusing.forget_gone(f"{CHOICE}missing.methods", offered)
    methods = st.multiselect(
        "Methods",
        list(offered),
        begin,
        key=f"{CHOICE}missing.methods",
        format_func=lambda n: offered.get(n, n),
        help="What is fitted on the Fuse page is taken as it is; another is fitted with its defaults.",
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        modality = st.selectbox(
            "What goes missing",
            missing.missing_choices(embeddings),
            key=f"{CHOICE}missing.modality",
            width=250,
            format_func=lambda m: words.get(m) or one_line(m, 60),
        )
        classes = missing.classes_of(embeddings)
        by_class = ""
        if classes:
            by_class = st.selectbox(
                "From which items",
                ["", *classes],
                key=f"{CHOICE}missing.class",
                width=210,
                format_func=lambda c: f"only {one_line(c, 40)}" if c else "Any, at random",
                help="By class: only items of that class lose it, so that its absence itself tells the class.",
            )
        at = st.segmented_control(
            "When", list(AT), default="test", format_func=lambda a: AT[a], required=True, key=f"{CHOICE}missing.at",
            help=AT_HELP,
        )  # fmt: skip
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        shares = st.multiselect(
            "For which share of the items",
            [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0],
            list(missing.SHARES),
            key=f"{CHOICE}missing.shares",
            format_func=lambda s: f"{s:.0%}",
            width=420,
        )
        seeds = int(
            st.number_input(
                "Draws", 1, 20, 3, key=f"{CHOICE}missing.seeds", width=110,
                help="How often the holes are drawn anew. The curve is the mean over the draws.",
            )
        )  # fmt: skip
    return {
        "methods": methods, "modality": modality, "shares": shares, "at": at or "test", "by_class": by_class or None,
        "seeds": seeds,
    }  # fmt: skip


def _start(workspace: Workspace, wish: dict[str, Any]) -> None:
    workspace.ensure_split()
    embeddings = workspace.embeddings

    def keep(_: Workspace, lab: Lab) -> None:
        if session.workspace().embeddings is embeddings:
            st.session_state[RESULT] = (embeddings, lab, wish)

    def said(_: Lab) -> str:
        if session.workspace().embeddings is not embeddings:
            return "The vectors were changed meanwhile, so the result was not kept."
        return "Measured what is lost when modalities go missing."

    as_job(_view(MissingCurves, wish), workspace, "Drop modalities and measure", said, keep, kind=KIND)


def _view(kind: type[Kind], wish: dict[str, Any]) -> Kind:
    return kind(**wish | {name: tuple(wish[name]) for name in ("methods", "shares")})


def results(workspace: Workspace, lab: Lab, wish: dict[str, Any]) -> None:
    """The curves with their areas, and the worst subset."""
    titles = fusing.called(workspace, lab.subsets)
    metric = name_of(lab.metric).title
    section("Score against the share that is missing", missing_words.reading(lab))
    curves = lab.curves
    if lab.of_class:
        own = f"Items of class {one_line(lab.plan.only or '', 40)}"
        over = st.segmented_control(
            "Measured over", ["All judged items", own], default=own, required=True, key=f"{CHOICE}missing.over",
            format_func=plain,
        )  # fmt: skip
        curves = lab.of_class if over == own else lab.curves
    shown = [replace(c, method=titles.get(c.method, c.method)) for c in curves]
    view = _view(MissingCurves, wish)
    figure = view.figure(lab, curves=shown, metric=metric)
    chart(figure, view.name)
    for sentence in missing_words.verdicts(lab, titles):
        st.text(sentence)
    short = fusing.called(workspace, titles, short=True)  # so that all columns are seen on a tablet
    table = missing_words.area_table(lab, curves, short)
    column, ends = st.column_config, [c for c in table.columns if c.startswith("at ")]
    seen, number, most = fusing.for_the_eye(table, lab.metric, *ends, "area")
    config: dict[str, Any] = {c: column.NumberColumn(format=number) for c in ends}
    config["area"] = column.ProgressColumn(
        "area", min_value=0.0, max_value=most, format=number, help=missing_words.AREA, width=112
    )
    st.dataframe(seen, hide_index=True, height="content", key="missing-areas", column_config=config)
    show.bar(view, lab, figure)
    _subsets(lab, titles, metric, _view(MissingSubsets, wish))


def _subsets(lab: Lab, titles: dict[str, str], metric: str, view: MissingSubsets) -> None:
    section(
        "The worst subset",
        "Each column shows the methods only some of the modalities (filled dots) of every judged item, and what they "
        "score with it: the worst at the left. An item that has none of them gets the answer to nothing.",
    )
    if not modalities_of(lab):
        st.text("No judged item has a modality.")
        return
    by_title = {titles[name]: found for name, found in lab.subsets.items()}
    first = next(iter(by_title))
    if len(by_title) > 1:
        first = st.selectbox("In the order of", list(by_title), key=f"{CHOICE}missing.order", width=320)
    ordered = {first: by_title[first], **by_title}
    figure = view.figure(lab, subsets=ordered, metric=metric)
    chart(figure, view.name)
    st.text(missing_words.worst(first, by_title[first], lab))
    by_size = missing_words.size_table(by_title[first])
    scores = ["lowest score", "mean score", "highest score"]
    seen, number, _ = fusing.for_the_eye(by_size, lab.metric, *scores)
    sizes = {c: st.column_config.NumberColumn(format=number) for c in scores}
    st.dataframe(seen, hide_index=True, key="missing-sizes", column_config=sizes)
    show.bar(view, lab, figure, rows={"subsets": by_title})
