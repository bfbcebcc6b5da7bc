"""What paired data is: rows seen through several modalities, with holes where one is missing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from mmexplore.data.identity import new_uid
from mmexplore.data.kind import Kind
from mmexplore.data.origin import Origin

# A cell holds a text (`str`), a media file (`Path`), numbers (`np.ndarray`), or nothing.
Cell = str | Path | np.ndarray | None


@dataclass(frozen=True)
class Rejected:
    """A row (or cell) that could not be used, and why; `row` counts from 1 as in the file, 0 = no row."""

    row: int
    id: str
    column: str
    reason: str


@dataclass(frozen=True)
class PairedDataset:
    """N items, each seen through M named modalities.

    Attributes:
        name: what the person sees ("stamps.zip").
        ids: unique strings, [N].
        kinds: modality name -> kind, in the order of the columns.
        cells: modality name -> N cells; `None` where the modality is missing.
        labels, splits: object arrays of `str` (labels may be float for a numeric target), [N], or `None`.
        groups: rows that share a group are all correct answers for one another, [N].
        columns: every other column, N rows, index 0..N-1 (to colour and filter by).
        rejected: what could not be used, and why. Never silently dropped.
        source: where it came from and under which licence, for people to read.
        language: text modality -> ISO 639-1 code where known ("zh").
        parts: tabular modality -> the columns it was made of; its cells are arrays of their values as `str`
            ("" = empty) in this order. A place's cells are float32 (latitude, longitude) in degrees.
        origin: how they were read (files, roles, broken cells) or which example they are; None where that is unknown.
        uid: of this very object: whatever is derived from it has another one (see `mmexplore.data.identity`).
    """

    name: str
    ids: np.ndarray
    kinds: dict[str, Kind]
    cells: dict[str, tuple[Cell, ...]]
    groups: np.ndarray
    labels: np.ndarray | None = None
    splits: np.ndarray | None = None
    columns: pd.DataFrame = field(default_factory=pd.DataFrame)
    rejected: tuple[Rejected, ...] = ()
    source: str = ""
    language: dict[str, str] = field(default_factory=dict)
    parts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    origin: Origin | None = None
    uid: str = field(default_factory=new_uid, init=False, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def modalities(self) -> list[str]:
        return list(self.kinds)

    @cached_property
    def present(self) -> dict[str, np.ndarray]:
        """Modality -> bool [N]: is the cell there?"""
        return {m: np.array([c is not None for c in cells], dtype=bool) for m, cells in self.cells.items()}

    @cached_property
    def content(self) -> dict[str, np.ndarray]:
        """Modality -> content key of each cell [N] ("" where missing); equal keys mean the same item."""
        return {m: np.array([content_key(c) for c in cells], dtype=object) for m, cells in self.cells.items()}

    def take(self, rows: Sequence[int] | np.ndarray) -> PairedDataset:
        """The rows at these positions (or where a bool mask [N] is true), in this order; no `origin` names them."""
        index = np.asarray(rows)
        index = np.flatnonzero(index) if index.dtype == bool else index.astype(int)
        return replace(
            self,
            ids=self.ids[index],
            cells={m: tuple(c[i] for i in index) for m, c in self.cells.items()},
            groups=self.groups[index],
            labels=None if self.labels is None else self.labels[index],
            splits=None if self.splits is None else self.splits[index],
            columns=self.columns.iloc[index].reset_index(drop=True),
            origin=None,
        )


def content_key(cell: Cell) -> str:
    """SHA-256 (hex) of a cell's bytes; "" for a missing cell. A file is read in chunks (an emoji's drawn before)."""
    if cell is None:
        return ""
    digest = hashlib.sha256()
    if isinstance(cell, str):
        digest.update(b"text\0" + cell.encode("utf-8", "surrogatepass"))
    elif isinstance(cell, Path):
        from mmexplore.data.examples import emoji_pictures

        emoji_pictures.make(cell)
        with cell.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    else:
        array = np.ascontiguousarray(cell)
        digest.update(f"array\0{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
