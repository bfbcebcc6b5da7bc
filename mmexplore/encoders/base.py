"""What an encoder is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from mmexplore.data.dataset import Cell, Kind
from mmexplore.errors import UserError


@dataclass(frozen=True)
class EncoderCard:
    """What a person reads before choosing an encoder.

    Attributes:
        name: how it is chosen ("minilm", "open_clip:ViT-B-32/openai").
        kind: what it encodes.  dim: width of its vectors (None: known after loading).
        space: encoders with equal spaces may be compared directly.
        size_mb: size of its weights.  licence, source: of the weights.
        offline: True where the weights come with the installation.
        languages: ISO 639-1 codes it reads well (text only).
        look_for: what it is good at, and where it fails.
    """

    name: str
    kind: Kind
    dim: int | None
    space: str
    title: str
    size_mb: float
    licence: str
    source: str
    offline: bool
    languages: tuple[str, ...] = ()
    look_for: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Kind(self.kind))  # a package may write the name of the kind that it adds

    def as_dict(self) -> dict:
        return asdict(self)


@dataclass(frozen=True)
class Tokens:
    """Token vectors of one item and where each lies.

    vectors: float32 [T, dim], as the model has them (not normalised, so that their mean keeps its meaning).
    places: T of (row, column) on a patch grid, (start, end) in the text, or (start, end) in ms of a video's frame.
    grid: (rows, columns) of the patch grid, or None for text and video.
    """

    vectors: np.ndarray
    places: tuple[tuple[int, int], ...]
    grid: tuple[int, int] | None = None


class Encoder(ABC):
    """Media of one kind in, unit vectors out. Loaded once a process and shared read-only by all threads."""

    card: EncoderCard
    #: changes whenever the same bytes would give other vectors (weights, preprocessing, engine precision); without
    #: one, nothing is kept in the store
    version: str = ""
    #: how many items a call of `encode` takes best
    batch_size: int = 32
    #: what its export runs (an `engine.Plan`); None where nothing is exported
    plan: ClassVar[Any] = None
    #: False where keeping the vectors would save nothing (they are the cells themselves)
    stored: bool = True

    @abstractmethod
    def encode(self, batch: Sequence[Cell]) -> np.ndarray:
        """float32 [B, dim], L2-normalised rows. Raises UserError naming the item that cannot be decoded."""

    def encode_each(self, batch: Sequence[Cell]) -> list[np.ndarray | UserError]:
        """Like `encode`, but one bad item does not lose the others: float32 [dim] or why not, one an item."""
        try:
            return list(self.encode(batch))
        except UserError as error:
            if len(batch) == 1:
                return [error]
        return [answer for cell in batch for answer in self.encode_each([cell])]

    def encode_tokens(self, batch: Sequence[Cell]) -> list[Tokens] | None:
        """Token vectors of each item, or None where the model has none."""
        return None


class OneByOne(Encoder):
    """An encoder that gains nothing from batches: a bad item costs no second pass over the others."""

    @abstractmethod
    def encode_one(self, cell: Cell) -> np.ndarray:
        """float32 [dim], unit length. Raises UserError where the item cannot be decoded."""

    def encode(self, batch: Sequence[Cell]) -> np.ndarray:
        rows = [self.encode_one(cell) for cell in batch]
        return np.stack(rows) if rows else np.zeros((0, self.card.dim or 0), np.float32)

    def encode_each(self, batch: Sequence[Cell]) -> list[np.ndarray | UserError]:
        answers: list[np.ndarray | UserError] = []
        for cell in batch:
            try:
                answers.append(self.encode_one(cell))
            except UserError as error:
                answers.append(error)
        return answers


class FittedEncoder(Encoder):
    """An encoder whose scales come from the data: it reads the train rows of a column before it encodes the column.

    The instance that the registry hands out is shared and knows no data; `fit` returns another one. Vectors are not
    stored: the same cell has other vectors in other data.
    """

    stored = False

    @abstractmethod
    def fit(self, cells: Sequence[Cell]) -> FittedEncoder:
        """An encoder for the column that these present train cells were taken from. Deterministic; self is unchanged.

        Raises:
            UserError: none of the cells can be used.
        """
