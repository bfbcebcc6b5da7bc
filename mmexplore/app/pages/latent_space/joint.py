"""All modalities of one space on one map: computed once, drawn anew only when something of it changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from mmexplore.app.kit import selection, views
from mmexplore.app.kit.widgets import plain
from mmexplore.app.pages.latent_space import maps
from mmexplore.app.state import session
from mmexplore.data.embeddings import Embeddings
from mmexplore.views.maps import JointMap, Maps
from mmexplore.workspace.state import Workspace


def projected(workspace: Workspace, view: JointMap, shared: Embeddings) -> Maps | None:
    """Several modalities of the shared space on one map; None while a job computes it.

    Args:
        shared: moved as the view says.
    """
    return maps.computed(view, workspace, lambda progress: view.of(shared, progress))


def hover_texts(
    workspace: Workspace, shared: Embeddings, modalities: list[str]
) -> tuple[list[str], dict[str, list[str]] | None]:
    """As `maps.hover_texts`, with a caption for each text modality on the map."""
    titles = [str(i) for i in shared.ids]
    if len(shared) > maps.HOVER_POINTS:
        return titles, None
    said = {m: views.texts_of(workspace, m) for m in modalities}
    return titles, {m: texts for m, texts in said.items() if texts is not None}


def draw(
    workspace: Workspace,
    view: JointMap,
    shared: Embeddings,
    found: Maps,
    lines: bool,
    colour: tuple[str, np.ndarray] | None,
) -> Any:
    """Draws the map and says how many rows are on it; the figure.

    Args:
        colour: a column and its values, by which points are coloured; None: by modality.
    """
    marked = selection.highlighted("joint", workspace)
    name, values = colour or ("", None)
    key = (view.key(workspace), *maps.coloured(workspace, name), lines, None if marked is None else workspace.selection)

    def make() -> Any:
        titles, captions = hover_texts(workspace, shared, list(found.of))
        drawn = view.figure(
            found, pairs=lines, colour=values, colour_name=name, titles=titles, captions=captions, selected=marked
        )
        return drawn.settle()

    figure = session.remember_last("joint", key, make)
    maps.draw(figure, "joint", shared.ids, view.dims == 2)
    n_all, n_asked = next((p.n_all, p.n_asked) for p in found.of.values())
    sample = f": a sample that keeps the share of each class, as every row has {len(found.of)} points here"
    st.caption(plain(f"{n_asked:,} of {n_all:,} rows drawn{sample if n_asked < n_all else ''}.", 300))
    return figure
