"""What several views draw from, computed once a session: the shared space, the fused vectors, learned weights."""

from __future__ import annotations

import numpy as np

from mmexplore import journey
from mmexplore.app.kit import show
from mmexplore.app.state import session
from mmexplore.data.dataset import Kind
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.identity import uid_of
from mmexplore.views import colours
from mmexplore.views.colours import WEIGHT
from mmexplore.views.weights import LearnedClasses
from mmexplore.workspace.state import Workspace


def shared_space(workspace: Workspace) -> tuple[Embeddings | None, str]:
    """As `journey.shared_space`, once for these vectors and this alignment."""
    assert workspace.embeddings is not None
    of = workspace.aligned if workspace.aligned is not None else workspace.embeddings
    key = ("shared", session.fingerprint(of), workspace.alignment.name if workspace.alignment else "")
    return session.remember(key, lambda: journey.shared_space(workspace))


def fused_vectors(workspace: Workspace) -> np.ndarray:
    """float32 [N, d]: the vectors of the fusion that is shown."""
    fitted, embeddings = journey.fitted_input(workspace)
    key = ("fused", uid_of(fitted), session.fingerprint(embeddings))
    return session.remember(key, lambda: fitted.fusion.transform(embeddings))


def text_of_rows(workspace: Workspace) -> list[str] | None:
    """What each row says: its first text modality, else None."""
    dataset = workspace.dataset
    texts = [] if dataset is None else [m for m in dataset.modalities if dataset.kinds[m] is Kind.TEXT]
    return texts_of(workspace, texts[0]) if texts else None


def texts_of(workspace: Workspace, modality: str) -> list[str] | None:
    """The texts of a text modality, "" where one is missing; None for another kind of modality."""
    dataset = workspace.dataset
    if dataset is None or dataset.kinds.get(modality) is not Kind.TEXT:
        return None
    return [cell if isinstance(cell, str) else "" for cell in dataset.cells[modality]]


def colour_values(workspace: Workspace, name: str) -> np.ndarray | None:
    """As `views.colour_values`, with the weights that are known already."""
    weights = None
    if name.startswith(WEIGHT) and workspace.fitted is not None:
        weights = show.found(LearnedClasses(workspace.current), workspace).weights
    return colours.colour_values(workspace, name, weights)
