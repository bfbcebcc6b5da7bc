"""Maps: what to draw, computed once (slow ones as a job), drawn linked, lassoed into the selection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore.app.kit import picking, selection, views
from mmexplore.app.kit.download import chart
from mmexplore.app.kit.widgets import plain
from mmexplore.app.panels import fusing
from mmexplore.app.shell import jobs_view
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.identity import uid_of
from mmexplore.figures import theme
from mmexplore.figures.maps import linked_maps
from mmexplore.latent.projection import Projection, project_space, project_steps
from mmexplore.latent.sample import stratified_sample
from mmexplore.server.jobs import Progress
from mmexplore.workspace.state import Workspace

T = TypeVar("T")

MAX_POINTS = 50_000  # above this a lasso takes many seconds in a browser
HOVER_POINTS = 5_000  # above this hover boxes carry the id only
MAP_HEIGHT = 400
FUSED = "fused"
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
        names = views.colour_choices(workspace)
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
def rows_to_draw(embeddings: Embeddings, seed: int, points: int = 1) -> np.ndarray:
    """All rows, or a sample by label shares where there are too many to draw, with so many points each, on one map."""
    labels = len(embeddings) if embeddings.labels is None else embeddings.labels
    return stratified_sample(labels, MAX_POINTS // points, seed)


def separate(workspace: Workspace, options: Options) -> dict[str, Projection] | None:
    """One projection a modality and the fused one; None while a job computes them."""
    embeddings = workspace.embeddings
    assert embeddings is not None
    spaces: dict[str, tuple[np.ndarray, np.ndarray | None]] = {
        m: (v, embeddings.present[m]) for m, v in embeddings.vectors.items()
    }
    if workspace.fitted is not None:
        spaces[FUSED] = (views.fused_vectors(workspace), None)
    rows = rows_to_draw(embeddings, options.seed)

    def work(progress: Progress) -> dict[str, Projection]:
        maps = {}
        for i, (name, (vectors, present)) in enumerate(spaces.items()):
            progress.update(i, len(spaces), f"map of {name}")
            maps[name] = project_space(vectors, present, rows, name, **asdict(options))
        return maps

    marks = tuple(session.fingerprint(v) for v, _ in spaces.values())
    return computed(("maps", marks, options), work, options)


def steps(vectors: np.ndarray, workspace: Workspace, options: Options) -> list[Projection] | None:
    """The fused space after each step [T + 1, N, d], all on one map; None while a job computes it."""
    assert workspace.embeddings is not None
    rows = rows_to_draw(workspace.embeddings, options.seed)

    def work(progress: Progress) -> list[Projection]:
        progress.update(0, 1, "map of the steps")
        return project_steps(vectors, rows, FUSED, **asdict(options))

    return computed(("steps", session.fingerprint(vectors), options), work, options)


def computed(key: tuple, work: Callable[[Progress], T], options: Options) -> T | None:
    """What `work` gave for this key; None while a job is at it, which everything but PCA needs."""
    title = f"Draw {METHODS[options.method]} maps"
    return jobs_view.result_of(key, work, title, "map", options.method == "pca", "Draw these maps")


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
    workspace: Workspace, projections: Mapping[str, Projection], colour: str, values: np.ndarray | None, flat: bool
) -> None:
    """The linked maps, two or three in a row, with one legend for all."""
    assert workspace.embeddings is not None
    by_class = values is not None and not theme.is_continuous(values)
    if by_class and values is not None:
        legend(workspace.embeddings.ids, values, "maps")
    names = list(projections)
    marked = {name: selection.highlighted(name, workspace) for name in names}
    drawn = {}
    for rows in marked.values():  # one set of figures without the selection, one with it, each only where needed
        if (rows is None) not in drawn:
            drawn[rows is None] = _linked(workspace, projections, colour, values, rows, flat, by_class)
    per_row = 2 if len(names) in (2, 4) else 3
    for start in range(0, len(names), per_row):
        for column, name in zip(st.columns(per_row), names[start : start + per_row], strict=False):
            with column:
                st.markdown(f"**{plain(name, 60)}**")
                draw(drawn[marked[name] is None][name], name, workspace.embeddings.ids, flat)
                st.caption(plain(projections[name].note))


def _linked(
    workspace: Workspace,
    projections: Mapping[str, Projection],
    colour: str,
    values: np.ndarray | None,
    marked: np.ndarray | None,
    flat: bool,
    own_legend: bool,
) -> dict[str, Any]:
    """As `linked_maps`, made anew only when something of it changed: at 50,000 points it takes half a second.

    flat: can be lassoed.  own_legend: the legend stands above the maps, none in them.
    """
    kind = "plain" if marked is None else "marked"
    parts = (projections, workspace.embeddings, workspace.fitted)
    key = (*map(id, parts), colour, workspace.selection if marked is not None else None)

    def make() -> tuple[Any, ...]:  # `parts` stay with the figures, so that their ids are not given to others
        titles, captions = hover_texts(workspace, max(len(p.rows) for p in projections.values()))
        figures = linked_maps(projections, values, colour, titles, captions, marked, MAP_HEIGHT)
        for figure in figures.values():
            if own_legend:
                figure.update_layout(showlegend=False, margin_b=8)
            if flat:
                figure.update_layout(dragmode="lasso")
            figure.settle()
        return parts, figures

    return session.remember_last(f"maps.{kind}", key, make, common=marked is None)[1]


def legend(ids: np.ndarray, values: np.ndarray, key: str) -> None:
    """The colours of the classes; pressing one selects its items."""
    scale = session.remember_last(f"legend.{key}", (uid_of(values),), lambda: theme.categories(values))
    picking.classes(ids, values, key, dict(zip(scale.names, scale.colours, strict=True)))


def points_table(projections: Mapping[str, Projection], ids: np.ndarray) -> pd.DataFrame:
    """Every drawn point: space, id, coordinates."""
    parts = []
    for name, p in projections.items():
        part = pd.DataFrame(p.points, columns=["x", "y", "z"][: p.dims])
        part.insert(0, "id", ids[p.rows].astype(str))
        part.insert(0, "space", name)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
