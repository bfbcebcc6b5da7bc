"""The curves of a fit while it runs: the worker tells each epoch, a fragment of the page draws what it was told."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mmexplore.estimator import HISTORY_COLUMNS
from mmexplore.figures.training import learning_curves
from mmexplore.ui import jobs_view, session
from mmexplore.ui.download import chart
from mmexplore.ui.widgets import one_line

EVERY = 1.5  # seconds between two drawings


class Watch:
    """Hears a fit from another thread (an `OnEpoch`); the page asks for its history."""

    def __init__(self, title: str) -> None:
        self.title, self.epoch, self.epochs = title, 0, 0
        self.told: list[tuple[int, str, str, float]] = []  # appending is atomic: no lock is needed

    def __call__(self, epoch: int, epochs: int, values: dict[str, float]) -> None:
        if values:  # a second fit for the best number of epochs only says that it goes on
            self.told += [(epoch, *_part(name), value) for name, value in values.items()]
            self.epoch, self.epochs = epoch, epochs

    def history(self) -> pd.DataFrame:
        """As `Estimator.history_`, so far."""
        return pd.DataFrame(list(self.told), columns=HISTORY_COLUMNS)


def _part(name: str) -> tuple[str, str]:
    """ "val accuracy/image" -> ("val accuracy", "image")."""
    part, _, modality = name.partition("/")
    return part, modality


def watch(kind: str, title: str) -> Watch:
    """A new listener for the job of this kind that is about to start."""
    listener = Watch(title)
    st.session_state[f"watch.{kind}"] = listener
    return listener


def curves(kind: str) -> None:
    """The curves of the running job of this kind, redrawn as they grow; nothing where none runs."""
    if jobs_view.busy(kind) and f"watch.{kind}" in st.session_state:
        st.fragment(_draw, run_every=EVERY)(kind)


def _draw(kind: str) -> None:
    listener: Watch = st.session_state[f"watch.{kind}"]
    if not listener.told:
        st.caption("The curves appear with the first epoch. A closed form has none.")
        return
    st.text(one_line(f"{listener.title}: epoch {listener.epoch} of at most {listener.epochs}"))
    embeddings = session.workspace().embeddings
    chart(learning_curves(listener.history(), embeddings.modalities if embeddings else ()), f"live-{kind}")
