"""Weights, item by item: cards with what was learned of an item's modalities, and what is measured."""

from __future__ import annotations

import streamlit as st

from mmexplore.app.kit import picking, weighing
from mmexplore.app.kit.download import view_bar
from mmexplore.app.kit.items import item_grid
from mmexplore.app.pages.weights.measuring import Measured
from mmexplore.app.snippets import weights as python_weights
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.data.identity import uid_of
from mmexplore.figures import theme
from mmexplore.workspace.state import Workspace

CARDS = 12
ABOUT = (
    "each modality's share in the size of what is measured. The numbers below it are the contributions themselves "
    "(Shapley values; negative: the modality speaks against the item's own answer)."
)


def item_by_item(workspace: Workspace, known: Measured) -> None:
    """The cards, in an order that the person chooses."""
    shares, mask = known.found.shares, known.embeddings.mask
    ways = weighing.orders(known.modalities, mask, known.learned, shares)
    if not (mask.sum(axis=1) > 1).any():
        st.text(weighing.NOTHING)
        return
    st.caption(f"{'The bar' if known.learned is None else 'Upper bar: the learned weights. Lower bar'}: {ABOUT}")
    colours = theme.modality_colours(known.modalities)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        how = st.selectbox("Sort by", list(ways), key=f"{CHOICE}weights.order", width=320)
        weighing.legend({m: colours[m] for m in known.modalities})
    rows = session.remember_last("weights.order", (uid_of(known.found), uid_of(known.learned), how), ways[how])
    rows = picking.only_selected(workspace, rows, "weights")

    def under(row: int) -> None:
        if known.learned is not None:
            with st.container(key=f"weigh-learned-{row}"):
                st.image(weighing.bar_svg(known.learned[row], colours, known.modalities), width="stretch")
            st.text(f"learned: {weighing.in_words(known.learned[row], known.modalities)}")
        with st.container(key=f"weigh-measured-{row}"):
            st.image(weighing.bar_svg(shares[row], colours, known.modalities), width="stretch")
        said = weighing.contributions_in_words(known.found.values[row], mask[row], known.modalities)
        st.text(f"measured: {said}")

    item_grid(workspace, rows, f"weights-{how}", below=under, limit=CARDS)
    view_bar(
        "weights-items",
        table=lambda: known.table(rows),
        python=python_weights.items(workspace, known.baseline),
    )
