"""How well one modality finds another over all of the data: reports, and the worst failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from mmexplore import journey
from mmexplore.app.kit import picking
from mmexplore.app.kit.absent import absent
from mmexplore.app.kit.download import chart, view_bar
from mmexplore.app.kit.items import draw_cell
from mmexplore.app.kit.widgets import one_line, plain, section
from mmexplore.app.snippets import common as python
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.identity import uid_of
from mmexplore.figures.retrieval import rank_histogram, recall_of_directions
from mmexplore.retrieval.metrics import RetrievalReport, worst_failures
from mmexplore.workspace.state import Workspace

MAX_QUERIES = 5000  # more are sampled: the figures say so


WHICH = {
    "test": "the test rows",
    "held-out": "the rows held out of the fit",
    "all": "all rows: nothing was fitted on them",
}


def how_often(workspace: Workspace, shared: Embeddings) -> None:
    """The part of the Retrieval page: recall of every direction beside chance, and the places of one of them."""
    section(
        "How often the right one is found",
        "R@10 is the share of queries whose right answer is among the first ten, and stands beside chance. With "
        "several captions of one photo, any of them counts as right.",
    )
    found, which = reports(workspace, shared)
    st.caption(plain(f"Measured over {WHICH[which]}. {taking_part(workspace, shared)}", 600))
    key = ("recall", *map(uid_of, found.values()))
    figure = session.remember(key, lambda: recall_of_directions(found).settle())
    chart(figure, "recall")
    table = report_table(found)
    show_report(table)
    view_bar("recall", figure=figure, table=lambda: table, python=python.retrieval(*next(iter(found))))

    section("In which place it comes", "Of all queries of one direction. In place 1, the right one was found at once.")
    direction = _direction(list(found), "ranks")
    report = found[direction]
    places = session.remember(("ranks", uid_of(report)), lambda: rank_histogram(report).settle())
    chart(places, "ranks")
    view_bar("ranks", figure=places, python=python.retrieval(*direction))


def _direction(directions: Sequence[tuple[str, str]], key: str) -> tuple[str, str]:
    return st.selectbox(
        "Direction", directions, key=f"{CHOICE}{key}", width=320, format_func=lambda d: f"{d[0]} to {d[1]}"
    )


def reports(workspace: Workspace, shared: Embeddings) -> tuple[dict[tuple[str, str], RetrievalReport], str]:
    """(direction -> report, which rows). A direction without a single pair is left out."""
    rows, which = journey.evaluation_rows(workspace)
    key = ("reports", session.fingerprint(shared), rows.tobytes(), workspace.seed)

    def compute() -> dict[tuple[str, str], RetrievalReport]:
        found, _ = journey.retrieval_reports(workspace, shared, MAX_QUERIES)
        return {(report.src, report.dst): report for report in found}

    return session.remember(key, compute), which


def taking_part(workspace: Workspace, shared: Embeddings) -> str:
    """Why directions have fewer queries: what is absent in the rows that are measured; "" where nothing is."""
    rows, _ = journey.evaluation_rows(workspace)
    lacking = absent({m: there[rows] for m, there in shared.present.items()}, these=True)
    return f"{lacking} A direction is asked with the rows that have both of its modalities." if lacking else ""


def report_table(found: dict[tuple[str, str], RetrievalReport]) -> pd.DataFrame:
    """One line a direction: recalls with chance and interval, MRR, median rank, how many were asked."""
    lines = []
    for (src, dst), r in found.items():
        line: dict[str, Any] = {"from": src, "to": dst}
        for k in (1, 5, 10):
            low, high = r.intervals[f"r{k}"]
            line |= {
                f"R@{k} %": getattr(r, f"r{k}"),
                f"R@{k} interval": f"{low:.1f} to {high:.1f}",
                f"R@{k} chance": getattr(r, f"chance_r{k}"),
            }
        line |= {"MRR %": r.mrr, "median rank": r.median_rank, "queries": r.n_queries, "searched": r.n_gallery}
        lines.append(line)
    return pd.DataFrame(lines)


def show_report(table: pd.DataFrame) -> None:
    """The report without the columns that the figure shows already (the download has all)."""
    shown = ["from", "to", "R@1 %", "R@5 %", "R@10 %", "R@10 chance", "MRR %", "median rank", "queries", "searched"]
    one_digit = st.column_config.NumberColumn(format="%.1f")
    numbers = {c: one_digit for c in shown if c.endswith(("%", "chance", "rank"))}
    st.dataframe(table[shown], hide_index=True, key="report", column_config=numbers)


def failures(workspace: Workspace, shared: Embeddings) -> None:
    """The part of the Retrieval page: the queries whose true match ranks worst, what was right, what came first."""
    st.caption(
        "Where the right answer came last. Often the pair itself is odd: a wrong caption, a picture of something else."
    )
    found, _ = reports(workspace, shared)
    src, dst = _direction(list(found), "failures")
    report = found[src, dst]
    worst = session.remember(("failures", uid_of(report)), lambda: worst_failures(shared, report, 12))
    if worst.empty:
        st.text("Every query found its right answer in the first place: nothing failed.")
        return
    with st.container(horizontal=True, gap="small", key="grid-failures"):
        for line in worst.to_dict("records"):
            with st.container(border=True, height="stretch", key=f"card-failure-{line['query_row']}"):
                _failure(workspace, line, src, dst)
                picking.pick(str(line["query_id"]), f"failure-{line['query_row']}")
    view_bar("failures", table=lambda: worst, python=python.retrieval(src, dst))


def _failure(workspace: Workspace, line: Mapping[Any, Any], src: str, dst: str) -> None:
    dataset = workspace.dataset
    parts = [
        ("asked with", src, line["query_row"]),
        (f"right, in place {line['rank']:,.0f}", dst, line["match_row"]),
        ("came first instead", dst, line["found_row"]),
    ]
    for words, modality, row in parts:
        st.caption(words)
        if dataset is None:
            st.text(one_line(str(shared_id(workspace, int(row))), 40))
        else:
            draw_cell(
                dataset.cells[modality][int(row)], dataset.kinds[modality], modality, dataset.parts.get(modality, ())
            )


def shared_id(workspace: Workspace, row: int) -> str:
    """The id at this row of the vectors."""
    assert workspace.embeddings is not None
    return str(workspace.embeddings.ids[row])
