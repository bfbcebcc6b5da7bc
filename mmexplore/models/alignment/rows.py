"""Which rows an alignment is fitted on, and whether they are enough."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError

#: below this many rows seen through both of two modalities nothing can be aligned
MIN_PAIRS = 10


def pair_rows(embeddings: Embeddings, modalities: Sequence[str], within: np.ndarray) -> np.ndarray:
    """bool [N]: rows of `within` in which every one of `modalities` is present."""
    return within & np.logical_and.reduce([embeddings.present[m] for m in modalities])


def require_linked(embeddings: Embeddings, within: np.ndarray, method: str) -> None:
    """Check that an alignment can be fitted on the rows `within` (bool [N]).

    Raises:
        UserError: fewer than two modalities, or modalities that share fewer than MIN_PAIRS rows with the others,
            directly or through a third one.
    """
    names = embeddings.modalities
    if len(names) < 2:
        raise UserError("there is only one modality", method, "choose pairs with two modalities or more")
    component = _components(embeddings, within)
    alone = [m for m in names if component[m] != component[names[0]]]
    if alone:
        most = max(int(pair_rows(embeddings, [a, b], within).sum()) for a in alone for b in names if b not in alone)
        raise UserError(
            f"only {most} of the rows to fit on have {alone[0]} together with another modality, "
            f"at least {MIN_PAIRS} are needed",
            method,
            "bring more complete pairs, or leave this modality out",
        )


def linked(embeddings: Embeddings, within: np.ndarray) -> list[str]:
    """The most modalities that can be aligned with one another on the rows `within` (of equals those named first)."""
    component = _components(embeddings, within)
    sets = [[m for m in component if component[m] == name] for name in dict.fromkeys(component.values())]
    return max(sets, key=len, default=[])


def _components(embeddings: Embeddings, within: np.ndarray) -> dict[str, str]:
    """Modality -> a name that it shares with those it has MIN_PAIRS rows with, directly or through others."""
    component = {m: m for m in embeddings.modalities}
    for a, b in combinations(embeddings.modalities, 2):
        if pair_rows(embeddings, [a, b], within).sum() >= MIN_PAIRS and component[a] != component[b]:
            old, new = component[b], component[a]
            component = {m: new if c == old else c for m, c in component.items()}
    return component
