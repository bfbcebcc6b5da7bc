"""Features on one scale: what fitted encoders do before a vector is brought to length 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmexplore.data.embeddings import unit

#: standard deviations from the mean beyond which a feature is cut, so that one outlier does not hide all others
LIMIT = 5.0


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of each feature over train rows, [d]; a constant feature's deviation is 1."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> Scale:
        """From the features [N, d] of train rows."""
        mean, deviation = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
        level = 1e-9 * np.maximum(np.abs(mean), 1)
        return cls(mean, np.where(deviation > level, deviation, 1.0))

    def vectors(self, features: np.ndarray) -> np.ndarray:
        """float32 [B, d], unit rows: standardised, cut at `LIMIT`; a last entry 1 keeps rows at the mean from being 0.

        Appending it is what makes the length of a vector matter after it is brought to 1.
        """
        z = np.clip((features - self.mean) / self.deviation, -LIMIT, LIMIT)
        return unit(np.concatenate([z, np.ones((len(z), 1))], axis=1).astype(np.float32))
