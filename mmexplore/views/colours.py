"""What the points of a map can be coloured by."""

from __future__ import annotations

import numpy as np

from mmexplore import journey
from mmexplore.workspace.state import Workspace

WEIGHT = "weight of "


def colour_choices(workspace: Workspace) -> list[str]:
    """Names of what a map can be coloured by; "" is one colour."""
    embeddings = workspace.embeddings
    assert embeddings is not None
    names = ["label"] if embeddings.labels is not None else []
    names += [str(c) for c in embeddings.columns]
    if embeddings.splits is not None:
        names.append("split")
    if workspace.fitted is not None and workspace.fitted.fusion.gives_weights:
        names += [f"{WEIGHT}{m}" for m in embeddings.modalities]
    return [*names, ""]


def colour_values(workspace: Workspace, name: str, weights: np.ndarray | None = None) -> np.ndarray | None:
    """The column [N] behind a colour choice; None for one colour.

    Args:
        weights: [N, M] of the fit that the workspace shows, where the caller has them.
    """
    embeddings = workspace.embeddings
    assert embeddings is not None
    if name in {str(c) for c in embeddings.columns}:
        return embeddings.columns[name].to_numpy()
    if name == "label":
        return embeddings.labels
    if name == "split":
        return embeddings.splits
    if name.startswith(WEIGHT) and workspace.fitted is not None:
        fitted, given = journey.fitted_input(workspace)
        learned = fitted.fusion.modality_weights(given) if weights is None else weights
        modality = name.removeprefix(WEIGHT)
        if learned is not None and modality in given.modalities:
            return learned[:, given.modalities.index(modality)]
    return None
