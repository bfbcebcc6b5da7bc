"""What a job tells while it runs: its worker tells a listener, a fragment of the page draws what that has heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from mmexplore.app.kit.download import chart
from mmexplore.app.kit.widgets import one_line
from mmexplore.app.shell import jobs_view
from mmexplore.app.state import session
from mmexplore.figures.training import learning_curves
from mmexplore.models.estimator import HISTORY_COLUMNS

EVERY = 1.5  # seconds between two drawings

L = TypeVar("L")


def listen(kind: str, listener: L) -> L:
    """Keep the listener of the job of this kind that is about to start, for this session."""
    st.session_state[f"watch.{kind}"] = listener
    return listener


def follow(kind: str, draw: Callable[[Any], None]) -> bool:
    """`draw(listener)` now and again while a job of this kind runs. False: none does, and nothing is drawn."""
    running = jobs_view.busy(kind) and f"watch.{kind}" in st.session_state
    if running:
        st.fragment(lambda: draw(st.session_state[f"watch.{kind}"]), run_every=EVERY)()
    return running


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
    return listen(kind, Watch(title))


def curves(kind: str) -> None:
    """The curves of the running job of this kind, redrawn as they grow; nothing where none runs."""
    follow(kind, lambda listener: _draw(listener, kind))


def _draw(listener: Watch, kind: str) -> None:
    if not listener.told:
        st.caption("The curves appear with the first epoch. A closed form has none.")
        return
    st.text(one_line(f"{listener.title}: epoch {listener.epoch} of at most {listener.epochs}"))
    embeddings = session.workspace().embeddings
    chart(learning_curves(listener.history(), embeddings.modalities if embeddings else ()), f"live-{kind}")
