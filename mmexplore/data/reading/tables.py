"""A table in any of its forms (CSV, TSV, JSON Lines, Parquet, Arrow) -> named columns of raw values."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mmexplore.data.dataset import Rejected
from mmexplore.data.reading.arrow import read_arrow
from mmexplore.data.reading.delimited import (
    MAX_CELL,
    MAX_CELLS,
    MAX_COLUMNS,
    Broken,
    bounded_lines,
    open_text,
    read_delimited,
    too_many_cells,
)
from mmexplore.data.reading.file_names import suffix_of
from mmexplore.data.reading.text import detect_encoding, is_damaged
from mmexplore.data.reading.values import storable
from mmexplore.errors import UserError
from mmexplore.server.progress import Progress


@dataclass
class Table:
    """Raw columns of equal length.

    Attributes:
        name: of the file.  folder: the file's folder, relative to the files given ("" = root).
        columns: name -> values: `str` (never empty), number, bool, list or array of numbers, `Path` (a file that was
            written because its bytes stood in the cell), or None where the cell is empty.
        rows: number of each row as in the file.
        rejected: rows that could not be read.
    """

    name: str
    columns: dict[str, list[Any]]
    rows: Sequence[int]
    folder: str = ""
    rejected: list[Rejected] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)


def read_table(
    path: Path, spill: Path, name: str = "", limit: int | None = None, progress: Progress | None = None
) -> Table:
    """Read a table.

    Args:
        path: CSV, TSV, JSON Lines, Parquet or Arrow.
        spill: folder into which pictures and sounds that stand in the cells themselves are written.
        name: how the file is called among the files given.
        limit: at most so many rows (for a preview).

    Raises:
        UserError: no table (binary, damaged, no header, no rows), or too large.
    """
    name = name or path.name
    folder = str(Path(name).parent.as_posix())
    rejected: list[Rejected] = []
    try:
        records = _records(path, spill, name, rejected)
        columns, rows = _collect(records, name, limit, progress)
    except UserError:
        raise
    except (OSError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise UserError("the table cannot be read (damaged or another format)", name, "save it again as CSV") from error
    if not columns:
        raise UserError("the table has no column", name, "put the names of the columns into the first row")
    return Table(name, columns, rows, "" if folder == "." else folder, rejected)


def _records(path: Path, spill: Path, name: str, rejected: list[Rejected]) -> Iterator[tuple[int, dict[str, Any]]]:
    suffix = suffix_of(path.name)
    if suffix in (".parquet", ".pq", ".arrow"):
        yield from read_arrow(path, name, spill)
    elif suffix in (".jsonl", ".ndjson"):
        yield from _json_lines(path, name, rejected)
    else:
        lines = read_delimited(path, name, rejected)
        _, header = next(lines)
        yield 0, dict.fromkeys(header)
        for row, cells in lines:
            yield row, dict(zip(header, cells, strict=True))


def _collect(
    records: Iterator[tuple[int, dict[str, Any]]], name: str, limit: int | None, progress: Progress | None
) -> tuple[dict[str, list[Any]], list[int]]:
    """Rows -> columns. A first record with row 0 only announces the columns."""
    columns: dict[str, list[Any]] = {}
    rows: list[int] = []
    for row, record in records:
        for column in record:
            if column not in columns:
                columns[column] = []
                if len(columns) > MAX_COLUMNS:
                    raise UserError(f"the table has more than {MAX_COLUMNS:,} columns", name, "keep those you need")
        if row == 0:
            continue
        for column, value in record.items():
            values = columns[column]
            if len(values) < len(rows):  # JSON Lines may name a column now and then only
                values.extend([None] * (len(rows) - len(values)))
            values.append(_value(value))
        rows.append(row)
        if len(rows) * len(columns) > MAX_CELLS:
            raise too_many_cells(name)
        if progress is not None and len(rows) % 4096 == 0:
            progress.update(0, 0, f"Reading {name} ({len(rows):,} rows)")
        if limit is not None and len(rows) >= limit:
            break
    for values in columns.values():
        values.extend([None] * (len(rows) - len(values)))
    return columns, rows


def _value(value: Any) -> Any:
    if isinstance(value, str):
        value = value.strip()
        return (value if value.isascii() else storable(value)) or None
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, dict):  # a picture as {"path": ...}; anything else nested is shown as its JSON
        return storable(str(value["path"]) if value.get("path") else json.dumps(value, ensure_ascii=False, default=str))
    return value


def _json_lines(path: Path, name: str, rejected: list[Rejected]) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as file:
        sample = file.read(1 << 20)
    encoding = detect_encoding(sample, name, whole=len(sample) < 1 << 20)
    good, broken = 0, Broken(name, rejected)
    with open_text(path, encoding) as lines:
        for row, line in enumerate(bounded_lines(lines), 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line) if len(line) <= MAX_CELL else None
            except (ValueError, RecursionError):
                broken.add(row, "the line is not JSON")
                continue
            if len(line) > MAX_CELL:
                broken.add(row, f"the line has more than {MAX_CELL:,} characters")
                continue
            if not isinstance(record, dict) or not record:
                broken.add(row, "the line is not a JSON object with names and values")
                continue
            good += 1
            if "\0" in line or "\\u0000" in line:
                broken.add(row, "the line has NUL characters")
                continue
            if is_damaged(line):
                broken.add(row, "the line's letters are damaged: they are not UTF-8 as those of the other lines")
                continue
            yield row, {storable(str(key).strip()) or "column": value for key, value in record.items()}
    broken.close()
    if not good and rejected:
        raise UserError("no line is a JSON object", name, 'give one line an item, such as {"image": "a.jpg"}')


def join_tables(tables: Sequence[Table], splits: Sequence[str | None]) -> Table:
    """Parts of one table, one under another; where each part is a split ("train") a column `split` says which.

    Rows are numbered on through the parts; the reason of a rejected row names its part.
    """
    joined = Table(tables[0].name, {}, [], tables[0].folder)
    n, offset = 0, 0
    for part, split in zip(tables, splits, strict=True):
        columns: dict[str, Sequence[Any]] = dict(part.columns)
        if all(splits) and "split" not in columns:
            columns["split"] = [split] * len(part)
        for column in columns:
            joined.columns.setdefault(column, [None] * n)
        for column, values in joined.columns.items():
            values.extend(columns.get(column, [None] * len(part)))
        joined.rejected += [
            replace(r, row=r.row + offset, reason=f"{r.reason} (row {r.row} of {part.name})") for r in part.rejected
        ]
        joined.rows = [*joined.rows, *(row + offset for row in part.rows)]
        n += len(part)
        offset = max([offset, *joined.rows[-1:], *(r.row for r in joined.rejected)])
    return joined


def sample_of(values: Sequence[Any], n: int = 1000) -> list[Any]:
    """Up to `n` values that are there, spread over the column."""
    step = max(1, len(values) // (4 * n))
    return list(itertools.islice((v for v in values[::step] if v is not None), n))
