"""One space in which modalities may be compared."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import train_rows
from mmexplore.errors import UserError
from mmexplore.journey.asking import embeddings_of, epochs, make
from mmexplore.models.alignment.base import Alignment
from mmexplore.models.alignment.bridge import BridgeAlignment
from mmexplore.models.alignment.rows import MIN_PAIRS, linked
from mmexplore.models.estimator import OnEpoch
from mmexplore.models.methods import MethodLike
from mmexplore.server.jobs import Progress
from mmexplore.workspace.state import Workspace


def shared_space(workspace: Workspace) -> tuple[Embeddings | None, str]:
    """The vectors in which modalities may be compared, and one sentence on where they come from.

    In order: the fitted alignment; the vectors as they are where all modalities, or two of different kinds (a CLIP's
    picture and text), share a space; the bridge where it covers the encoders; whatever else shares a space. Modalities
    outside it are left out. Else None and what to do.
    """
    embeddings = workspace.embeddings
    if embeddings is None:
        return None, "Encode the pairs first."
    if workspace.aligned is not None and workspace.alignment is not None:
        return workspace.aligned, f"after alignment by {workspace.alignment.card.title}"
    together = _together(embeddings)
    kinds = {workspace.dataset.kinds[m] for m in together} if workspace.dataset is not None else set()
    as_made = f"as the encoder made them ({embeddings.spaces[together[0]]})" if together else ""
    if together and (len(kinds) > 1 or len(together) == len(embeddings.modalities)):
        return embeddings.only(together), as_made
    bridge = BridgeAlignment()
    covered = bridge.covers(embeddings.spaces)
    if len({embeddings.spaces[m] for m in covered}) > 1:
        return bridge.fit(embeddings).transform(embeddings), "through the built-in bridge between the offline encoders"
    if together:
        return embeddings.only(together), as_made
    return None, "These encoders make spaces that cannot be compared: fit an alignment on the Fuse page."


def _together(embeddings: Embeddings) -> list[str]:
    """The largest set of modalities (two or more) whose vectors lie in one space."""
    by_space: dict[str, list[str]] = {}
    for modality, space in embeddings.spaces.items():
        by_space.setdefault(space, []).append(modality)
    largest = max(by_space.values(), key=len, default=[])
    return largest if len(largest) > 1 else []


def align(
    workspace: Workspace,
    method: MethodLike,
    params: dict[str, Any] | None = None,
    progress: Progress | None = None,
    hear: OnEpoch | None = None,
) -> tuple[Alignment, Embeddings]:
    """Fit (or, for one fitted in advance, choose) an alignment on the train rows.

    A modality that too few rows have together with the others is left out of it, and of what is given back.

    Args:
        method: its name, its class, or an instance (its parameters are kept, `params` go over them).
        hear: told the values of each epoch while the fit runs.

    Raises:
        UserError: no such method, or the data does not allow it.
    """
    estimator = make(method, params, "alignment", random_state=workspace.seed)
    embeddings = embeddings_of(workspace)
    if not estimator.fitted_in_advance:
        embeddings = workspace.ensure_split()
        together = linked(embeddings, train_rows(embeddings))
        embeddings = embeddings.only(together) if len(together) > 1 else embeddings
    estimator.fit(embeddings, on_epoch=epochs(progress, hear))
    return estimator, estimator.transform(embeddings)


def carried(workspace: Workspace, shared: Embeddings, modality: str, vectors: np.ndarray) -> np.ndarray:
    """Fresh vectors of a modality's encoder, float32 [B, d], taken where `shared` (of this workspace) lies, [B, K]."""
    embeddings, n = embeddings_of(workspace), len(vectors)
    ids = np.arange(n).astype(str).astype(object)
    given = Embeddings(
        vectors={m: vectors if m == modality else np.zeros((n, d), np.float32) for m, d in embeddings.dims.items()},
        present={m: np.full(n, m == modality) for m in embeddings.modalities},
        ids=ids,
        groups=ids,
        spaces=embeddings.spaces,
        content={m: np.full(n, "", object) for m in embeddings.modalities},
    )
    if workspace.alignment is not None:
        given = workspace.alignment.transform(workspace.alignment.fitted_part(given))
    elif shared.spaces[modality] != given.spaces[modality]:
        given = BridgeAlignment().fit(given).transform(given)
    return given.vectors[modality]


def not_aligned(workspace: Workspace) -> str:
    """One sentence on the modalities that the alignment left out; "" where it has all of them."""
    if workspace.aligned is None or workspace.embeddings is None or workspace.alignment is None:
        return ""
    left = [m for m in workspace.embeddings.modalities if m not in workspace.aligned.modalities]
    if not left:
        return ""
    if workspace.alignment.fitted_in_advance:
        return f"Not aligned: {', '.join(left)} (it was not made for these encoders)."
    return f"Not aligned: {', '.join(left)} (fewer than {MIN_PAIRS} train rows have it together with another modality)."


def comparable(workspace: Workspace, shared: Embeddings | None = None) -> Embeddings:
    """The shared space (`shared`, where the caller has it already); UserError saying what to do where there is none."""
    if shared is not None:
        return shared
    shared, why = shared_space(workspace)
    if shared is None:
        raise UserError("modalities cannot be compared", "retrieval", why.rstrip("."))
    return shared
