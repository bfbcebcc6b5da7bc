"""Latent space: where the items lie in each modality's space, in the fused one, and together on one map."""

from dataclasses import asdict

import streamlit as st

from mmexplore.figures import theme
from mmexplore.ui import gap_control, geometry, joint, maps, parts, picking, python_maps, selection, stepping, views
from mmexplore.ui.comparable import comparable
from mmexplore.ui.download import view_bar
from mmexplore.ui.frame import header
from mmexplore.ui.items import item_grid
from mmexplore.ui.needs import need
from mmexplore.ui.session import CHOICE
from mmexplore.ui.widgets import plain, section

header(
    "Latent space",
    "Every point is an item; near points are alike to the encoder. Draw around points to select them: they stand "
    "out in every map.",
    selection_bar=False,
)
workspace = need("vectors")
embeddings = workspace.embeddings
options, colour = maps.controls(workspace)
values = views.colour_values(workspace, colour)
SEPARATE, JOINT, STEPS = "Side by side", "All on one map", "Step by step"
part = parts.choose([SEPARATE, JOINT, *([STEPS] if stepping.offered(workspace) else [])], "map.part")


@st.fragment
def side_by_side() -> None:
    picking.bar(workspace)
    projections = maps.separate(workspace, options)
    if projections is None:
        return
    maps.draw_separate(workspace, projections, colour, values, options.dims == 2)
    view_bar(
        "maps",
        table=lambda: maps.points_table(projections, embeddings.ids),
        python=python_maps.separate_maps(workspace, asdict(options), colour),
    )
    selected_items()


@st.fragment
def together() -> None:
    picking.bar(workspace)
    shared, where = comparable(workspace)
    chosen = st.multiselect("Modalities", shared.modalities, shared.modalities, key=f"{CHOICE}map.modalities")
    if len(chosen) < 2:
        st.text("Choose two modalities or more.")
        return
    with st.container(horizontal=True):
        lines = st.toggle("Lines between the parts of a pair", True, key=f"{CHOICE}map.lines")
        by_column = bool(colour) and st.toggle(plain(f"Colour by {colour}"), False, key=f"{CHOICE}map.by_column")
    shared = gap_control.slider(workspace, shared, chosen)
    projections = joint.projected(shared, chosen, options)
    if projections is None:
        return
    if by_column and values is not None and not theme.is_continuous(values):
        maps.legend(shared.ids, values, "joint")
    by = (colour, values) if by_column and values is not None else None
    figure = joint.draw(workspace, shared, projections, lines, by, options.dims == 2)
    st.caption(plain(f"Compared {where}."))
    view_bar(
        "joint-map",
        figure=figure,
        table=lambda: maps.points_table(projections, shared.ids),
        python=python_maps.joint_map(asdict(options), chosen, st.session_state[gap_control.AMOUNT]),
    )
    geometry.gap(shared, chosen)
    pairs = [(a, b) for i, a in enumerate(chosen) for b in chosen[i + 1 :]]
    gap_control.what_a_similarity_means(workspace, shared, pairs, chosen)
    selected_items()


@st.fragment
def step_by_step() -> None:
    picking.bar(workspace)
    stepping.panel(workspace, options, colour, values)
    selected_items()


def selected_items() -> None:
    section("Selected items")
    if not workspace.selection:
        st.caption("Nothing yet. Draw around points with the lasso, or choose rows in the table on the Data page.")
        return
    item_grid(workspace, selection.selected_rows(workspace), "selected", limit=24)


if part == SEPARATE:
    side_by_side()
    if workspace.fitted is not None:
        geometry.overlap(workspace)
elif part == STEPS:
    step_by_step()
else:
    together()
