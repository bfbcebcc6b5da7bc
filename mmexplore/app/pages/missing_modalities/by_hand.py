"""One item whose modalities are switched off by hand, and its point that moves on the map."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import journey
from mmexplore.app.kit import show, views
from mmexplore.app.kit.download import chart
from mmexplore.app.kit.items import item_grid
from mmexplore.app.kit.widgets import PERCENT, in_percent, numbers, one_line, plain, section
from mmexplore.app.panels.asking import item_select
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.data.embeddings import unit
from mmexplore.data.identity import uid_of
from mmexplore.figures.maps import scatter_map
from mmexplore.figures.robustness import moved_point
from mmexplore.journey.by_hand import ByHand as Change
from mmexplore.journey.by_hand import Seen
from mmexplore.latent.projection import Plane, Projection, fit_plane
from mmexplore.latent.sample import stratified_sample
from mmexplore.views.by_hand import ByHand
from mmexplore.workspace.state import Workspace

BACKGROUND = 5000  # points drawn behind the one that moves
TOP = 5  # classes whose probability is shown
TABLE = 445  # pixels of a table's width
SIDES = ("before", "now")


@st.fragment
def panel(workspace: Workspace) -> None:
    """Pick an item, switch its modalities, see what changes. Reruns alone: nothing is fitted, no other point moves."""
    fitted, embeddings = journey.fitted_input(workspace)
    fused, plane = _space(workspace)
    item = item_select(workspace, embeddings.ids, f"{CHOICE}hand.item")
    row = int(np.flatnonzero(embeddings.ids.astype(str) == item)[0])
    off = _switches(embeddings.modalities, [bool(embeddings.present[m][row]) for m in embeddings.modalities])
    view = ByHand(workspace.current, row, tuple(off))
    changed = view.of(workspace, fused)
    found = changed.found
    _what_changed(found, fitted.fusion.classes_)
    figure = _map(workspace, found, fused, plane)
    chart(figure, "by-hand")
    drawn = min(BACKGROUND, len(embeddings))
    st.caption(
        f"The fused space by PCA, fitted once on all {len(embeddings):,} items: only this item's point moves. "
        f"{drawn:,} of {len(embeddings):,} items are drawn. The map shows two directions of many: neighbours and "
        "cosines are measured in the whole space."
    )
    tables = {"weights": _weights(found, embeddings.modalities), "answer": _answers(found, fitted.fusion.classes_)}
    _show(tables, workspace.title, embeddings.labels, row)
    show.bar(view, changed, figure)
    section("Nearest in the fused space")
    for title, seen in (("With everything", found.full), ("With what is left", found.reduced)):
        st.markdown(f"**{title}**")
        notes = {int(r): f"cosine {s:.2f}" for r, s in zip(seen.rows, seen.scores, strict=True)}
        item_grid(workspace, seen.rows, f"hand-{title}", notes=notes)


def _space(workspace: Workspace) -> tuple[np.ndarray, Plane]:
    """Unit fused vectors of all items, and the axes of their map; once a fusion."""
    fused = views.fused_vectors(workspace)

    def compute() -> tuple[np.ndarray, Plane]:
        points = unit(fused)
        return points, fit_plane(points, 2)

    return session.remember(("plane", session.fingerprint(fused)), compute)


def _switches(modalities: list[str], present: list[bool]) -> list[str]:
    """A toggle a modality; those switched off. What the item lacks anyway cannot be switched."""
    off = []
    with st.container(horizontal=True, gap="medium", key="hand-switches"):
        for m, there in zip(modalities, present, strict=True):
            if not there:
                st.toggle(plain(f"{m} (missing)", 60), False, disabled=True, key=f"hand-missing-{m}")
            elif not st.toggle(plain(m, 60), True, key=f"{CHOICE}hand.{m}"):
                off.append(m)
    return off


def _what_changed(found: Change, classes: np.ndarray | None) -> None:
    values = [
        ("Cosine", f"{found.cosine:.2f}", "Of the fused vectors before and now: 1 means that nothing has moved."),
        ("Neighbours kept", f"{found.kept:.0%}", "Of the nearest items in the fused space."),
    ]
    before, now = (_said(seen, classes) for seen in (found.full, found.reduced))
    if before:
        about = "What the fusion answers with everything, and with what is left."
        values += [("Answer before", before, about), ("Answer now", now, about)]
    numbers(values)
    if not found.reduced.shown:
        st.info("Everything is switched off: this is the method's answer to nothing.")


def _said(seen: Seen, classes: np.ndarray | None) -> str:
    if seen.answer is None:
        return ""
    return f"{seen.answer[0]:.3g}" if classes is None else str(classes[int(seen.answer.argmax())])


def _map(workspace: Workspace, found: Change, fused: np.ndarray, plane: Plane) -> Any:
    _, embeddings = journey.fitted_input(workspace)
    labels = embeddings.labels

    def background() -> Any:
        rows = stratified_sample(len(fused) if labels is None else labels, BACKGROUND, workspace.seed)
        points = Projection(plane.project(fused[rows]), rows, "fused", "pca", len(fused), len(rows), 0, plane.explained)
        name = "" if labels is None else "label"
        figure = scatter_map(points, labels, name, [str(i) for i in embeddings.ids], legend=False)
        figure.update_traces(marker_showscale=False)
        return figure

    key = (uid_of(plane), session.fingerprint(embeddings), workspace.seed)
    drawn = session.remember_last("hand.map", key, background)
    places = [plane.project(fused[seen.rows]) for seen in (found.full, found.reduced)]
    both = plane.project(np.stack([found.full.vector, found.reduced.vector]))
    return moved_point(drawn, both[0], both[1], *places)


def _weights(found: Change, modalities: list[str]) -> pd.DataFrame | None:
    if found.full.weights is None or found.reduced.weights is None:
        return None
    return pd.DataFrame({"modality": modalities, "before": found.full.weights, "now": found.reduced.weights})


def _answers(found: Change, classes: np.ndarray | None) -> pd.DataFrame | None:
    before, now = found.full.answer, found.reduced.answer
    if before is None or now is None or classes is None:
        return None
    top = np.argsort(-np.maximum(before, now), kind="stable")[:TOP]
    return pd.DataFrame({"class": classes[top], "before": before[top], "now": now[top]})


def _show(tables: dict[str, pd.DataFrame | None], title: str, labels: np.ndarray | None, row: int) -> None:
    """Weights and probabilities, before and now, beside each other."""
    share = {
        side: st.column_config.ProgressColumn(side, min_value=0.0, max_value=100.0, format=PERCENT) for side in SIDES
    }
    beside = st.container(horizontal=True, gap="medium")  # one under the other where they would be cut
    with beside.container(width=TABLE):
        st.markdown("**Learned weights**")
        if tables["weights"] is None:
            st.caption(plain(f"{title} has no weights of its own."))
        else:
            st.dataframe(
                in_percent(tables["weights"], *SIDES), hide_index=True, key="hand-weights", column_config=share
            )
    with beside.container(width=TABLE):
        st.markdown("**Probabilities**")
        if tables["answer"] is None:
            st.caption("This fusion predicts no class.")
        else:
            st.dataframe(in_percent(tables["answer"], *SIDES), hide_index=True, key="hand-answer", column_config=share)
            if labels is not None and str(labels[row]):
                st.text(one_line(f"True label: {labels[row]}", 80))
