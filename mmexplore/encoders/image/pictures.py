"""What image encoders share: decode in threads, run chunk by chunk, go on past pictures that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmexplore.data.dataset import Cell
from mmexplore.encoders.base import Encoder
from mmexplore.encoders.engine import Engine
from mmexplore.encoders.image.pixels import Preprocessing, decoded
from mmexplore.errors import UserError


class PictureEncoder(Encoder):
    """Photos in, unit vectors out, by an engine that takes `pixels` and gives `vectors`."""

    batch_size = 64
    #: pictures in one call of the engine; small enough that decoding and inference overlap
    chunk = 8

    def __init__(self, engine: Engine, preprocessing: Preprocessing) -> None:
        self._engine, self._preprocessing = engine, preprocessing

    def encode(self, batch: Sequence[Cell]) -> np.ndarray:
        return self._all(batch, "vectors", (self.card.dim or 0,))

    def squares(self, batch: Sequence[Cell]) -> np.ndarray:
        """uint8 [B, size, size, 3]: the square of each picture that the model sees. Raises UserError like `encode`."""
        size = self._preprocessing.size
        squares = np.zeros((len(batch), size, size, 3), np.uint8)
        for positions, pixels, failed in decoded(batch, self._preprocessing, self.chunk):
            for error in failed.values():
                raise error
            squares[positions] = pixels
        return squares

    def encode_squares(self, squares: np.ndarray, output: str = "vectors") -> np.ndarray:
        """An output of the engine for squares as `squares` gives them (changed, perhaps): float32 [B, ...]."""
        parts = range(0, len(squares), self.chunk)
        return np.concatenate([self._engine.run({"pixels": squares[s : s + self.chunk]}, output) for s in parts])

    def encode_each(self, batch: Sequence[Cell]) -> list[np.ndarray | UserError]:
        answers: list[np.ndarray | UserError] = [UserError("is not encoded")] * len(batch)
        for positions, pixels, failed in decoded(batch, self._preprocessing, self.chunk):
            for position, error in failed.items():
                answers[position] = error
            if positions:
                vectors = self._engine.run({"pixels": pixels}, "vectors")
                for position, vector in zip(positions, vectors, strict=True):
                    answers[position] = vector
        return answers

    def _all(self, batch: Sequence[Cell], output: str, shape: tuple[int, ...]) -> np.ndarray:
        """An output of the engine for every picture, [B, *shape]; raises the first picture's UserError."""
        answers = np.zeros((len(batch), *shape), np.float32)
        for positions, pixels, failed in decoded(batch, self._preprocessing, self.chunk):
            for error in failed.values():
                raise error
            answers[positions] = self._engine.run({"pixels": pixels}, output)
        return answers
