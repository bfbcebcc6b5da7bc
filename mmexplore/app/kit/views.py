"""What several views draw from, computed once a session: the shared space, the fused vectors, learned weights."""

from __future__ import annotations

import numpy as np

from mmexplore import journey
from mmexplore.app.state import session
from mmexplore.data.dataset import Kind
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.identity import uid_of
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


def learned_weights(workspace: Workspace) -> tuple[np.ndarray | None, np.ndarray | None, Embeddings]:
    """(weights [N, M] or None, contribution shares [N, M] or None, the vectors they belong to)."""
    fitted, embeddings = journey.fitted_input(workspace)
    key = ("weights", uid_of(fitted), session.fingerprint(embeddings))

    def compute():
        return fitted.fusion.modality_weights(embeddings), fitted.fusion.contribution_norms(embeddings)

    weights, norms = session.remember(key, compute)
    return weights, norms, embeddings


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


def colour_choices(workspace: Workspace) -> list[str]:
    """Names of what a map can be coloured by; "" is one colour."""
    embeddings = workspace.embeddings
    assert embeddings is not None
    names = ["label"] if embeddings.labels is not None else []
    names += [str(c) for c in embeddings.columns]
    if embeddings.splits is not None:
        names.append("split")
    if workspace.fitted is not None and workspace.fitted.fusion.gives_weights:
        names += [f"weight of {m}" for m in embeddings.modalities]
    return [*names, ""]


def colour_values(workspace: Workspace, name: str) -> np.ndarray | None:
    """The column [N] behind a colour choice; None for one colour."""
    embeddings = workspace.embeddings
    assert embeddings is not None
    if name in {str(c) for c in embeddings.columns}:
        return embeddings.columns[name].to_numpy()
    if name == "label":
        return embeddings.labels
    if name == "split":
        return embeddings.splits
    if name.startswith("weight of "):
        weights, _, of = learned_weights(workspace)
        modality = name.removeprefix("weight of ")
        if weights is not None and modality in of.modalities:
            return weights[:, of.modalities.index(modality)]
    return None
