"""A table, the roles of its columns and the files beside it -> paired data; what cannot be used is listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from mmexplore.data.dataset import Cell, Kind, PairedDataset, Rejected
from mmexplore.data.reading.beside import naming_modality, other_columns, row_groups, row_ids, row_labels, row_splits
from mmexplore.data.reading.cells import cell_reader, joined_reader
from mmexplore.data.reading.files import Files
from mmexplore.data.reading.language import looks_like_language
from mmexplore.data.reading.roles import ColumnGuess
from mmexplore.data.reading.tables import Table
from mmexplore.data.reading.values import plain
from mmexplore.errors import UserError
from mmexplore.server.progress import Progress

OnBroken = Literal["drop_row", "blank_cell"]
UNUSED_LISTED = 100


@dataclass
class _Rows:
    """What is being built, by position in the table.

    roles: column -> role.  kinds: modality -> kind.  sources: modality -> its columns.  cells: modality -> N cells.
    keep: bool [N].  broken: positions with a cell that could not be used.
    """

    table: Table
    roles: dict[str, str]
    kinds: dict[str, Kind]
    sources: dict[str, list[str]]
    on_broken: OnBroken
    keep: np.ndarray
    rejected: list[Rejected]
    cells: dict[str, list[Cell]] = field(default_factory=dict)
    broken: set[int] = field(default_factory=set)

    def values(self, role: str, index: np.ndarray | None = None) -> list[Any] | None:
        """The column that has this role (at these positions), or None."""
        name = next((c for c, r in self.roles.items() if r == role), None)
        if name is None:
            return None
        column = self.table.columns[name]
        return column if index is None else [column[i] for i in index]

    def reject(self, i: int, column: str, reason: str) -> None:
        """List row `i`."""
        given = self.values("id")
        self.rejected.append(Rejected(self.table.rows[i], plain(given[i]) if given else "", column, reason))

    def break_cell(self, i: int, column: str, reason: str) -> None:
        """List a filled cell that cannot be used; its row goes where `on_broken` says so."""
        self.reject(i, column, reason)
        self.broken.add(i)
        if self.on_broken == "drop_row":
            self.keep[i] = False


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
    if not len(table) and not table.rejected:
        raise UserError("there are no rows", table.name, "give at least one row below the names of the columns")
    roles = {g.name: g.role for g in guesses}
    kinds, sources = _modalities(guesses)
    if not kinds:
        remedy = f"say what a column is for; the columns are {', '.join(list(roles)[:20])}"
        raise UserError("no column holds pictures, texts, sounds or vectors", table.name, remedy)
    rows = _Rows(table, roles, kinds, sources, on_broken, np.ones(len(table), bool), list(table.rejected))
    for modality in list(kinds):
        _read_modality(rows, modality, files, progress)
    ids = _drop_unusable(rows, files)
    index = np.flatnonzero(rows.keep)
    if not len(index):
        first = f" (row {rows.rejected[0].row}: {rows.rejected[0].reason})" if rows.rejected else ""
        n = len(table) + len(table.rejected)
        what = f"none of the {n:,} rows can be used{first}"
        raise UserError(what, table.name, "check the files and what the columns are for")
    return _dataset(rows, files, ids, index)


def _dataset(rows: _Rows, files: Files, ids: np.ndarray, index: np.ndarray) -> PairedDataset:
    for modality in list(rows.cells):
        if all(rows.cells[modality][i] is None for i in index):
            del rows.cells[modality], rows.kinds[modality]
            rows.rejected.append(Rejected(0, "", modality, "no cell of this column can be used: it is left out"))
    cells = {m: tuple(c[i] for i in index) for m, c in rows.cells.items()}
    naming = naming_modality(rows.kinds)
    media = cells[naming] if naming is not None else ()
    splits = row_splits(rows.values("split", index), lambda at, why: rows.reject(int(index[at]), "split", why))
    kept = [c for c, role in rows.roles.items() if role in ("column", "tabular", "place")]
    columns = {c: [rows.table.columns[c][i] for i in index] for c in kept}
    language = {m: looks_like_language(c) for m, c in cells.items() if rows.kinds[m] is Kind.TEXT}
    return PairedDataset(
        name=files.name,
        ids=ids[index],
        kinds=dict(rows.kinds),
        cells=cells,
        groups=row_groups(rows.values("group", index), ids[index], media),
        labels=row_labels(rows.values("label", index)),
        splits=splits,
        columns=other_columns(columns, len(index)),
        rejected=tuple(sorted(rows.rejected, key=lambda r: (r.row == 0, r.row)) + _unused(files)),
        language={m: code for m, code in language.items() if code},
        parts={m: tuple(rows.sources[m]) for m, kind in rows.kinds.items() if kind is Kind.TABLE},
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


def _read_modality(rows: _Rows, modality: str, files: Files, progress: Progress | None) -> None:
    """Fill ``rows.cells[modality]``; filled cells that cannot be used become holes and are listed."""
    kind, n = rows.kinds[modality], len(rows.table)
    columns = [rows.table.columns[c] for c in rows.sources[modality]]
    joined = kind in (Kind.TABLE, Kind.PLACE)
    read = joined_reader(kind) if joined else cell_reader(kind, files, rows.table.folder)
    cells: list[Cell] = []
    for i in range(n):
        if progress is not None and i % 256 == 0:
            progress.update(len(rows.cells) * n + i, len(rows.kinds) * n, f"Checking {modality}")
        cell, reason = read([column[i] for column in columns] if joined else columns[0][i])
        if reason:
            rows.break_cell(i, modality, reason)
        cells.append(cell)
    if kind is Kind.VECTOR:
        _same_length(rows, modality, cells)
    rows.cells[modality] = cells


def _same_length(rows: _Rows, modality: str, cells: list[Cell]) -> None:
    """Vectors of one modality are equally long: those of another length than most are listed."""
    lengths = Counter(len(c) for c in cells if isinstance(c, np.ndarray))
    if len(lengths) < 2:
        return
    usual = lengths.most_common(1)[0][0]
    for i, cell in enumerate(cells):
        if isinstance(cell, np.ndarray) and len(cell) != usual:
            rows.break_cell(i, modality, f"{len(cell):,} numbers where most rows have {usual:,}")
            cells[i] = None


def _drop_unusable(rows: _Rows, files: Files) -> np.ndarray:
    """Drop rows without any modality and rows whose id came before; returns the ids of all rows."""
    for i in np.flatnonzero(rows.keep).tolist():
        if all(cells[i] is None for cells in rows.cells.values()):
            rows.keep[i] = False
            rows.reject(i, "", "nothing is left of the row" if i in rows.broken else "the row is empty")
    naming = naming_modality(rows.kinds)
    media = rows.cells[naming] if naming is not None else ()
    names = {path: name for name, path in files.by_name.items()}
    ids = row_ids(rows.values("id"), rows.table.rows, media, names)
    seen: set[str] = set()
    for i in np.flatnonzero(rows.keep).tolist():
        if ids[i] in seen:
            rows.keep[i] = False
            rows.reject(i, "id", "the id came before in another row")
        seen.add(ids[i])
    return ids


def _unused(files: Files) -> list[Rejected]:
    """Files that were refused, and those that no row names; at most `UNUSED_LISTED` of each, then their number."""
    listed: list[Rejected] = []
    unused = [Rejected(0, "", n, "no row uses this file") for n in files.by_name if n not in files.used]
    for part in (list(files.refused), [] if files.beside else unused):
        listed += part[:UNUSED_LISTED]
        if len(part) > UNUSED_LISTED:
            listed.append(Rejected(0, "", "", f"{len(part) - UNUSED_LISTED:,} more files: {part[-1].reason}"))
    return listed
