"""Planted data by sliders: how much each modality knows is set by hand, so that every answer can be checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from mmexplore import journey
from mmexplore.app.shell import jobs_view
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.data.examples import load_example
from mmexplore.server.jobs import Progress
from mmexplore.workspace.state import Workspace

MODALITIES = ("sight", "sound", "touch")


@dataclass(frozen=True)
class Slider:
    """One slider: label, greatest value, start, help."""

    label: str
    most: float
    start: float
    about: str


PARTS = {
    "redundant": Slider("Known to all", 5.0, 1.5, "Strength of the part that every modality carries alike."),
    "synergistic": Slider(
        "Known only together", 5.0, 4.0, "Strength of the part that sound and touch show only jointly."
    ),
    "noise": Slider("Noise", 5.0, 1.0, "Standard deviation of the noise in every modality."),
    "missing": Slider("Missing cells", 0.9, 0.0, "Share of the cells that are left empty."),
}
OWN = {"sight": 3.0, "sound": 0.7, "touch": 0.0}


def panel() -> None:
    """The sliders and Make."""
    with st.form("planting", border=False):
        options: dict[str, Any] = {}
        with st.container(horizontal=True, gap="medium"):
            for name, s in PARTS.items():
                least = 0.05 if name == "noise" else 0.0
                options[name] = st.slider(
                    s.label, least, s.most, s.start, key=f"{CHOICE}plant.{name}", help=s.about, width=190
                )
        with st.container(horizontal=True, gap="medium"):
            options["unique"] = [
                st.slider(f"Only {m} knows", 0.0, 5.0, start, key=f"{CHOICE}plant.only.{m}", width=190)
                for m, start in OWN.items()
            ]
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            options["n"] = int(st.number_input("Items", 100, 50_000, 2000, step=100, key=f"{CHOICE}plant.n", width=130))
            options["seed"] = int(st.number_input("Seed", 0, 999_999_999, 0, key=f"{CHOICE}plant.seed", width=130))
            if st.form_submit_button("Make", type="primary"):
                make(options)


def make(options: dict[str, Any]) -> None:
    """Make the data as a job and open it with its vectors (they are vectors already: nothing to encode)."""

    def work(progress: Progress) -> Workspace:
        progress.update(0, 2, "planting")
        workspace = Workspace(seed=options["seed"])
        workspace.set_dataset(load_example("planted", modalities=MODALITIES, **options))
        encoders = journey.default_encoders(workspace)
        progress.update(1, 2, "vectors")
        workspace.set_embeddings(journey.encode(workspace, encoders).embeddings, encoders)
        return workspace

    def take_up(workspace: Workspace) -> str:
        session.set_workspace(workspace)
        return "Planted. Next: Fuse, then compare the weights with the truth."

    jobs_view.submit("Plant data", work, take_up, "example")
