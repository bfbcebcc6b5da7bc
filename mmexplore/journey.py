"""The steps of the main job, once for the app and the shell: encode -> align -> fuse -> weights, search, evaluate."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmexplore.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.jobs import Progress
from mmexplore.pairs.dataset import Rejected
from mmexplore.store import Store
from mmexplore.workspace import FittedFusion, Workspace


def default_encoders(workspace: Workspace) -> dict[str, str]:
    """Modality -> the offline encoder suggested for it (a multilingual one where the text is not English)."""


def encode(workspace: Workspace, encoders: dict[str, str], store: Store | None = None,
           progress: Progress | None = None) -> tuple[Embeddings, list[Rejected]]:
    """Vectors of the workspace's pairs (does not change the workspace, so that it can run as a job)."""


def shared_space(workspace: Workspace) -> tuple[Embeddings | None, str]:
    """The vectors in which modalities may be compared, and where they come from.

    In order: the fitted alignment; the vectors as they are when at least two modalities share a space; the bridge
    where it covers the encoders (modalities that it does not cover are left out); else (None, why not and what to do).
    """


def align(workspace: Workspace, method: str, params: dict[str, Any] | None = None, progress: Progress | None = None):
    """Fit (or choose) an alignment on the train rows; returns (alignment, aligned embeddings)."""


def fuse(workspace: Workspace, method: str, params: dict[str, Any] | None = None, objective: str | None = None,
         target: str | None = None, source: str = "encoded", seed: int | None = None,
         progress: Progress | None = None) -> FittedFusion:
    """Fit a fusion on the encoded (or, `source="aligned"`, the aligned) vectors and score it with its baselines."""


def weights(workspace: Workspace) -> dict[str, Any]:
    """`mmexplore weights --json`: modalities, mean, per_class, per_item (id -> list), source ("learned"), entropy."""


def search_items(workspace: Workspace, query: str | np.ndarray, into: str, *, from_modality: str | None = None,
                 k: int = 10) -> list[dict[str, Any]]:
    """The k items of modality `into` nearest to a typed text, an image file, or the item with this id."""


def evaluate(workspace: Workspace) -> dict[str, Any]:
    """`mmexplore evaluate --json`: retrieval.<from>-><to>.{...}, rows ("test" | "held-out" | "all"), map_label, fusion."""


__all__ = ["UserError", "align", "default_encoders", "encode", "evaluate", "fuse", "search_items", "shared_space", "weights"]
