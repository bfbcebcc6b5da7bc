"""How well one modality finds another over all of the data: reports, and the worst failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from mmexplore import journey
from mmexplore.app.kit import picking, show
from mmexplore.app.kit.absent import absent
from mmexplore.app.kit.download import chart
from mmexplore.app.kit.items import draw_cell
from mmexplore.app.kit.widgets import one_line, plain, section
from mmexplore.app.state.session import CHOICE
from mmexplore.data.embeddings import Embeddings
from mmexplore.views.retrieval import Failures, Ranks, Recall
from mmexplore.workspace.state import Workspace

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
    found, which = show.found(Recall(), workspace), journey.evaluation_rows(workspace)[1]
    st.caption(plain(f"Measured over {WHICH[which]}. {taking_part(workspace, shared)}", 600))
    figure = show.figure_of(Recall(), found, workspace)
    chart(figure, Recall.name)
    show_report(Recall().table(found))
    show.bar(Recall(), found, figure)

    section("In which place it comes", "Of all queries of one direction. In place 1, the right one was found at once.")
    direction = _direction(list(found), "ranks")
    show.show(Ranks(*direction), found[direction], workspace)


def _direction(directions: Sequence[tuple[str, str]], key: str) -> tuple[str, str]:
    return st.selectbox(
        "Direction", directions, key=f"{CHOICE}{key}", width=320, format_func=lambda d: f"{d[0]} to {d[1]}"
    )


def taking_part(workspace: Workspace, shared: Embeddings) -> str:
    """Why directions have fewer queries: what is absent in the rows that are measured; "" where nothing is."""
    rows, _ = journey.evaluation_rows(workspace)
    lacking = absent({m: there[rows] for m, there in shared.present.items()}, these=True)
    return f"{lacking} A direction is asked with the rows that have both of its modalities." if lacking else ""


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
    found = show.found(Recall(), workspace)
    src, dst = _direction(list(found), "failures")
    view = Failures(src, dst)
    worst = show.found(view, workspace, lambda: view.of(shared, found[src, dst]))
    if worst.empty:
        st.text("Every query found its right answer in the first place: nothing failed.")
        return
    with st.container(horizontal=True, gap="small", key="grid-failures"):
        for line in worst.to_dict("records"):
            with st.container(border=True, height="stretch", key=f"card-failure-{line['query_row']}"):
                _failure(workspace, line, src, dst)
                picking.pick(str(line["query_id"]), f"failure-{line['query_row']}")
    show.bar(view, worst)


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
