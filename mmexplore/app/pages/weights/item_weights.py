"""Weights, item by item: cards with what was learned of an item's modalities, and what is measured."""

from __future__ import annotations

import streamlit as st

from mmexplore.app.kit import picking, show, weighing
from mmexplore.app.kit.items import item_grid
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.data.identity import uid_of
from mmexplore.figures import theme
from mmexplore.views.weights import Measured, WeightsItems
from mmexplore.workspace.state import Workspace

CARDS = 12
ABOUT = (
    "each modality's share in the size of what is measured. The numbers below it are the contributions themselves "
    "(Shapley values; negative: the modality speaks against the item's own answer)."
)


def item_by_item(workspace: Workspace, known: Measured) -> None:
    """The cards, in an order that the person chooses."""
    shares, mask = known.found.shares, known.items.mask
    ways = weighing.orders(known.modalities, mask, known.own.weights, shares)
    if not (mask.sum(axis=1) > 1).any():
        st.text(weighing.NOTHING)
        return
    st.caption(f"{'The bar' if known.own.weights is None else 'Upper bar: the learned weights. Lower bar'}: {ABOUT}")
    colours = theme.modality_colours(known.modalities)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        how = st.selectbox("Sort by", list(ways), key=f"{CHOICE}weights.order", width=320)
        weighing.legend({m: colours[m] for m in known.modalities})
    rows = session.remember_last("weights.order", (uid_of(known.found), uid_of(known.own.weights), how), ways[how])
    rows = picking.only_selected(workspace, rows, "weights")

    def under(row: int) -> None:
        if known.own.weights is not None:
            with st.container(key=f"weigh-learned-{row}"):
                st.image(weighing.bar_svg(known.own.weights[row], colours, known.modalities), width="stretch")
            st.text(f"learned: {weighing.in_words(known.own.weights[row], known.modalities)}")
        with st.container(key=f"weigh-measured-{row}"):
            st.image(weighing.bar_svg(shares[row], colours, known.modalities), width="stretch")
        said = weighing.contributions_in_words(known.found.values[row], mask[row], known.modalities)
        st.text(f"measured: {said}")

    item_grid(workspace, rows, f"weights-{how}", below=under, limit=CARDS)
    show.bar(WeightsItems(workspace.current, known.baseline), known, rows={"rows": rows})
