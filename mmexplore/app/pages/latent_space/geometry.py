"""Numbers beside the maps: the modality gap, and where the fused neighbours come from."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mmexplore import journey
from mmexplore.app.kit import views
from mmexplore.app.kit.download import chart, view_bar
from mmexplore.app.kit.widgets import numbers, plain, section
from mmexplore.app.pages.latent_space import snippets as python_maps
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.identity import uid_of
from mmexplore.figures.spaces import gap_histogram, overlap_bars
from mmexplore.latent.geometry import ModalityGap, modality_gap, neighbour_overlap
from mmexplore.workspace.state import Workspace


def gap(shared: Embeddings, modalities: list[str]) -> None:
    """The gap between each two of these modalities, in words, numbers and from the side."""
    section(
        "The modality gap",
        "Pictures and texts often form two clouds even in a space made for both. The gap is the distance between the "
        "two clouds' centres: 0 means they lie over one another, 2 is the most there can be. It says little about "
        "retrieval: a pair can be each other's nearest across a wide gap.",
    )
    pairs = [(a, b) for i, a in enumerate(modalities) for b in modalities[i + 1 :]]
    found = {pair: _gap(shared, *pair) for pair in pairs}
    about = "Over {} pairs. A linear classifier tells the two modalities apart in {:.0%} of cases (chance 50 %)."
    numbers(
        [(f"{a} to {b}", f"{g.distance:.2f}", about.format(f"{g.n:,}", g.separability)) for (a, b), g in found.items()]
    )
    chosen = pairs[0]
    if len(pairs) > 1:
        chosen = st.selectbox(
            "Seen from the side", pairs, key=f"{CHOICE}gap.pair", format_func=lambda p: f"{p[0]} to {p[1]}", width=320
        )
    a, b = (shared.vectors[m][shared.present[m]] for m in chosen)
    figure = gap_histogram(a, b, chosen, found[chosen])
    chart(figure, "gap")
    view_bar(
        "gap",
        figure=figure,
        table=lambda: pd.DataFrame(
            [
                {"a": a, "b": b, "gap": g.distance, "separability": g.separability, "pairs": g.n}
                for (a, b), g in found.items()
            ]
        ),
        python=python_maps.gap(*chosen),
    )


def _gap(shared: Embeddings, a: str, b: str) -> ModalityGap:
    """As `modality_gap`, over the rows that have both, once a session."""
    both = shared.present[a] & shared.present[b]
    return session.remember(
        ("gap", session.fingerprint(shared), a, b),
        lambda: modality_gap(shared.vectors[a][both], shared.vectors[b][both]),
    )


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
    found = session.remember(
        ("overlap", session.fingerprint(fused), session.fingerprint(given), k),
        lambda: neighbour_overlap(fused, given, k),
    )
    figure = session.remember(("overlap.figure", uid_of(found)), lambda: overlap_bars(found).settle())
    chart(figure, "overlap")
    st.caption(plain(found.note, 400))
    view_bar(
        "overlap",
        figure=figure,
        table=lambda: pd.DataFrame(
            [
                {
                    "modality": m,
                    "share": s,
                    "low": found.interval[m][0],
                    "high": found.interval[m][1],
                    "chance": found.chance[m],
                }
                for m, s in found.share.items()
            ]
        ),
        python=python_maps.overlap(workspace, k),
    )
