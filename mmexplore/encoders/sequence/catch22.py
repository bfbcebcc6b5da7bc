"""catch22: 22 features a person can name, of each channel of a series, with its mean and standard deviation.

Lubba et al. 2019, "catch22: CAnonical Time-series CHaracteristics" (arXiv:1901.10200), computed by its authors'
package ``pycatch22``, which nothing but this encoder imports: it is GPL-3.0, so it comes with an extra of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmexplore.data.dataset import Kind
from mmexplore.encoders.base import EncoderCard
from mmexplore.encoders.sequence.series import SeriesEncoder
from mmexplore.optional import is_there, require

NAME = "catch22"
EACH = 24  # features of a channel
#: points looked at: some features take time that grows with the square of the length
MAX_POINTS = 5_000


class Catch22(SeriesEncoder):
    """Series in, unit vectors out: 24 features a channel, scaled by the train rows."""

    card = EncoderCard(
        name=NAME,
        kind=Kind.SERIES,
        dim=None,
        space=NAME,
        title="catch22 features" + ("" if is_there("pycatch22") else " (not installed: GPL)"),
        size_mb=0.0,
        licence="GPL-3.0-or-later (the package pycatch22)",
        source="PyPI pycatch22; Lubba et al. 2019, scaled by the train rows of the column",
        offline=True,
        look_for="Few numbers with a meaning each: spread, outliers, periods, how well the next point is foretold. "
        "Each channel by itself, so nothing of how channels go together. Beyond 5,000 points a series is averaged.",
    )
    version = "1"

    def __init__(self) -> None:
        require("pycatch22", NAME, NAME)

    def learn(self, series: Sequence[np.ndarray]) -> None:
        """Nothing but the scale."""

    def features(self, series: np.ndarray) -> np.ndarray:
        return np.concatenate([_of_channel(channel) for channel in _shortened(series).T])


def _shortened(series: np.ndarray) -> np.ndarray:
    step = -(-len(series) // MAX_POINTS)
    return np.stack([part.mean(axis=0) for part in np.array_split(series, -(-len(series) // step))])


def _of_channel(values: np.ndarray) -> np.ndarray:
    """float64 [24]; what is not defined (of a constant or very short series) is 0."""
    import pycatch22

    if len(values) < 4 or np.ptp(values) == 0:
        return np.concatenate([np.zeros(EACH - 2), [values.mean(), values.std()]])
    found = np.array(pycatch22.catch22_all(values.tolist(), catch24=True)["values"], float)
    return np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0)
