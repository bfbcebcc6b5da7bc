"""Rescoring against hubs beside the raw scores, with the bank it looks at named; and the hubs themselves."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mmexplore import journey
from mmexplore.app.kit.download import chart, view_bar
from mmexplore.app.kit.items import item_grid
from mmexplore.app.kit.widgets import numbers, plain, say_error, section
from mmexplore.app.panels.searching import report_table
from mmexplore.app.snippets import common as python
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.figures.retrieval import hub_histogram, recall_bars
from mmexplore.retrieval.metrics import RetrievalReport
from mmexplore.retrieval.rescore import Hubness, RescoredReport, rescored_report
from mmexplore.workspace.state import Workspace

MOST = 2000  # tested queries, and queries in the bank: more are drawn at random, and the note says so
AT_ONCE = 5000  # rows up to which this is measured without being asked for
HUBS = 6
METHODS = {"centred": "Mean-centred", "csls": "CSLS", "inverted_softmax": "Inverted softmax"}
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
    rows, _ = journey.evaluation_rows(workspace)
    key = ("rescored", session.fingerprint(shared), src, dst, method, bank, k, beta, rows.tobytes(), workspace.seed)
    try:
        with st.spinner("Measuring"):
            found: RescoredReport = session.remember(
                key,
                lambda: rescored_report(
                    shared, src, dst, method, None if rows.all() else rows, bank, k, beta, workspace.seed, MOST
                ),
            )
    except UserError as error:
        say_error(error)
        return
    (st.warning if bank == "same" else st.info)(plain(found.note, 300))
    reports: dict[str, RetrievalReport] = {"raw": found.raw, METHODS[method]: found.rescored}
    figure = recall_bars(reports)
    chart(figure, "rescored")
    view_bar(
        "rescored",
        figure=figure,
        table=lambda: pd.concat([report_table({(src, dst): r}).assign(scores=name) for name, r in reports.items()]),
        python=python.rescored(src, dst, method, bank, k, beta),
    )
    _hubs(workspace, found, method, dst)


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


def _hubs(workspace: Workspace, found: RescoredReport, method: str, dst: str) -> None:
    section("The hubs", "How often each item is found: most a few times, a hub by a great part of the queries.")
    raw, after = found.raw_hubs, found.hubs
    about = (
        f"Skewness of how often an item is among the {raw.k} nearest. 0: all alike; above about 1 hubs are a problem."
    )
    never = f"Share of the items that are among the {raw.k} nearest of no query."
    numbers(
        [
            ("Hubness, raw", f"{raw.skewness:.2f}", about),
            (f"Hubness, {METHODS[method]}", f"{after.skewness:.2f}", about),
            ("Never found, raw", f"{raw.antihubs:.0%}", never),
            (f"Never found, {METHODS[method]}", f"{after.antihubs:.0%}", never),
        ]
    )
    figure = hub_histogram(raw)
    chart(figure, "hubs")
    table = pd.DataFrame(
        {
            "id": _ids(workspace, found),
            f"found, raw (of {found.raw.n_queries:,} queries)": raw.counts,
            f"found, {METHODS[method]}": after.counts,
        }
    )
    view_bar("hubs", figure=figure, table=lambda: table)
    st.caption(plain(f"The greatest hubs: each {dst} with how many queries have it among their {raw.k} nearest.", 200))
    places = raw.hubs[:HUBS]
    notes = {int(found.gallery_rows[i]): _note(i, raw, after) for i in places}
    item_grid(workspace, found.gallery_rows[places], "hubs", notes=notes, limit=HUBS)


def _note(place: int, raw: Hubness, after: Hubness) -> str:
    return f"{raw.counts[place]:,} raw, {after.counts[place]:,} rescored; even share {raw.counts.mean():.1f}"


def _ids(workspace: Workspace, found: RescoredReport) -> list[str]:
    assert workspace.embeddings is not None
    return workspace.embeddings.ids[found.gallery_rows].astype(str).tolist()
