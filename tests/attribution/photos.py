"""scikit-image's photos with captions as a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mmexplore import journey
from mmexplore.data.dataset import Kind, PairedDataset
from mmexplore.workspace.state import Workspace


def photo_workspace(files: Mapping[str, Path], encoders: dict[str, str] | None = None) -> Workspace:
    """Caption -> file, as encoded pairs named p0, p1 ... with the modalities photo and caption (offline by default)."""
    ids = np.array([f"p{i}" for i in range(len(files))], object)
    workspace = Workspace()
    workspace.set_dataset(
        PairedDataset(
            name="photos",
            ids=ids,
            kinds={"photo": Kind.IMAGE, "caption": Kind.TEXT},
            cells={"photo": tuple(files.values()), "caption": tuple(files)},
            groups=ids,
        )
    )
    chosen = encoders or journey.default_encoders(workspace)
    workspace.set_embeddings(journey.encode(workspace, chosen).embeddings, chosen)
    return workspace
