"""Choosing what is compared, running it as one job, and reading who came where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from mmexplore import alignment, fusion, generative, journey
from mmexplore.figures.comparing import race_figure
from mmexplore.jobs import Progress
from mmexplore.journey.comparing import Comparison, Race, Setting
from mmexplore.methods import all_methods
from mmexplore.ui import fusing, jobs_view, python_models
from mmexplore.ui.absent import absent
from mmexplore.ui.download import chart, view_bar
from mmexplore.ui.session import CHOICE
from mmexplore.ui.widgets import plain, section
from mmexplore.workspace import FittedFusion, Workspace

ABSENT = {
    "fusion": "A modality alone can only guess there, and its score counts that.",
    "alignment": "A direction is asked with the rows that have both of its modalities.",
}
RESULT = "result.compare"  # forgotten with the workspace it belongs to
ROOMS: dict[str, Callable[[], dict[str, Any]]] = {
    "Fusions": fusion.methods,
    "Generative models": generative.methods,
    "Alignments": alignment.methods,
}
FIRST = {
    "Fusions": ["late-product", "concat", "attention", "gated"],
    "Generative models": ["mvae"],
    "Alignments": ["cca", "procrustes"],
}
METRICS = {
    "accuracy": "Accuracy",
    "r2": "R² (1 is perfect, 0 is the mean)",
    "recall@1": "Recall@1",
    "recall@5": "Recall@5",
    "recall@10": "Recall@10",
    "disjoint recall@10": "Recall@10 from one modality to all the others",
}
PAGES = {"Weights": "pages/weights.py", "Latent space": "pages/latent_space.py", "Retrieval": "pages/retrieval.py"}


# -- choosing ----------------------------------------------------------------------
def controls(workspace: Workspace) -> Setting:
    """Methods, seeds, label budget, missing rate."""
    names: list[str] = []
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for words, every in (("Choose all", True), ("A quick few", False)):
            st.button(words, key=f"compare-{every}", on_click=_choose, args=(every,))
    for room, methods in ROOMS.items():
        names += st.multiselect(
            room,
            list(methods()),
            FIRST[room],
            key=f"{CHOICE}compare.{room}",
            format_func=lambda n: all_methods()[n].card.title,
        )
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        seeds = int(
            st.number_input(
                "Seeds",
                1,
                20,
                3,
                key=f"{CHOICE}compare.seeds",
                width=110,
                help="Each method is fitted so many times. With each seed all methods get the same labels and holes.",
            )
        )
        missing = st.slider(
            "Missing cells",
            10,
            90,
            50,
            10,
            format="%d %%",
            key=f"{CHOICE}compare.missing",
            width=210,
            help="Each is also scored with this share of the cells taken away, the same ones for all; every item "
            "keeps one.",
        )
        target, source = _task(workspace)
        kind = journey.fusion_input(workspace, target, source).target_kind
        budget = None
        if kind is not None:
            budget = st.number_input(
                "Labels of each class" if kind == "classification" else "Labelled items",
                1,
                None,
                None,
                placeholder="all",
                key=f"{CHOICE}compare.budget",
                width=190,
                help="Learn from so few labels. The items without a label stay: what needs none still learns from "
                "them.",
            )
    return Setting(tuple(names), seeds, None if budget is None else int(budget), missing / 100, target, source)


def _task(workspace: Workspace) -> tuple[str, str]:
    words = {fusing.LABEL_TARGET: "The labels", fusing.NO_TARGET: "Nothing: learn from the pairs alone"}
    target = st.selectbox(
        "Fusions predict",
        fusing.targets(workspace),
        key=f"{CHOICE}compare.target",
        width=270,
        format_func=lambda t: words.get(t, t),
    )
    source = "encoded"
    if workspace.aligned is not None:
        source = st.selectbox(
            "Vectors",
            ["encoded", "aligned"],
            key=f"{CHOICE}compare.source",
            width=160,
            format_func=lambda v: f"As {v}",
        )
    return target, source


def _choose(every: bool) -> None:
    for room, methods in ROOMS.items():
        st.session_state[f"{CHOICE}compare.{room}"] = list(methods()) if every else FIRST[room]


def start(workspace: Workspace, setting: Setting) -> None:
    """Submit the comparison; its result is kept for the page."""
    workspace.ensure_split()
    frozen = replace(workspace)

    def work(progress: Progress) -> Comparison:
        return journey.compare(frozen, setting, progress)

    def take_up(comparison: Comparison) -> str:
        st.session_state[RESULT] = comparison
        return "Compared."

    jobs_view.submit(f"Compare {len(setting.methods)} methods", work, take_up, "compare")


def last(workspace: Workspace) -> tuple[Comparison | None, bool]:
    """The last comparison of this session, and whether it belongs to the vectors as they are now."""
    comparison: Comparison | None = st.session_state.get(RESULT)
    if comparison is None:
        return None, False
    same = comparison.embeddings is workspace.embeddings
    return comparison, same and (comparison.aligned is None or comparison.aligned is workspace.aligned)


# -- reading -----------------------------------------------------------------------
def show_race(workspace: Workspace, comparison: Comparison, race: Race, current: bool) -> None:
    """Chart, table, who could not take part, and the doors to Weights and Latent space."""
    answer = race.as_dict()
    s, several = comparison.setting, len(comparison.seeds) > 1
    held_out = f"{race.n:,} {fusing.ROWS.get(race.rows, race.rows)}"
    interval = "the line is the 95 % interval over the items" + (", of the mean over the seeds" if several else "")
    st.caption(plain(f"{METRICS[race.metric]} on {held_out}; {interval}.", 300))
    shown = race.metric
    further = list(race.lines[0].further) if race.lines else []
    if further:
        shown = st.segmented_control(
            "Measure",
            [race.metric, *further],
            default=race.metric,
            required=True,
            format_func=lambda m: METRICS[m],
            key=f"{CHOICE}compare.measure.{race.kind}",
            label_visibility="collapsed",
        )
    first = shown == race.metric
    figure = race_figure(
        answer["results"],
        METRICS[shown],
        race.chance if first else None,
        race.reference,
        "score" if first else shown,
        s.missing if first else None,
    )
    name = f"compare-{race.kind}"
    chart(figure, name)
    table = race_table(race)
    event = st.dataframe(
        table,
        hide_index=True,
        key=f"{name}-table",
        column_config=columns(race),
        on_select="rerun",
        selection_mode="single-row",
        placeholder="",
    )
    if current and workspace.embeddings is not None and (lacking := absent(workspace.embeddings.present)):
        st.caption(plain(f"{lacking} {ABSENT[race.kind]}", 600))
    for note in race.notes:
        st.caption(plain(note, 400))
    view_bar(name, figure=figure, table=lambda: pd.DataFrame(answer["results"]), python=python_models.comparison(s))
    if current:
        _open(workspace, comparison, race, event)
    else:
        st.caption("The vectors have changed since this was compared: compare again to open a method in the views.")
    if race.failed:
        section("Could not take part")
        for failed in race.failed:
            st.text(f"{failed.title}: {failed.reason}")


def race_table(race: Race) -> pd.DataFrame:
    """One line a competitor, best first."""
    rows: list[dict[str, Any]] = []
    for line in race.lines:
        row: dict[str, Any] = {
            "method": ("baseline: " if line.baseline else "") + line.title,
            "score": line.score.score,
            "from": line.score.interval[0],
            "to": line.score.interval[1],
            "sd": line.score.sd,
            "gain": None if line.gain is None else line.gain.score,
            "gain from": None if line.gain is None else line.gain.interval[0],
            "gain to": None if line.gain is None else line.gain.interval[1],
            "with holes": None if line.holes is None else line.holes.score,
        }
        row |= {name: value.score for name, value in line.further.items()}
        row |= {
            "evenness": line.entropy,
            "parameters": line.n_parameters,
            "fit": line.fit_seconds,
            "item": None if line.item_seconds is None else 1000 * line.item_seconds,
        }
        rows.append(row)
    table = pd.DataFrame(rows)
    return table.drop(columns=[c for c in table if c != "score" and table[c].isna().all()])


def columns(race: Race) -> dict[str, Any]:
    """How the table's columns are written and explained."""
    kind = st.column_config
    score, signed = "%.3f", "%+.3f"
    over = f"Score minus that of the baseline ({race.reference}), item by item, with its 95 % interval."
    return {
        "method": kind.TextColumn("", width="medium", pinned=True),
        "score": kind.NumberColumn(METRICS[race.metric].split(" (")[0], format=score),
        "from": kind.NumberColumn(format=score, help="95 % interval: bootstrap over the held-out items."),
        "to": kind.NumberColumn(format=score),
        "sd": kind.NumberColumn("± seeds", format=score, help="Standard deviation between the seeds."),
        "gain": kind.NumberColumn(format=signed, help=over),
        "gain from": kind.NumberColumn(format=signed, help=over),
        "gain to": kind.NumberColumn(format=signed, help=over),
        "with holes": kind.NumberColumn(format=score, help=race.with_missing.capitalize() + "."),
        "evenness": kind.NumberColumn(
            format="%.2f",
            help="Mean entropy of the modality weights, where the method has any. 1: all the same; 0: one takes all.",
        ),
        "parameters": kind.NumberColumn(format="localized", help="How many numbers the fit has learned."),
        "fit": kind.NumberColumn("fit, s", format="%.2f", help="Seconds of one fit, mean over the seeds."),
        "item": kind.NumberColumn("item, ms", format="%.3f", help="Milliseconds for one held-out item."),
        **{m: kind.NumberColumn(METRICS[m], format=score) for m in ("recall@5", "recall@10", "disjoint recall@10")},
    }


def _open(workspace: Workspace, comparison: Comparison, race: Race, event: Any) -> None:
    """Take a fitted method into the workspace and go where it can be looked at."""
    names = [line.name for line in race.lines if line.name in comparison.fitted]
    if not names:
        return
    chosen = [race.lines[i].name for i in event.selection.rows if i < len(race.lines)]
    key = f"{CHOICE}compare.open.{race.kind}"
    picked = f"compare.picked.{race.kind}"
    if chosen != st.session_state.get(picked) and chosen and chosen[0] in names:
        st.session_state[key] = chosen[0]
    st.session_state[picked] = chosen
    if st.session_state.get(key) not in names:
        st.session_state[key] = names[0]
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key=f"open-{race.kind}"):
        name = st.selectbox(
            "Look into",
            names,
            key=key,
            width=360,
            format_func=lambda n: all_methods()[n].card.title,
            help="Or click on a line of the table. It is taken over as fitted with the first seed.",
        )
        for title in ("Weights", "Latent space") if race.kind == "fusion" else ("Latent space", "Retrieval"):
            if st.button(f"Open in {title}", key=f"open-{race.kind}-{title}"):
                take_over(workspace, comparison, name)
                st.switch_page(PAGES[title])


def take_over(workspace: Workspace, comparison: Comparison, name: str) -> None:
    """The method as fitted with the first seed becomes the one that the views show."""
    fitted = comparison.fitted[name]
    if isinstance(fitted, FittedFusion):
        workspace.add_fusion(fitted)
    elif workspace.alignment is not fitted[0]:
        workspace.set_alignment(*fitted)
