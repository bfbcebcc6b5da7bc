"""CSV and TSV read as what people really have: any of three delimiters, quoted line breaks, broken rows listed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from mmexplore.data.dataset import Rejected
from mmexplore.data.reading.file_names import kind_of_name
from mmexplore.data.reading.text import detect_encoding, is_damaged
from mmexplore.data.reading.values import storable
from mmexplore.errors import UserError

MAX_COLUMNS = 10_000
MAX_CELLS = 30_000_000
MAX_CELL = 16 << 20  # characters
MAX_LINE = 64 << 20  # characters
MAX_BROKEN = 1_000_000  # rows that cannot be used: above this it is no table
BROKEN_LISTED = 100_000
_HEADER_REMEDY = "put the names of the columns into the first row"


def read_delimited(path: Path, name: str, rejected: list[Rejected]) -> Iterator[tuple[int, list[str]]]:
    """Rows of a CSV or TSV: first (1, header), then (row number, cells), each with as many cells as the header.

    Row numbers are a spreadsheet's: the header is row 1, a quoted line break does not count. Rows that cannot be used
    (too few or too many cells, empty, NUL characters, damaged letters, a cell above `MAX_CELL`) are appended to
    `rejected`, the first `BROKEN_LISTED` of them, then their number.

    Raises:
        UserError: not text, no header, more than `MAX_COLUMNS` columns, more than `MAX_BROKEN` broken rows.
    """
    with path.open("rb") as file:
        sample = file.read(1 << 20)
    encoding = detect_encoding(sample, name, whole=len(sample) < 1 << 20)
    try:
        yield from _rows(path, name, encoding, sample, rejected)
    except UnicodeDecodeError as error:
        raise UserError(f"the text is damaged (read as {encoding})", name, "save it as UTF-8") from error


def _rows(
    path: Path, name: str, encoding: str, sample: bytes, rejected: list[Rejected]
) -> Iterator[tuple[int, list[str]]]:
    delimiter = sniff_delimiter(sample.decode(encoding, "replace"), tabbed=path.suffix.lower() in (".tsv", ".tab"))
    csv.field_size_limit(MAX_CELL)
    with open_text(path, encoding, newline="") as file:
        lines = _Quotes(bounded_lines(file, delimiter))
        reader = csv.reader(lines, delimiter=delimiter)
        try:
            header = next(reader, [])
        except csv.Error as error:
            raise UserError("the header is not text that can be column names", name, _HEADER_REMEDY) from error
        yield 1, check_header(header, name)
        width, number, empty = len(header), 1, 0
        broken = Broken(name, rejected)
        while True:
            number += 1
            lines.open = False
            try:
                row = next(reader)
            except StopIteration:
                break
            except csv.Error:
                lines.close()
                broken.add(number, f"a cell has more than {MAX_CELL:,} characters, or there are far too many cells")
                continue
            if not any(cell.strip() for cell in row):
                empty += 1
                broken.check(empty)
                continue
            for e in range(number - empty, number):  # blank rows at the very end are no rows
                broken.add(e, "the row is empty")
            empty = 0
            if any("\0" in cell for cell in row):
                broken.add(number, "the row has NUL characters")
            elif any(map(is_damaged, row)):
                broken.add(number, "the row's letters are damaged: they are not UTF-8 as those of the other rows")
            elif len(row) < width or any(cell.strip() for cell in row[width:]):
                broken.add(number, f"{len(row)} cells where the header has {width}")
            else:
                yield number, row[:width]
        broken.close()


class _Quotes:
    """Lines on their way to the parser; remembers whether the row they belong to has a quote open."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self.open = lines, False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.open ^= line.count('"') % 2 == 1
        return line

    def close(self) -> None:
        """Pass over the rest of a quoted cell that was given up, so that the next row begins where it begins."""
        while self.open and next(self, None) is not None:
            pass


class Broken:
    """The rows of a table that cannot be used: listed as far as a person may read them, and counted."""

    def __init__(self, name: str, rejected: list[Rejected]) -> None:
        self._name, self._rejected, self._n = name, rejected, 0

    def add(self, row: int, reason: str) -> None:
        """List this row. Raises UserError as `check` does."""
        self.check(1)
        self._n += 1
        if self._n <= BROKEN_LISTED:
            self._rejected.append(Rejected(row, "", "", reason))

    def check(self, more: int) -> None:
        """Raises UserError where `more` broken rows would make more than `MAX_BROKEN`."""
        if self._n + more > MAX_BROKEN:
            first = f" (row {self._rejected[0].row}: {self._rejected[0].reason})" if self._rejected else ""
            raise UserError(f"more than {MAX_BROKEN:,} rows are empty or broken{first}", self._name, "mend the table")

    def close(self) -> None:
        """Say how many were not listed."""
        if self._n > BROKEN_LISTED:
            self._rejected.append(Rejected(0, "", "", f"{self._n - BROKEN_LISTED:,} more rows are empty or broken"))


def open_text(path: Path, encoding: str, newline: str | None = None) -> TextIO:
    """A table opened so that one damaged letter costs its row and not the file: see `is_damaged`."""
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace" if encoding == "cp1252" else "strict"
    return path.open(encoding=encoding, errors=errors, newline=newline)


def bounded_lines(file: TextIO, delimiter: str = "") -> Iterator[str]:
    """The lines of a file; in place of one that would fill the memory, one with a cell just too long to be read.

    That is a line above `MAX_LINE`, which is never held, and one that a `delimiter` cuts into far more cells than
    there can be columns.
    """
    while line := file.readline(MAX_LINE):
        too_long = len(line) == MAX_LINE and not line.endswith("\n")
        rest = line
        while too_long and rest and not rest.endswith("\n"):
            rest = file.readline(MAX_LINE)
        if not too_long and delimiter and line.count(delimiter) > 10 * MAX_COLUMNS:
            too_long = re.sub('"[^"]*"', "", line).count(delimiter) > 10 * MAX_COLUMNS
        yield "x" * (MAX_CELL + 1) + "\n" if too_long else line


def check_header(header: list[str], name: str) -> list[str]:
    """The column names, trimmed; empty ones become "column 3", repeated ones "text (2)".

    Raises:
        UserError: there is no header (a cell of it is a file name or a number), or too many columns.
    """
    names = [storable(str(h).strip().lstrip("\ufeff")) for h in header]
    if len(names) > MAX_COLUMNS:
        raise UserError(f"the table has more than {MAX_COLUMNS:,} columns", name, "keep the columns you need")
    if not any(names):
        raise UserError("the table has no header", name, _HEADER_REMEDY)
    for column in names:
        if "\0" in column or len(column) > 1000:
            raise UserError("the header is not text that can be column names", name, _HEADER_REMEDY)
        if kind_of_name(column) is not None or (len(names) > 1 and _is_number(column) and not column.isdigit()):
            raise UserError(f"the table has no header (its first row holds {column[:60]!r})", name, _HEADER_REMEDY)
    if all(_is_number(column) for column in names):
        raise UserError("the table has no header (its first row holds numbers)", name, _HEADER_REMEDY)
    unique: dict[str, None] = {}
    taken = set(names)
    for place, column in enumerate(names, 1):
        column = column or f"column {place}"
        fresh, k = column, 2
        while fresh in unique or (fresh != column and fresh in taken):
            fresh, k = f"{column} ({k})", k + 1
        unique[fresh] = None
    return list(unique)


def too_many_cells(name: str) -> UserError:
    """What is said of a table above `MAX_CELLS`."""
    return UserError(f"the table has more than {MAX_CELLS:,} cells", name, "split it")


def sniff_delimiter(text: str, tabbed: bool = False) -> str:
    """The delimiter (comma, semicolon, tab) with which most of the first rows have as many cells as the header."""
    best, best_score = "\t" if tabbed else ",", (0.0, 0)
    csv.field_size_limit(MAX_CELL)
    for delimiter in "\t,;" if tabbed else ",\t;":
        try:
            # the last line of a sample may be cut
            rows = [row for row in csv.reader(io.StringIO(text[:65_536]), delimiter=delimiter) if row][:200]
        except csv.Error:
            continue
        if not rows or len(rows[0]) < 2:
            continue
        score = (sum(len(row) == len(rows[0]) for row in rows) / len(rows), len(rows[0]))
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
