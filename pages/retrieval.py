"""Retrieval: what one modality finds in another."""

import streamlit as st

from mmexplore.figures.retrieval import rank_histogram, recall_of_directions
from mmexplore.ui import asking, gap_control, python, rescoring, searching, session, views
from mmexplore.ui.download import chart, view_bar
from mmexplore.ui.frame import header
from mmexplore.ui.needs import need
from mmexplore.ui.session import CHOICE
from mmexplore.ui.widgets import plain, section

header(
    "Retrieval",
    "Ask with a text, a picture or an item, and see what lies nearest in another modality. Below: how often the "
    "right one is found.",
)
workspace = need("vectors")
shared, where = views.shared_space(workspace)
if shared is None:
    st.info(plain(where))
    if st.button("Go to Fuse", type="primary", key="go-fuse"):
        st.switch_page("pages/fuse.py")
    st.stop()
st.caption(plain(f"{', '.join(shared.modalities)}: compared {where}."))

asking.ask(workspace, shared)

section(
    "How often the right one is found",
    "R@10 is the share of queries whose right answer is among the first ten, and stands beside chance. With several "
    "captions of one photo, any of them counts as right.",
)
found, which = searching.reports(workspace, shared)
if not found:
    st.text("No two modalities share a row, so there is nothing to measure.")
    st.stop()
rows = {
    "test": "the test rows",
    "held-out": "the rows held out of the fit",
    "all": "all rows: nothing was fitted on them",
}[which]
st.caption(plain(f"Measured over {rows}. {searching.taking_part(workspace, shared)}", 600))
_, figure = session.remember(("recall", id(found)), lambda: (found, recall_of_directions(found).settle()))
chart(figure, "recall")
table = searching.report_table(found)
searching.show_report(table)
first = next(iter(found))
view_bar("recall", figure=figure, table=lambda: table, python=python.retrieval(*first))

with st.expander("In which place the right one comes"):
    direction = st.selectbox(
        "Direction", list(found), key=f"{CHOICE}ranks", format_func=lambda d: f"{d[0]} to {d[1]}", width=320
    )
    report = found[direction]
    _, places = session.remember(("ranks", id(report)), lambda: (report, rank_histogram(report).settle()))
    chart(places, "ranks")
    view_bar("ranks", figure=places, python=python.retrieval(*direction))

rescoring.rescoring(workspace, shared, list(found))

gap_control.what_a_similarity_means(workspace, shared, [(a, b) for a, b in found if (b, a) in found and a < b])

section(
    "Worst failures",
    "Where the right answer came last. Often the pair itself is odd: a wrong caption, a picture of something else.",
)
searching.failures(workspace, shared, found)
