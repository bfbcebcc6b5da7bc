"""Numbers beside the maps: the modality gap, and where the fused neighbours come from."""

from __future__ import annotations

import streamlit as st

from mmexplore import journey
from mmexplore.app.kit import show, views
from mmexplore.app.kit.widgets import numbers, plain, section
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.data.embeddings import Embeddings
from mmexplore.views.geometry import Gap, Gaps, Overlap
from mmexplore.workspace.state import Workspace


def gap(workspace: Workspace, view: Gap, shared: Embeddings) -> None:
    """The gap between each two of the view's modalities, in words, numbers and from the side.

    Args:
        shared: moved as the view says.
    """
    section(
        "The modality gap",
        "Pictures and texts often form two clouds even in a space made for both. The gap is the distance between the "
        "two clouds' centres: 0 means they lie over one another, 2 is the most there can be. It says little about "
        "retrieval: a pair can be each other's nearest across a wide gap.",
    )
    found = Gaps(session.remember(view.key(workspace), lambda: view.of(shared)), shared)
    pairs = list(found.of)
    about = "Over {} pairs. A linear classifier tells the two modalities apart in {:.0%} of cases (chance 50 %)."
    numbers(
        [
            (f"{a} to {b}", f"{g.distance:.2f}", about.format(f"{g.n:,}", g.separability))
            for (a, b), g in found.of.items()
        ]
    )
    chosen = pairs[0]
    if len(pairs) > 1:
        chosen = st.selectbox(
            "Seen from the side", pairs, key=f"{CHOICE}gap.pair", format_func=lambda p: f"{p[0]} to {p[1]}", width=320
        )
    show.show(view, found, workspace, {"pair": chosen})


def overlap(workspace: Workspace) -> None:
    """How much of the fused neighbourhood comes from each modality."""
    _, given = journey.fitted_input(workspace)
    fused = views.fused_vectors(workspace)
    section(
        "Where the fused neighbours come from",
        "Of the nearest items in the fused space, the share that is also nearest in one modality "
        "alone. A modality far above the others decides what lies next to what.",
    )
    k = int(st.number_input("Neighbours looked at", 1, 100, 10, key=f"{CHOICE}overlap.k", width=170))
    view = Overlap(workspace.current, k)
    found = show.found(view, workspace, lambda: view.of(fused, given))
    show.show(view, found, workspace, below=plain(found.note, 400))
