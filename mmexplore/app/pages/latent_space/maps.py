"""Maps: what to draw, computed once (slow ones as a job), drawn linked, lassoed into the selection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from mmexplore.app.kit import picking, selection, views
from mmexplore.app.kit.download import chart
from mmexplore.app.kit.widgets import plain
from mmexplore.app.panels import fusing
from mmexplore.app.shell import view_jobs
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.data.identity import uid_of
from mmexplore.figures import theme
from mmexplore.server.jobs import Progress
from mmexplore.views.base import Code
from mmexplore.views.colours import colour_choices
from mmexplore.views.maps import JointMap, Maps, SeparateMaps, StepMap
from mmexplore.workspace.state import Workspace

HOVER_POINTS = 5_000  # above this hover boxes carry the id only
MAP_HEIGHT = 400
METHODS = {"pca": "PCA", "umap": "UMAP", "tsne": "t-SNE"}
METHOD_HELP = (
    "PCA keeps the directions of greatest spread: fast, distances mean something. UMAP and t-SNE keep neighbours "
    "together: clusters are clearer, but distances between them and their sizes mean little."
)


@dataclass(frozen=True)
class Options:
    """How to project; equal options give equal maps."""

    method: str
    dims: int
    seed: int
    n_neighbors: int = 15
    min_dist: float = 0.1


def controls(workspace: Workspace) -> tuple[Options, str]:
    """The row above the maps; returns the options and the colour choice."""
    fusing.show_other(workspace)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="map-controls"):
        method = (
            st.segmented_control(
                "Map by",
                list(METHODS),
                default="pca",
                format_func=lambda m: METHODS[m],
                required=True,
                key=f"{CHOICE}map.method",
                help=METHOD_HELP,
            )
            or "pca"
        )
        dims = (
            st.segmented_control(
                "Dimensions",
                [2, 3],
                default=2,
                format_func=lambda d: f"{d}-D",
                required=True,
                key=f"{CHOICE}map.dims",
                help="Lasso and box work in 2-D.",
            )
            or 2
        )
        names = colour_choices(workspace)
        colour = st.selectbox(
            "Colour by", names, key=f"{CHOICE}map.colour", width=200, format_func=lambda n: n or "one colour"
        )
        near, spread = 15, 0.1
        if method != "pca":
            near = st.slider(
                "Neighbours" if method == "umap" else "Perplexity",
                2,
                100,
                15,
                key=f"{CHOICE}map.near",
                width=170,
                help="Small: fine detail. Large: the overall shape.",
            )
        if method == "umap":
            spread = st.slider(
                "Minimum distance",
                0.0,
                0.99,
                0.1,
                key=f"{CHOICE}map.spread",
                width=170,
                help="Small: tight clusters. Large: points spread out.",
            )
        seed = int(
            st.number_input(
                "Seed", 0, 999_999_999, workspace.seed, key=f"{CHOICE}map.seed", width=120, help="Same seed, same map."
            )
        )
    return Options(method, dims, seed, near, spread), colour


# -- projections -------------------------------------------------------------------
def separate(workspace: Workspace, view: SeparateMaps) -> Maps | None:
    """One map a modality and the fused one; None while a job computes them."""
    embeddings = workspace.embeddings
    assert embeddings is not None
    fused = None if workspace.fitted is None else views.fused_vectors(workspace)
    return computed(view, workspace, lambda progress: view.of(embeddings, fused, progress))


def computed(
    view: SeparateMaps | JointMap | StepMap, workspace: Workspace, shorter: Callable[[Progress], Maps]
) -> Maps | None:
    """Its maps; None while a job is at it, which everything but PCA needs.

    Args:
        shorter: gives them from what the page has at hand.
    """
    title, at_once = f"Draw {METHODS[view.method]} maps", view.method == "pca"
    return view_jobs.computed(view, workspace, title, at_once, "Draw these maps", kind="map", shorter=shorter)


# -- drawing -----------------------------------------------------------------------
def hover_texts(workspace: Workspace, n_drawn: int) -> tuple[list[str], list[str] | None]:
    """(title, caption) of every row for the hover boxes; captions only where the eye can use them."""
    assert workspace.embeddings is not None
    titles = [str(i) for i in workspace.embeddings.ids]
    return titles, views.text_of_rows(workspace) if n_drawn <= HOVER_POINTS else None


def draw(figure: Any, name: str, ids: np.ndarray, selectable: bool) -> None:
    """One map; where it can be lassoed, what is lassoed becomes the selection."""
    if selectable:
        picking.draw(figure, name, ids)
    else:
        chart(figure, name)


def draw_separate(
    workspace: Workspace, view: SeparateMaps, found: Maps, colour: str, values: np.ndarray | None
) -> None:
    """The linked maps, two or three in a row, with one legend for all."""
    by_class = values is not None and not theme.is_continuous(values)
    if by_class and values is not None:
        legend(found.ids, values, "maps")
    names, flat = list(found.of), view.dims == 2
    marked = {name: selection.highlighted(name, workspace) for name in names}
    drawn = {}
    for rows in marked.values():  # one set of figures without the selection, one with it, each only where needed
        if (rows is None) not in drawn:
            drawn[rows is None] = _linked(workspace, view, found, colour, values, rows, by_class)
    per_row = 2 if len(names) in (2, 4) else 3
    for start in range(0, len(names), per_row):
        for column, name in zip(st.columns(per_row), names[start : start + per_row], strict=False):
            with column:
                st.markdown(f"**{plain(name, 60)}**")
                draw(drawn[marked[name] is None][name], name, found.ids, flat)
                st.caption(plain(found.of[name].note))


def _linked(
    workspace: Workspace,
    view: SeparateMaps,
    found: Maps,
    colour: str,
    values: np.ndarray | None,
    marked: np.ndarray | None,
    own_legend: bool,
) -> Mapping[str, Any]:
    """The view's figures, made anew only when something of them changed: at 50,000 points it takes half a second.

    own_legend: the legend stands above the maps, none in them.
    """
    kind = "plain" if marked is None else "marked"
    key = (view.key(workspace), *coloured(workspace, colour), workspace.selection if marked is not None else None)

    def make() -> Mapping[str, Any]:
        titles, captions = hover_texts(workspace, max(len(p.rows) for p in found.of.values()))
        figures = view.figures(
            found,
            colour=values,
            colour_name=colour,
            titles=titles,
            captions=captions,
            selected=marked,
            height=MAP_HEIGHT,
        )
        for figure in figures.values():
            if own_legend:
                figure.update_layout(showlegend=False, margin_b=8)
            if view.dims == 2:
                figure.update_layout(dragmode="lasso")
            figure.settle()
        return figures

    return session.remember_last(f"maps.{kind}", key, make, common=marked is None)


def coloured(workspace: Workspace, colour: str) -> tuple[str, str, str]:
    """What the values behind a colour choice, and the texts of the rows, depend on."""
    return colour, uid_of(workspace.embeddings), uid_of(workspace.fitted)


def in_python(workspace: Workspace, colour: str) -> dict[str, Any]:
    """The colour as it stands in the Python of a map."""
    if not colour:
        return {}
    return {"colour": Code(f"views.colour_values(workspace, {colour!r})"), "colour_name": colour}


def legend(ids: np.ndarray, values: np.ndarray, key: str) -> None:
    """The colours of the classes; pressing one selects its items."""
    scale = session.remember_last(f"legend.{key}", (uid_of(values),), lambda: theme.categories(values))
    picking.classes(ids, values, key, dict(zip(scale.names, scale.colours, strict=True)))
