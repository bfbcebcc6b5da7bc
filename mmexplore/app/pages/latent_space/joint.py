"""All modalities of one space on one map: computed once, drawn anew only when something of it changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import streamlit as st

from mmexplore.app.kit import selection, views
from mmexplore.app.kit.widgets import plain
from mmexplore.app.pages.latent_space import maps
from mmexplore.app.state import session
from mmexplore.data.embeddings import Embeddings
from mmexplore.figures.maps import joint_map
from mmexplore.latent.projection import Projection, project_joint
from mmexplore.server.jobs import Progress
from mmexplore.workspace.state import Workspace


def projected(shared: Embeddings, modalities: list[str], options: maps.Options) -> dict[str, Projection] | None:
    """Several modalities of the shared space on one map; None while a job computes it."""
    rows = maps.rows_to_draw(shared, options.seed, len(modalities))

    def work(progress: Progress) -> dict[str, Projection]:
        progress.update(0, 1, "joint map")
        return project_joint(shared, modalities, rows, **asdict(options))

    return maps.computed(("joint", session.fingerprint(shared), tuple(modalities), options), work, options)


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
    shared: Embeddings,
    projections: Mapping[str, Projection],
    lines: bool,
    colour: tuple[str, np.ndarray] | None,
    flat: bool,
) -> Any:
    """Draws the map and says how many rows are on it; the figure.

    Args:
        colour: a column and its values, by which points are coloured; None: by modality.
        flat: can be lassoed.
    """
    marked = selection.highlighted("joint", workspace)
    name, values = colour or ("", None)
    parts = (projections, values, workspace.embeddings)
    key = (*map(id, parts), name, lines, None if marked is None else workspace.selection)

    def make() -> tuple[Any, ...]:  # `parts` stay with the figure, so that their ids are not given to others
        titles, captions = hover_texts(workspace, shared, list(projections))
        return parts, joint_map(projections, lines, values, name, titles, captions, marked).settle()

    figure = session.remember_last("joint", key, make)[1]
    maps.draw(figure, "joint", shared.ids, flat)
    n_all, n_asked = next((p.n_all, p.n_asked) for p in projections.values())
    sample = f": a sample that keeps the share of each class, as every row has {len(projections)} points here"
    st.caption(plain(f"{n_asked:,} of {n_all:,} rows drawn{sample if n_asked < n_all else ''}.", 300))
    return figure
