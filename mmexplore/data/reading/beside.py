"""What stands beside the modalities of each row: its id, group, label, split and other columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmexplore.data.dataset import Cell, Kind
from mmexplore.data.kinds import media_kinds
from mmexplore.data.reading.file_names import without_suffix
from mmexplore.data.reading.roles import normal_split
from mmexplore.data.reading.values import is_number, is_numeric_target, plain

_NAMING = (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.SERIES)


def naming_modality(kinds: dict[str, Kind]) -> str | None:
    """The modality whose files name the rows and form the groups: pictures before films, sounds and series."""
    naming = dict.fromkeys((*_NAMING[:-1], *media_kinds(), _NAMING[-1]))
    return next((m for kind in naming for m, k in kinds.items() if k == kind), None)


def row_ids(
    given: Sequence[Any] | None, numbers: Sequence[int], media: Sequence[Cell], names: dict[Path, str]
) -> np.ndarray:
    """Ids as `str` [N]; repeated only where they are so in the id column.

    The id column (an empty cell: "row 7"); else the media file's name without suffix ("frog#2" for its second row);
    else the row's number.

    Args:
        given: the id column or None.  numbers: row numbers as in the file.
        media: cells of the naming modality (empty where there is none).  names: file -> its relative name.
    """
    if given is not None:
        return np.array([plain(v) or f"row {n}" for v, n in zip(given, numbers, strict=True)], dtype=object)
    by_number = np.array([str(n) for n in numbers], dtype=object)
    named = [names.get(cell) if isinstance(cell, Path) else None for cell in media]
    ours = any(name is None and cell is not None for name, cell in zip(named, media, strict=True))
    if not any(named) or ours:  # bytes that stood in cells lie in files that we named: that says nothing to a person
        return by_number
    count = Counter(name for name in named if name)
    stems = {name: without_suffix(name) for name in count}
    if len(set(stems.values())) < len(stems):
        stems = {name: name for name in stems}
    seen: Counter[str] = Counter()
    ids: list[str] = []
    for name, number in zip(named, numbers, strict=True):
        if not name:
            ids.append(f"row {number}")
            continue
        seen[name] += 1
        ids.append(stems[name] if count[name] == 1 else f"{stems[name]}#{seen[name]}")
    return np.array(ids, dtype=object) if len(set(ids)) == len(ids) else by_number


def row_groups(given: Sequence[Any] | None, ids: np.ndarray, media: Sequence[Cell]) -> np.ndarray:
    """Groups as `str` [N]: the group column; else rows with the same media file, called by the first one's id."""
    if given is not None:
        return np.array([plain(v) or f"only {i}" for v, i in zip(given, ids, strict=True)], dtype=object)
    if not media:
        return ids.copy()
    first: dict[Path, str] = {}
    return np.array(
        [first.setdefault(cell, i) if isinstance(cell, Path) else i for cell, i in zip(media, ids, strict=True)],
        dtype=object,
    )


def row_labels(given: Sequence[Any] | None) -> np.ndarray | None:
    """Classes as `str` ("" unknown), or a numeric target as float64 (NaN unknown); None where none is known."""
    if given is None or all(v is None for v in given):
        return None
    if is_numeric_target([v for v in given if v is not None]):
        return np.array([np.nan if v is None else float(v) for v in given])
    return np.array([plain(v) for v in given], dtype=object)


def row_splits(given: Sequence[Any] | None, unknown: Callable[[int, str], None]) -> np.ndarray | None:
    """ "train", "val" or "test" [N]; any other word stays as it is and `unknown(position, reason)` is called."""
    if given is None or all(v is None for v in given):
        return None
    splits: list[str] = []
    for position, value in enumerate(given):
        split = normal_split(value)
        if split is None:
            word = plain(value)[:40]
            unknown(position, f"the split {word!r} is none of train, val, test: the row is kept but in no split")
        splits.append(split or plain(value))
    return np.array(splits, dtype=object)


def other_columns(columns: dict[str, list[Any]], n: int) -> pd.DataFrame:
    """The columns that are kept to colour and filter by: float64 where every value is a number, else `str`."""
    kept: dict[str, np.ndarray] = {}
    for name, values in columns.items():
        there = [v for v in values if v is not None]
        if there and all(is_number(v) for v in there):
            kept[name] = np.array([np.nan if v is None else float(v) for v in values])
        else:
            kept[name] = np.array([plain(v) for v in values], dtype=object)
    return pd.DataFrame(kept, index=range(n))
