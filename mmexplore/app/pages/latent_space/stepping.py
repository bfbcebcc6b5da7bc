"""A fusion that works in steps, gone through one by one: where the fused vectors lie, and what each step changed."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import streamlit as st

from mmexplore.app.kit import selection, show
from mmexplore.app.kit.widgets import plain, section
from mmexplore.app.pages.latent_space import maps
from mmexplore.app.pages.latent_space.maps import Options
from mmexplore.app.panels import fusing
from mmexplore.app.state.session import CHOICE
from mmexplore.figures import theme
from mmexplore.journey.stepping import Steps
from mmexplore.scores.metric_names import name_of
from mmexplore.views.maps import StepChanges, StepMap
from mmexplore.workspace.state import Workspace


def panel(workspace: Workspace, options: Options, colour: str, values: np.ndarray | None) -> None:
    """The slider, the map after that step, and what each step changed."""
    assert workspace.fitted is not None and workspace.embeddings is not None
    with st.spinner("Going through the steps"):
        found = show.found(StepChanges(workspace.current), workspace)
    last, ids = len(found.steps) - 1, workspace.embeddings.ids
    if last == 0:
        st.info("This fusion was fitted with no step: its first fused vector is its last. Fit it with some on Fuse.")
        return
    st.caption(plain(workspace.fitted.fusion.card.summary, 400))
    st.caption(
        f"Step 0 is the first fused vector, step {last} the one that all other views show. All steps share one map: a "
        "point that moves has changed, and its tail begins where it was one step before."
    )
    at = st.slider("After step", 0, last, last, key=f"{CHOICE}step.{last}", width=420)
    view = StepMap(fit=workspace.current, **asdict(options))
    embeddings = workspace.embeddings
    projected = maps.computed(view, workspace, lambda progress: view.of(found.vectors, embeddings, progress))
    if projected is not None:
        projection = projected.of[f"step {at}"]
        by_class = values is not None and not theme.is_continuous(values)
        if by_class and values is not None:
            maps.legend(ids, values, "steps")
        titles, captions = maps.hover_texts(workspace, len(projection.rows))
        figure = view.figure(
            projected,
            at=at,
            colour=values,
            colour_name=colour,
            titles=titles,
            captions=captions,
            selected=selection.highlighted("steps", workspace),
            legend=not by_class,
        )
        maps.draw(figure, "steps", ids, options.dims == 2)
        note = f"After step {at}: {projection.note}"
        if projection.method != "pca":
            note += " These maps keep neighbours, not distances: read small movements in PCA."
        st.caption(plain(note))
        show.bar(view, projected, figure, told={"at": at} | maps.in_python(workspace, colour))
    _changes(workspace, found, at)


def _changes(workspace: Workspace, found: Steps, at: int) -> None:
    about = "Cosine to the step before, mean over the items: at 1 a step changes nothing, and the rounds have settled."
    if found.metric is not None:
        rows = f"{found.n:,} {fusing.ROWS.get(found.rows, found.rows)}"
        about += (
            f" Beside it the {name_of(found.metric).word} on {rows} of a linear probe of the labels, fitted anew on "
            "the vectors of each step: where it stays level, the later steps add nothing."
        )
    section("What each step changed", plain(about, 600))
    metric = None if found.metric is None else name_of(found.metric).word
    show.show(StepChanges(workspace.current), found, workspace, {"at": at, "metric": metric})
