"""A table, the roles of its columns and the files beside it -> paired data; what cannot be used is listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np
import pandas as pd

from mmexplore.errors import UserError
from mmexplore.pairs.cells import cell_reader
from mmexplore.pairs.dataset import Cell, Kind, PairedDataset, Rejected
from mmexplore.pairs.files import Files
from mmexplore.pairs.language import looks_like_language
from mmexplore.pairs.roles import ColumnGuess, normal_split
from mmexplore.pairs.tables import Table
from mmexplore.pairs.values import is_number, is_numeric_target, plain
from mmexplore.progress import Progress

OnBroken = Literal["drop_row", "blank_cell"]
_MEDIA = (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.SERIES)
UNUSED_LISTED = 100


@dataclass
class _Rows:
    """What is being built: raw columns by role, cells by modality, reasons by row."""

    table: Table
    roles: dict[str, str]
    kinds: dict[str, Kind]
    cells: dict[str, list[Cell]]
    rejected: list[Rejected]
    keep: np.ndarray


def assemble(
    table: Table,
    guesses: Sequence[ColumnGuess],
    files: Files,
    *,
    on_broken: OnBroken = "drop_row",
    progress: Progress | None = None,
) -> PairedDataset:
    """Build the data set.

    A row is dropped, and listed, when its id came before, when none of its modalities is there, or (``on_broken=
    "drop_row"``) when a cell that is filled cannot be used; with ``"blank_cell"`` that cell becomes a hole, is
    listed, and the row stays. An empty cell is a hole and no error.

    Raises:
        UserError: no column is a modality, or no row can be used.
    """
    roles = {g.name: g.role for g in guesses}
    kinds, sources = _modalities(guesses)
    if not kinds:
        raise UserError(
            "no column holds pictures, texts, sounds or vectors",
            table.name,
            f"say what a column is for; the columns are {', '.join(list(roles)[:20])}",
        )
    rows = _Rows(table, roles, kinds, {}, list(table.rejected), np.ones(len(table), bool))
    for done, (modality, kind) in enumerate(kinds.items()):
        _read_modality(rows, modality, kind, sources[modality], files, on_broken, progress, done)
    ids = _drop_unusable(rows, files)
    index = np.flatnonzero(rows.keep)
    if not len(index):
        first = f" (row {rows.rejected[0].row}: {rows.rejected[0].reason})" if rows.rejected else ""
        raise UserError(
            f"none of the {len(table) + len(table.rejected):,} rows can be used{first}",
            table.name,
            "check the files and what the columns are for",
        )
    _drop_empty_modalities(rows, index)
    cells = {m: tuple(c[i] for i in index) for m, c in rows.cells.items()}
    return PairedDataset(
        name=files.name,
        ids=ids[index],
        kinds=dict(rows.kinds),
        cells=cells,
        groups=_groups(rows, cells, ids, index),
        labels=_labels(_column(rows, "label"), index),
        splits=_splits(rows, index),
        columns=_other_columns(rows, index),
        rejected=tuple(sorted(rows.rejected, key=lambda r: (r.row == 0, r.row)) + _unused(files, table)),
        language={m: code for m, k in rows.kinds.items() if k is Kind.TEXT and (code := looks_like_language(cells[m]))},  # type: ignore[arg-type]
        parts={m: tuple(sources[m]) for m, k in rows.kinds.items() if k is Kind.TABLE},
    )


def _modalities(guesses: Sequence[ColumnGuess]) -> tuple[dict[str, Kind], dict[str, list[str]]]:
    """Modality -> kind, and modality -> its columns; tabular columns go together, and so do a place's two."""
    kinds: dict[str, Kind] = {}
    sources: dict[str, list[str]] = {}
    names = {g.name for g in guesses if g.role not in ("tabular", "place")}
    for guess in guesses:
        if guess.kind is None:
            continue
        name = guess.name
        if guess.kind in (Kind.TABLE, Kind.PLACE):
            name = "table" if guess.kind is Kind.TABLE else "place"
            while name in names:
                name += "_"
        kinds[name] = guess.kind
        sources.setdefault(name, []).append(guess.name)
    return kinds, sources


def _read_modality(
    rows: _Rows,
    modality: str,
    kind: Kind,
    columns: list[str],
    files: Files,
    on_broken: OnBroken,
    progress: Progress | None,
    done: int,
) -> None:
    """Fill ``rows.cells[modality]``; unusable cells are listed, their rows marked where `on_broken` says so."""
    values = [rows.table.columns[c] for c in columns]
    read = (
        _joined_reader(kind, columns)
        if kind in (Kind.TABLE, Kind.PLACE)
        else cell_reader(kind, files, rows.table.folder)
    )
    n, cells = len(rows.table), []
    for i in range(n):
        if progress is not None and i % 256 == 0:
            progress.update(done * n + i, len(rows.kinds) * n, f"Checking {modality}")
        value = values[0][i] if len(values) == 1 and kind not in (Kind.TABLE, Kind.PLACE) else [v[i] for v in values]
        cell, reason = read(value)
        if reason:
            _reject(rows, i, modality, reason, on_broken)
        cells.append(cell)
    if kind is Kind.VECTOR:
        _same_length(rows, modality, cells, on_broken)
    rows.cells[modality] = cells


def _reject(rows: _Rows, i: int, column: str, reason: str, on_broken: OnBroken) -> None:
    rows.rejected.append(Rejected(rows.table.rows[i], _given_id(rows, i), column, reason))
    if on_broken == "drop_row":
        rows.keep[i] = False


def _joined_reader(kind: Kind, columns: list[str]):
    def table(values: list[Any]) -> tuple[Cell, str]:
        return (np.array([plain(v) for v in values]), "") if any(v is not None for v in values) else (None, "")

    def place(values: list[Any]) -> tuple[Cell, str]:
        if any(v is None for v in values):
            return None, ""
        if len(values) != 2 or not all(is_number(v) for v in values):
            return None, "a place is a latitude and a longitude in degrees"
        return np.array(values, dtype=np.float64).astype(np.float32), ""

    return table if kind is Kind.TABLE else place


def _same_length(rows: _Rows, modality: str, cells: list[Cell], on_broken: OnBroken) -> None:
    """Vectors of one modality are equally long: those of another length than most are listed."""
    lengths = Counter(len(c) for c in cells if isinstance(c, np.ndarray))
    if len(lengths) < 2:
        return
    usual = lengths.most_common(1)[0][0]
    for i, cell in enumerate(cells):
        if isinstance(cell, np.ndarray) and len(cell) != usual:
            _reject(rows, i, modality, f"{len(cell):,} numbers where most rows have {usual:,}", on_broken)
            cells[i] = None


# -- ids and rows that cannot be used ------------------------------------------------------
def _column(rows: _Rows, role: str) -> list[Any] | None:
    name = next((c for c, r in rows.roles.items() if r == role), None)
    return None if name is None else rows.table.columns[name]


def _given_id(rows: _Rows, i: int) -> str:
    column = _column(rows, "id")
    return plain(column[i]) if column is not None else ""


def _drop_unusable(rows: _Rows, files: Files) -> np.ndarray:
    """Unmark rows without any modality and rows whose id came before; returns the ids of all rows."""
    for i in np.flatnonzero(rows.keep).tolist():
        if all(cells[i] is None for cells in rows.cells.values()):
            rows.keep[i] = False
            blanked = any(r.row == rows.table.rows[i] for r in rows.rejected[-len(rows.cells) :])
            reason = "nothing is left of the row" if blanked else "the row is empty: no modality is there"
            rows.rejected.append(Rejected(rows.table.rows[i], _given_id(rows, i), "", reason))
    ids = _ids(rows, files)
    seen: set[str] = set()
    for i in np.flatnonzero(rows.keep).tolist():
        if ids[i] in seen:
            rows.keep[i] = False
            rows.rejected.append(Rejected(rows.table.rows[i], ids[i], "id", "the id came before in another row"))
        seen.add(ids[i])
    return ids


def _ids(rows: _Rows, files: Files) -> np.ndarray:
    """The id column; else the first media file's name ("#2" for its second row); else the row number."""
    numbers = [f"row {row}" for row in rows.table.rows]
    column = _column(rows, "id")
    if column is not None:
        return np.array([plain(v) or n for v, n in zip(column, numbers, strict=True)], dtype=object)
    numbers = [str(row) for row in rows.table.rows]
    primary = _primary(rows.kinds)
    if primary is None:
        return np.array(numbers, dtype=object)
    names = _relative_names(rows.cells[primary], files)
    if any(name is None and rows.cells[primary][i] is not None for i, name in enumerate(names)):
        return np.array(numbers, dtype=object)  # the files are ours (bytes in cells): their names say nothing
    stems = {name: str(PurePosixPath(name).with_suffix("")) for name in names if name}
    if len(set(stems.values())) < len(stems):
        stems = {name: name for name in stems}
    count = Counter(name for name in names if name)
    seen: Counter[str] = Counter()
    ids = []
    for name, number in zip(names, numbers, strict=True):
        if not name:
            ids.append(f"row {number}")
            continue
        seen[name] += 1
        ids.append(stems[name] if count[name] == 1 else f"{stems[name]}#{seen[name]}")
    return np.array(ids if len(set(ids)) == len(ids) else numbers, dtype=object)


def _primary(kinds: dict[str, Kind]) -> str | None:
    """The first media modality (pictures before films before sounds): it names the rows and forms the groups."""
    return next((m for kind in _MEDIA for m, k in kinds.items() if k is kind), None)


def _relative_names(cells: Sequence[Cell], files: Files) -> list[str | None]:
    names = {path: name for name, path in files.by_name.items()}
    return [names.get(c) if isinstance(c, Path) else None for c in cells]


# -- what stands beside the modalities -----------------------------------------------------
def _groups(rows: _Rows, cells: dict[str, tuple[Cell, ...]], ids: np.ndarray, index: np.ndarray) -> np.ndarray:
    """The group column; else rows with the same media file belong together; else every row is alone."""
    column = _column(rows, "group")
    if column is not None:
        return np.array([plain(column[i]) or f"only {ids[i]}" for i in index], dtype=object)
    primary = _primary(rows.kinds)
    first: dict[Any, str] = {}
    groups = []
    for position, i in enumerate(index):
        cell = cells[primary][position] if primary is not None else None
        groups.append(first.setdefault(cell, ids[i]) if isinstance(cell, Path) else ids[i])
    return np.array(groups, dtype=object)


def _labels(column: list[Any] | None, index: np.ndarray) -> np.ndarray | None:
    """Classes as `str`, or a numeric target as float64 (`is_numeric_target`); None where nothing is known."""
    if column is None or all(column[i] is None for i in index):
        return None
    values = [column[i] for i in index]
    if is_numeric_target([v for v in values if v is not None]):
        return np.array([np.nan if v is None else float(v) for v in values])
    return np.array([plain(v) for v in values], dtype=object)


def _splits(rows: _Rows, index: np.ndarray) -> np.ndarray | None:
    """ "train", "val", "test"; another word stays as it is and is listed: such a row is in none of the three."""
    column = _column(rows, "split")
    if column is None or all(column[i] is None for i in index):
        return None
    splits = []
    for i in index:
        split = normal_split(column[i])
        if split is None:
            reason = f"the split {plain(column[i])[:40]!r} is none of train, val, test: the row is kept but in no split"
            rows.rejected.append(Rejected(rows.table.rows[i], _given_id(rows, i), "split", reason))
            split = plain(column[i])
        splits.append(split)
    return np.array(splits, dtype=object)


def _other_columns(rows: _Rows, index: np.ndarray) -> pd.DataFrame:
    columns = {}
    for name, role in rows.roles.items():
        if role == "column":
            values = [rows.table.columns[name][i] for i in index]
            there = [v for v in values if v is not None]
            if there and all(is_number(v) for v in there):
                columns[name] = np.array([np.nan if v is None else float(v) for v in values])
            else:
                columns[name] = np.array([plain(v) for v in values], dtype=object)
    return pd.DataFrame(columns, index=range(len(index)))


def _drop_empty_modalities(rows: _Rows, index: np.ndarray) -> None:
    for modality in list(rows.cells):
        if all(rows.cells[modality][i] is None for i in index):
            del rows.cells[modality], rows.kinds[modality]
            rows.rejected.append(Rejected(0, "", modality, "no cell of this column can be used: it is left out"))


def _unused(files: Files, table: Table) -> list[Rejected]:
    """Files that no row names, and files that were refused; at most `UNUSED_LISTED` of each, then their number."""
    listed: list[Rejected] = []
    unused = (
        []
        if files.beside
        else [
            Rejected(0, "", name, "no row uses this file")
            for name in files.by_name
            if name not in files.used and name != table.name
        ]
    )
    for part in (list(files.refused), unused):
        listed += part[:UNUSED_LISTED]
        if len(part) > UNUSED_LISTED:
            listed.append(Rejected(0, "", "", f"{len(part) - UNUSED_LISTED:,} more files: {part[-1].reason}"))
    return listed
