"""Redundancy, uniqueness, synergy of two modalities: estimated as a job, drawn with what permuted labels give."""

from __future__ import annotations

from itertools import combinations

import pandas as pd
import streamlit as st

from mmexplore.app.kit import show
from mmexplore.app.kit.widgets import one_line, plain, section
from mmexplore.app.shell import jobs_view
from mmexplore.app.shell.view_jobs import as_job, recall
from mmexplore.app.state.session import CHOICE
from mmexplore.attribution.information import LIMITS, OTHER, STATES, WORDS, Information
from mmexplore.attribution.pid import gate_parts, part_names
from mmexplore.data.embeddings import Embeddings
from mmexplore.views.information import InformationParts, Parts, targets_of
from mmexplore.workspace.state import Workspace

TITLES = {"classifier": "its classifier's answer", "cluster": "the cluster it lies in"}


def shared_and_own(workspace: Workspace) -> None:
    """The part of the Weights page: two modalities and the label, in four parts."""
    section(
        "What two modalities share",
        "What two modalities tell of the label falls into four parts: what either would tell (redundancy), what only "
        "one of them tells (unique), and what neither tells but both together do (synergy). Weights cannot show this: "
        "two redundant modalities may weigh anything.",
    )
    embeddings = workspace.embeddings
    assert embeddings is not None
    targets = targets_of(embeddings)
    if len(embeddings.modalities) < 2 or not targets:
        st.text("Needs two modalities and a label (or another column) with classes.")
    else:
        _ask(workspace, embeddings, targets)
    with st.expander("The four parts on four tiny examples", expanded=True):
        _gates()


def _ask(workspace: Workspace, embeddings: Embeddings, targets: list[str]) -> None:
    pairs = list(combinations(embeddings.modalities, 2))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        a, b = st.selectbox(
            "Between", pairs, key=f"{CHOICE}pid.pair", format_func=lambda p: f"{p[0]} and {p[1]}", width=260
        )
        target = st.selectbox("About", targets, key=f"{CHOICE}pid.target", width=180)
        words = st.segmented_control(
            "What stands for a modality",
            list(WORDS),
            default="classifier",
            required=True,
            format_func=lambda w: TITLES[w],
            key=f"{CHOICE}pid.words",
            help="; ".join(f"{TITLES[w]}: {about}" for w, about in WORDS.items()) + ".",
        )
        pressed = st.button("Estimate", key="pid-estimate", disabled=jobs_view.busy(InformationParts.name))
    view = InformationParts(a, b, str(words), target)
    if pressed:
        said = f"Estimated what {one_line(a, 40)} and {one_line(b, 40)} share."
        as_job(view, workspace, f"Information of {a} and {b}", lambda _: said)
    known = recall(view, workspace)
    if known is None:
        st.text("Choose two modalities, and press Estimate.")
    else:
        _draw(view, known, workspace)


def in_words(found: Information) -> str:
    """The estimate in a sentence or two."""
    told = (
        f"There are {found.entropy:.2f} bits to be told. Together {found.a} and {found.b} tell "
        f"{found.found.total:.2f}: {found.found.redundancy:.2f} that either would tell, {found.found.unique[0]:.2f} "
        f"only {found.a}, {found.found.unique[1]:.2f} only {found.b}, {found.found.synergy:.2f} only both together."
    )
    parts = zip(part_names(found.a, found.b), found.found.as_array(), found.null, strict=True)
    weak = [name for name, bits, null in parts if bits <= null]
    return told + (f" No more than with permuted labels, so not to be relied on: {', '.join(weak)}." if weak else "")


def _draw(view: InformationParts, parts: Parts, workspace: Workspace) -> None:
    found = parts.found
    st.info(plain(in_words(found), 600))
    merged = "" if found.classes[-1] != OTHER else f" The {STATES - 1} most frequent classes count, the rest is one."
    about = (
        f"{parts.note} The line is a 95 % bootstrap interval; below the grey mark lie 95 % of the values that permuted "
        f"labels give. {LIMITS[found.words]} The split is that of Bertschinger and others (2014).{merged}"
    )
    show.show(view, parts, workspace, below=plain(about, 900))


def _gates() -> None:
    """Tables whose answer is known, by the exact method."""
    st.caption(
        "Two fair bits and an answer, exact to a thousandth of a bit. XOR: neither bit alone tells anything, both "
        "tell all. AND: partly shared, partly only together. RDN: both bits are the same. UNQ: the answer is the first "
        "bit."
    )
    names = part_names("first", "second")
    lines = [
        {"gate": gate, **dict(zip(names, found.as_array().round(3), strict=True))}
        for gate, found in gate_parts().items()
    ]
    st.dataframe(pd.DataFrame(lines), hide_index=True, key="gates")
