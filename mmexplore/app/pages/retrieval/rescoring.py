"""Rescoring against hubs beside the raw scores, with the bank it looks at named; and the hubs themselves."""

from __future__ import annotations

import streamlit as st

from mmexplore.app.kit import show
from mmexplore.app.kit.items import item_grid
from mmexplore.app.kit.widgets import numbers, plain, say_error, section
from mmexplore.app.state.session import CHOICE
from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.retrieval.rescore import Hubness
from mmexplore.views.rescoring import METHODS, Hubs, Rescored, Scores
from mmexplore.workspace.state import Workspace

AT_ONCE = 5000  # rows up to which this is measured without being asked for
HUBS = 6
ABOUT = {
    "centred": "takes the mean off both sides, so that what all share no longer counts",
    "csls": "takes off each item how near it is to queries in general (its 10 nearest)",
    "inverted_softmax": "asks of each item which query it fits best, and shares it out among them",
}
BANKS = {"other": "Other queries (honest)", "same": "The tested queries (flatters)"}


def rescoring(workspace: Workspace, shared: Embeddings, directions: list[tuple[str, str]]) -> None:
    """The part of the Retrieval page."""
    section(
        "Rescoring against hubs",
        "Some items are near to everything and are found by everybody: hubs. Rescoring takes it off them. It must look "
        "at some queries (the bank) to know who they are; where these are the tested queries themselves, the gain "
        "is mostly from seeing the questions beforehand, so by default the bank is of other queries.",
    )
    if not st.toggle("Measure", len(shared) <= AT_ONCE, key=f"{CHOICE}rescore.on"):
        return
    (src, dst), method, bank, k, beta = _choices(directions)
    view = Rescored(src, dst, method, bank, k, beta)
    try:
        with st.spinner("Measuring"):
            found = show.found(view, workspace)
    except UserError as error:
        say_error(error)
        return
    (st.warning if bank == "same" else st.info)(plain(found.report.note, 300))
    show.show(view, found, workspace)
    _hubs(workspace, Hubs(src, dst, method, bank, k, beta), found)


def _choices(directions: list[tuple[str, str]]) -> tuple[tuple[str, str], str, str, int, float]:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        direction = st.selectbox(
            "Direction", directions, key=f"{CHOICE}rescore.way", width=260, format_func=lambda d: f"{d[0]} to {d[1]}"
        )
        method = st.segmented_control(
            "Rescore by",
            list(METHODS),
            default="csls",
            required=True,
            format_func=lambda m: METHODS[m],
            key=f"{CHOICE}rescore.method",
            help="; ".join(f"{METHODS[m]} {about}" for m, about in ABOUT.items()) + ".",
        )
        bank = st.segmented_control(
            "It may look at",
            list(BANKS),
            default="other",
            required=True,
            format_func=lambda b: BANKS[b],
            key=f"{CHOICE}rescore.bank",
        )
        k, beta = 10, 20.0
        if method == "csls":
            k = int(st.number_input("Neighbours", 1, 100, 10, key=f"{CHOICE}rescore.k", width=120))
        if method == "inverted_softmax":
            beta = float(
                st.slider(
                    "Sharpness",
                    5.0,
                    200.0,
                    20.0,
                    5.0,
                    key=f"{CHOICE}rescore.beta",
                    width=200,
                    help="The softmax's inverse temperature.",
                )
            )
    return direction, str(method), str(bank), k, beta


def _hubs(workspace: Workspace, view: Hubs, found: Scores) -> None:
    section("The hubs", "How often each item is found: most a few times, a hub by a great part of the queries.")
    raw, after = found.report.raw_hubs, found.report.hubs
    about = (
        f"Skewness of how often an item is among the {raw.k} nearest. 0: all alike; above about 1 hubs are a problem."
    )
    never = f"Share of the items that are among the {raw.k} nearest of no query."
    numbers(
        [
            ("Hubness, raw", f"{raw.skewness:.2f}", about),
            (f"Hubness, {found.title}", f"{after.skewness:.2f}", about),
            ("Never found, raw", f"{raw.antihubs:.0%}", never),
            (f"Never found, {found.title}", f"{after.antihubs:.0%}", never),
        ]
    )
    show.show(view, found, workspace)
    about = f"The greatest hubs: each {view.dst} with how many queries have it among their {raw.k} nearest."
    st.caption(plain(about, 200))
    places = raw.hubs[:HUBS]
    notes = {int(found.report.gallery_rows[i]): _note(i, raw, after) for i in places}
    item_grid(workspace, found.report.gallery_rows[places], "hubs", notes=notes, limit=HUBS)


def _note(place: int, raw: Hubness, after: Hubness) -> str:
    return f"{raw.counts[place]:,} raw, {after.counts[place]:,} rescored; even share {raw.counts.mean():.1f}"
