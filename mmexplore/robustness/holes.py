"""Which cells are taken away: drawn once for all methods, nested, so that only the methods differ."""

from __future__ import annotations

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.runtime import rng

#: instead of a modality's name: every cell by itself, whatever its modality
ANY = "any cell"


def hidden_cells(
    embeddings: Embeddings, modality: str, share: float, among: np.ndarray | None = None, seed: int = 0
) -> np.ndarray:
    """bool [N, M]: the cells to hide so that `modality` is gone for a share of the items that have it.

    The share is exact (rounded to a whole item). The cells of a smaller share are among those of a larger one with the
    same seed, and they depend on nothing but the arguments: every method meets the same holes.

    Args:
        modality: a name, or ANY: each modality loses its cells independently of the others.
        share: 0 (nothing) to 1 (all of them).
        among: bool [N], the items that may lose it (those of one class, the test rows); None = all.

    Raises:
        UserError: no such modality, or a share outside 0..1.
    """
    names = embeddings.modalities
    if modality not in (*names, ANY):
        raise UserError(f"no modality is called {modality!r}", "missing", f"choose one of: {', '.join(names)}, {ANY}")
    if not 0 <= share <= 1:
        raise UserError(f"a share lies between 0 and 1, not at {share:g}", "missing", "give for example 0, 0.5 and 1")
    draw = rng(seed).random((len(embeddings), len(names)))  # by column in the order of the names, not of the data
    hidden = np.zeros(draw.shape, bool)
    for column, name in enumerate(sorted(names)):
        if modality not in (name, ANY):
            continue
        can = embeddings.present[name] if among is None else embeddings.present[name] & among
        rows = np.flatnonzero(can)
        order = rows[np.argsort(draw[rows, column], kind="stable")]
        hidden[order[: round(share * len(rows))], names.index(name)] = True
    return hidden


def of_class(embeddings: Embeddings, label: str) -> np.ndarray:
    """bool [N]: the items with this label.

    Raises:
        UserError: there are no classes, or none is called so.
    """
    if embeddings.target_kind != "classification" or embeddings.labels is None:
        raise UserError("there are no classes", "missing by class", "fuse towards a label, or drop at random")
    rows = embeddings.labels.astype(str) == label
    if not rows.any() or not label:
        known = sorted(set(embeddings.labels.astype(str)) - {""})
        shown = ", ".join(known[:12]) + (" ..." if len(known) > 12 else "")
        raise UserError(f"no class is called {label!r}", "missing by class", f"choose one of: {shown}")
    return rows
