"""Whose a result is: ids, labels, what is present; without the vectors, so that it is light to keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmexplore.data.embeddings import Embeddings


@dataclass(frozen=True)
class Items:
    """N items of M modalities.

    Attributes:
        ids: [N].  labels: [N], or None.  target_kind: what the labels are ("classification", "regression"), or None.
        present: modality -> bool [N].
    """

    ids: np.ndarray
    labels: np.ndarray | None
    target_kind: str | None
    present: Mapping[str, np.ndarray]

    @property
    def modalities(self) -> list[str]:
        return list(self.present)

    @property
    def mask(self) -> np.ndarray:
        """bool [N, M]."""
        return np.stack(list(self.present.values()), axis=1)


def items_of(embeddings: Embeddings) -> Items:
    """Whose these vectors are."""
    return Items(
        embeddings.ids,
        embeddings.labels,
        embeddings.target_kind,
        {m: embeddings.present[m] for m in embeddings.modalities},
    )
