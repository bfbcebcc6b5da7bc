"""What an alignment is: many spaces -> one shared space."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.estimator import Estimator
from mmexplore.runtime import RandomState


class Alignment(Estimator):
    """Maps every modality into one space in which cosines may be compared.

    `correlations_` (float [K], in the order of the components: not always descending) are the held-out correlations
    of the shared components where the method has components, else None; `train_correlations_` on the fitted rows.
    """

    family = "alignment"
    correlations_: np.ndarray | None = None
    train_correlations_: np.ndarray | None = None

    def __init__(self, *, random_state: RandomState = 0) -> None:
        self.random_state = random_state

    @abstractmethod
    def transform(self, embeddings: Embeddings) -> Embeddings:
        """The same items with unit vectors [N, K] in one space named "aligned:NAME"; absent rows stay zero."""

    def fitted_part(self, embeddings: Embeddings) -> Embeddings:
        """The modalities of `embeddings` that were there at the fit: what `transform` takes."""
        if self.fitted_in_advance:
            return embeddings
        return embeddings.only([m for m in embeddings.modalities if m in self.dims_])
