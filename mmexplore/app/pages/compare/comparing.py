"""Choosing what is compared, and running it as one job: how it stands is known while it runs, and kept if it stops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from mmexplore import journey
from mmexplore.app.panels import fusing, live
from mmexplore.app.shell import jobs_view
from mmexplore.app.state.session import CHOICE
from mmexplore.journey.comparing import Comparison, Entry, Setting
from mmexplore.models import alignment, fusion, generative
from mmexplore.models.methods import all_methods
from mmexplore.server.jobs import Progress
from mmexplore.workspace.fits import changed, title_of
from mmexplore.workspace.state import FittedFusion, Workspace

RESULT = "result.compare"  # forgotten with the workspace it belongs to
ROOMS: dict[str, Callable[[], dict[str, Any]]] = {
    "Fusions": fusion.methods,
    "Generative models": generative.methods,
    "Alignments": alignment.methods,
}
FEW = {
    "Fusions": ["late-product", "concat", "attention", "gated", "self-attention"],
    "Generative models": ["mvae"],
    "Alignments": ["cca", "procrustes"],
}


# -- choosing ----------------------------------------------------------------------
def controls(workspace: Workspace) -> Setting:
    """Methods, seeds, label budget, missing rate."""
    names: list[str | Entry] = []
    every, few = {room: list(methods()) for room, methods in ROOMS.items()}, _few(workspace)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button("Choose all", key="compare-all", on_click=_choose, args=(every,))
        st.button("A quick few", key="compare-few", on_click=_choose, args=(few,))
    for room, methods in every.items():
        names += st.multiselect(
            room,
            methods,
            few[room],
            key=f"{CHOICE}compare.{room}",
            format_func=lambda n: title_of(all_methods()[n]),
        )
    names += _other_settings(workspace)
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


def _other_settings(workspace: Workspace) -> list[Entry]:
    """Fits of this workspace with settings of their own: their methods take part a second time, with these."""
    own = {i: f for i, f in workspace.fusions.items() if changed(type(f.fusion), f.params)}
    if not own:
        return []
    titles, key = {i: workspace.titles[i] for i in own}, f"{CHOICE}compare.settings"
    fusing.forget_gone(key, own)
    chosen = st.multiselect(
        "With the settings of these fits",
        list(own),
        key=key,
        format_func=lambda i: titles.get(i, i),
        help="Fitted on the Fuse page with other settings than the defaults. Here they are fitted anew, with every "
        "seed; the same method may take part with its defaults as well.",
    )
    return [_entry(own[i]) for i in chosen]


def _entry(fit: FittedFusion) -> Entry:
    params, known = changed(type(fit.fusion), fit.params), all_methods().get(fit.method) is type(fit.fusion)
    return Entry(fit.method if known else type(fit.fusion), params)


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


def _few(workspace: Workspace) -> dict[str, list[str]]:
    """What is quick and can take part: four fusions; those that need labels only where there are some."""
    able = fusing.targets(workspace) != [fusing.NO_TARGET]
    return {
        room: [name for name in names if able or not all_methods()[name].needs_labels][:4]
        for room, names in FEW.items()
    }


def _choose(chosen: dict[str, list[str]]) -> None:
    for room, names in chosen.items():
        st.session_state[f"{CHOICE}compare.{room}"] = names


class Heard:
    """Hears a race from another thread (an `OnScored`); the page asks how it stands."""

    def __init__(self) -> None:
        self.so_far: Comparison | None = None  # never changed, only replaced: no lock is needed

    def __call__(self, comparison: Comparison) -> None:
        self.so_far = comparison


def start(workspace: Workspace, setting: Setting) -> None:
    """Submit the comparison; its result is kept for the page, and of a cancelled one what was scored till then."""
    workspace.ensure_split()
    frozen, heard = workspace.snapshot(), live.listen("compare", Heard())

    def work(progress: Progress) -> Comparison:
        return journey.compare(frozen, setting, progress, heard)

    def take_up(comparison: Comparison) -> str:
        st.session_state[RESULT] = comparison
        return "Compared."

    def left() -> None:
        if heard.so_far is not None and heard.so_far.n_scored:
            st.session_state[RESULT] = heard.so_far

    jobs_view.submit(f"Compare {len(setting.entries)} methods", work, take_up, "compare", left=left)


def last(workspace: Workspace) -> tuple[Comparison | None, bool]:
    """The last comparison of this session, and whether it belongs to the vectors as they are now."""
    comparison: Comparison | None = st.session_state.get(RESULT)
    return comparison, comparison is not None and belongs(workspace, comparison)


def belongs(workspace: Workspace, comparison: Comparison) -> bool:
    """Was this compared on the vectors as they are now?"""
    same = comparison.embeddings is workspace.embeddings
    return same and (comparison.aligned is None or comparison.aligned is workspace.aligned)
