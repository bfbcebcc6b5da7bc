"""The modality gap as a control: a slider moves the clouds together; recall, maps and the thermometer follow."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import journey
from mmexplore.app.kit import show
from mmexplore.app.kit.download import chart
from mmexplore.app.kit.widgets import plain, section
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.data.embeddings import Embeddings
from mmexplore.latent.gap import shift_gap
from mmexplore.retrieval.metrics import RetrievalReport, retrieval_report
from mmexplore.views.thermometer import Thermometer
from mmexplore.workspace.state import Workspace

MAX_QUERIES = 2000  # asked at each step of the slider; the help says so where there are more


AMOUNT = f"{CHOICE}gap.amount"


def similarities(workspace: Workspace, shared: Embeddings, directions: list[tuple[str, str]]) -> None:
    """The part of the Retrieval page: the slider, and the thermometer of the space that it moves."""
    section(
        "The gap between the modalities",
        "Also in one space each modality often lies in a cloud of its own, so that even true pairs are far apart. Move "
        "the clouds together and see what becomes of recall and of the similarities.",
    )
    moved = slider(workspace, shared, shared.modalities)
    what_a_similarity_means(workspace, moved, [(a, b) for a, b in directions if a < b], shared.modalities)


def slider(workspace: Workspace, shared: Embeddings, modalities: list[str]) -> Embeddings:
    """The shared space with these modalities moved along their gap, and what that does to recall."""
    amount = st.slider(
        "Close the gap",
        -0.5,
        1.5,
        0.0,
        0.1,
        key=AMOUNT,
        width=420,
        help="0: as the encoders made it. 1: the clouds' centres fall together. Below 0: further apart. The centres "
        "are taken over the rows that recall is not measured on, where there are any.",
    )
    if amount == 0:
        return shared
    rows, _ = journey.evaluation_rows(workspace)
    fit_rows = np.ones(len(shared), bool) if rows.all() else ~rows
    key = ("gap.moved", session.fingerprint(shared), amount, tuple(modalities), fit_rows.tobytes())
    moved = session.remember(key, lambda: shift_gap(shared, amount, modalities, fit_rows))
    lines = []
    for a, b in [*pairwise(modalities), *pairwise(modalities[::-1])]:
        before, after = _report(workspace, shared, a, b, rows), _report(workspace, moved, a, b, rows)
        if before is not None and after is not None:
            lines.append(_change(before, after))
    if lines:
        _show_changes(lines)
    return moved


def _change(before: RetrievalReport, after: RetrievalReport) -> dict[str, object]:
    """One line of the table: recall with the clouds moved, and how much that is more than before, in points."""
    line: dict[str, object] = {"direction": f"{after.src} to {after.dst}"}
    for k in (1, 5, 10):
        now, then = (getattr(r, f"r{k}") for r in (after, before))
        line |= {f"R@{k} %": now, f"R@{k} change": now - then}
    return line | {"R@10 chance %": after.chance_r10, "queries": after.n_queries}


def _show_changes(lines: list[dict[str, object]]) -> None:
    table = pd.DataFrame(lines)
    formats = {
        c: st.column_config.NumberColumn(format="%+.1f" if c.endswith("change") else "%.1f")
        for c in map(str, table)
        if c.startswith("R@")
    }
    st.dataframe(table, hide_index=True, key="gap-changes", column_config=formats)
    st.caption(
        "Recall with the clouds moved, and its change in points. All that is drawn below is moved too; a search is not."
    )


def _report(workspace: Workspace, space: Embeddings, a: str, b: str, rows: np.ndarray) -> RetrievalReport | None:
    if not (space.present[a] & space.present[b] & rows).any():
        return None
    key = ("gap.report", session.fingerprint(space), a, b, rows.tobytes())
    return session.remember(
        key, lambda: retrieval_report(space, a, b, rows=rows, seed=workspace.seed, max_queries=MAX_QUERIES)
    )


def what_a_similarity_means(
    workspace: Workspace, space: Embeddings, pairs: list[tuple[str, str]], modalities: list[str]
) -> None:
    """The thermometer: where a similarity lies between random and true pairs of this space.

    Args:
        space: as `slider` left it.  modalities: those that it moved.
    """
    section(
        "What a similarity means here",
        "A similarity of 0.25 is high in one space and low in another. These are the similarities of the true pairs of "
        "this data and of random ones.",
    )
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        src, dst = st.selectbox(
            "Between", pairs, key=f"{CHOICE}thermometer", width=320, format_func=lambda d: f"{d[0]} and {d[1]}"
        )
        view = Thermometer(src, dst, st.session_state[AMOUNT], tuple(modalities))
        found = show.found(view, workspace, lambda: view.of(space, workspace))
        middle = float(np.round(np.median(found.true), 2))
        key = f"{CHOICE}thermometer.{src}.{dst}"
        score = st.number_input("A similarity", -1.0, 1.0, middle, 0.01, key=key, width=170)
    figure = show.figure_of(view, found, workspace, {"score": score})
    chart(figure, view.name)
    st.text(found.read(score).sentence)
    st.caption(plain(f"A true pair scores above a random one in {found.separation:.0%} of cases (50 % is luck).", 300))
    show.bar(view, found, figure, told={"score": score})
