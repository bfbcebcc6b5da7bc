"""Latent space: where the items lie in each modality's space, in the fused one, and together on one map."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import streamlit as st

from mmexplore.app.kit import parts, picking, selection, show, views
from mmexplore.app.kit.items import item_grid
from mmexplore.app.kit.widgets import plain, section
from mmexplore.app.pages.latent_space import geometry, joint, maps, stepping
from mmexplore.app.pages.latent_space.maps import Options
from mmexplore.app.panels import gap_control
from mmexplore.app.panels.comparable import comparable
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.figures import theme
from mmexplore.views.geometry import Gap
from mmexplore.views.maps import JointMap, SeparateMaps, has_steps
from mmexplore.workspace.state import Workspace

SEPARATE, JOINT, STEPS = "Side by side", "All on one map", "Step by step"


def page() -> None:
    """Maps side by side, one joint map, or the steps of a fusion."""
    workspace = session.workspace()
    options, colour = maps.controls(workspace)
    values = views.colour_values(workspace, colour)
    part = parts.choose([SEPARATE, JOINT, *([STEPS] if has_steps(workspace) else [])], "map.part")
    if part == SEPARATE:
        _side_by_side(workspace, options, colour, values)
        if workspace.fitted is not None:
            geometry.overlap(workspace)
    elif part == STEPS:
        _step_by_step(workspace, options, colour, values)
    else:
        _together(workspace, options, colour, values)


@st.fragment
def _side_by_side(workspace: Workspace, options: Options, colour: str, values: np.ndarray | None) -> None:
    picking.bar(workspace)
    view = SeparateMaps(fit=workspace.current, **asdict(options))
    found = maps.separate(workspace, view)
    if found is None:
        return
    maps.draw_separate(workspace, view, found, colour, values)
    show.bar(view, found, told=maps.in_python(workspace, colour))
    _selected_items(workspace)


@st.fragment
def _together(workspace: Workspace, options: Options, colour: str, values: np.ndarray | None) -> None:
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
    gap = st.session_state[gap_control.AMOUNT]
    view = JointMap(**asdict(options), modalities=tuple(chosen), gap=gap)
    found = joint.projected(workspace, view, shared)
    if found is None:
        return
    if by_column and values is not None and not theme.is_continuous(values):
        maps.legend(shared.ids, values, "joint")
    by = (colour, values) if by_column and values is not None else None
    figure = joint.draw(workspace, view, shared, found, lines, by)
    st.caption(plain(f"Compared {where}."))
    show.bar(view, found, figure, told={"pairs": lines} | maps.in_python(workspace, by[0] if by else ""))
    geometry.gap(workspace, Gap(tuple(chosen), gap), shared)
    pairs = [(a, b) for i, a in enumerate(chosen) for b in chosen[i + 1 :]]
    gap_control.what_a_similarity_means(workspace, shared, pairs, chosen)
    _selected_items(workspace)


@st.fragment
def _step_by_step(workspace: Workspace, options: Options, colour: str, values: np.ndarray | None) -> None:
    picking.bar(workspace)
    stepping.panel(workspace, options, colour, values)
    _selected_items(workspace)


def _selected_items(workspace: Workspace) -> None:
    section("Selected items")
    if not workspace.selection:
        st.caption("Nothing yet. Draw around points with the lasso, or choose rows in the table on the Data page.")
        return
    item_grid(workspace, selection.selected_rows(workspace), "selected", limit=24)
