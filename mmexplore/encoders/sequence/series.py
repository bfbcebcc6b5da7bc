"""What encoders of series share: read the cells, one number of channels a column, features scaled by train rows."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from copy import copy

import numpy as np

from mmexplore.data.dataset import Cell
from mmexplore.data.reading.series import read_series
from mmexplore.encoders.base import FittedEncoder
from mmexplore.encoders.sequence.scaling import Scale
from mmexplore.errors import UserError


class SeriesEncoder(FittedEncoder):
    """Series of any length in, unit vectors out; all of a column with as many channels as most of its train cells."""

    batch_size = 64
    channels: int = 0
    _scale: Scale | None = None

    def fit(self, cells: Sequence[Cell]) -> SeriesEncoder:
        readable = [s for s in map(_readable, cells) if s is not None]
        if not readable:
            raise UserError("none of its series can be read", "", "give numbers, one line a point in time")
        channels = Counter(s.shape[1] for s in readable).most_common(1)[0][0]
        found = copy(self)
        found.channels = channels
        usable = [s for s in readable if s.shape[1] == channels]
        found.learn(usable)
        found._scale = Scale.of(np.stack([found.features(s) for s in usable]))
        return found

    def encode(self, batch: Sequence[Cell]) -> np.ndarray:
        if self._scale is None:
            raise UserError("has to be fitted to a column first", self.card.name, "encode a data set with it")
        rows = [self._checked(read_series(cell)) for cell in batch]
        if not rows:
            return np.zeros((0, len(self._scale.mean) + 1), np.float32)
        return self._scale.vectors(np.stack([self.features(row) for row in rows]))

    def _checked(self, series: np.ndarray) -> np.ndarray:
        """The series lying as the others do. A very short one may have been taken for one of many channels."""
        if series.shape[1] != self.channels and series.shape[0] == self.channels:
            series = np.ascontiguousarray(series.T)
        if series.shape[1] != self.channels:
            raise UserError(
                f"has {series.shape[1]} channels where most have {self.channels}", "series", "give the same channels"
            )
        return series

    @abstractmethod
    def learn(self, series: Sequence[np.ndarray]) -> None:
        """Take from the train series, float32 [T, C] of equal C, what `features` needs."""

    @abstractmethod
    def features(self, series: np.ndarray) -> np.ndarray:
        """float32 [T, C] -> [d], finite."""


def _readable(cell: Cell) -> np.ndarray | None:
    try:
        return read_series(cell)
    except UserError:  # listed when the column is encoded
        return None
