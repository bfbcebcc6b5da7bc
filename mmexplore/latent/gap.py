"""The modality gap as a control: move the clouds together (or apart) along the line between their means."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmexplore.data.embeddings import Embeddings, unit
from mmexplore.errors import UserError
from mmexplore.retrieval.gallery import check_shared, row_positions


def shift_gap(
    embeddings: Embeddings, amount: float, modalities: Sequence[str] | None = None, fit_rows: np.ndarray | None = None
) -> Embeddings:
    """Mean shift along the gap (Liang 2022): x -> unit(x - amount * (mean of its modality - mean of the means)).

    Args:
        embeddings: modalities in one shared space (others are left as they are).
        amount: 0 = as it is, 1 = the means fall together (before the renormalising), negative = further apart.
        modalities: those to move; all when None.
        fit_rows: rows (positions or bool [N]) the means are taken over; all when None.

    Returns:
        The same items with moved unit vectors; ids, groups, content keys unchanged, so that retrieval, maps and the
        thermometer follow by being called again.

    Raises:
        UserError: fewer than two of the modalities, or they are not in one space.
    """
    names = list(embeddings.modalities if modalities is None else modalities)
    if len(names) < 2:
        raise UserError("a gap lies between two modalities", "latent space", "choose one more")
    check_shared(embeddings, names)
    rows = row_positions(fit_rows, len(embeddings))
    points = {m: unit(embeddings.vectors[m]) for m in names}
    means = {}
    for m in names:
        known = rows[embeddings.present[m][rows]]
        means[m] = points[m][known].mean(axis=0) if len(known) else np.zeros(points[m].shape[1], np.float32)
    centre = np.mean(list(means.values()), axis=0)
    moved = {
        m: np.where(embeddings.present[m][:, None], unit(points[m] - np.float32(amount) * (means[m] - centre)), 0)
        for m in names
    }
    return embeddings.with_vectors({**embeddings.vectors, **moved}, embeddings.spaces)
