"""What sound encoders share: one recording at a time is read and described."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from mmexplore.data.dataset import Cell
from mmexplore.data.embeddings import unit
from mmexplore.data.media.sounds import read_sound
from mmexplore.encoders.base import OneByOne

#: part of every sound encoder's version; raise it when the same file would give other samples
SOUND_VERSION = "s1"


class SoundEncoder(OneByOne):
    """Recordings in, unit vectors out."""

    batch_size = 16

    @abstractmethod
    def describe(self, samples: np.ndarray) -> np.ndarray:
        """float32 [T] at 16 kHz, mono, -1..1 -> float32 [dim], of any length."""

    def encode_one(self, cell: Cell) -> np.ndarray:
        return unit(self.describe(read_sound(cell)))
