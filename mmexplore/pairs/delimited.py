"""CSV and TSV read as what people really have: any of three delimiters, quoted line breaks, broken rows listed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from mmexplore.errors import UserError
from mmexplore.pairs.dataset import Rejected
from mmexplore.pairs.media import kind_of_name
from mmexplore.pairs.text import detect_encoding

MAX_COLUMNS = 10_000
MAX_CELL = 16 << 20  # characters
_HEADER_REMEDY = "put the names of the columns into the first row"


def read_delimited(path: Path, name: str, rejected: list[Rejected]) -> Iterator[tuple[int, list[str]]]:
    """Rows of a CSV or TSV: first (1, header), then (row number, cells), each with as many cells as the header.

    Row numbers are a spreadsheet's: the header is row 1, a quoted line break does not count. Rows that cannot be used
    (too few or too many cells, empty, NUL characters, a cell above `MAX_CELL`) are appended to `rejected`.

    Raises:
        UserError: not text, no header, more than `MAX_COLUMNS` columns.
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
    # Latin-1 text whose first odd letter comes after the sample is read as such, not refused
    errors = "replace" if encoding == "cp1252" else "strict"
    with path.open(encoding=encoding, errors=errors, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        header = next(reader, [])
        yield 1, check_header(header, name)
        width, number, empty = len(header), 1, []
        while True:
            number += 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:
                rejected.append(Rejected(number, "", "", f"a cell has more than {MAX_CELL:,} characters"))
                continue
            if not any(cell.strip() for cell in row):
                empty.append(number)
                continue
            # blank rows at the very end are no rows
            rejected.extend(Rejected(e, "", "", "the row is empty") for e in empty)
            empty = []
            if any("\0" in cell for cell in row):
                rejected.append(Rejected(number, "", "", "the row has NUL characters"))
            elif len(row) < width or any(cell.strip() for cell in row[width:]):
                rejected.append(Rejected(number, "", "", f"{len(row)} cells where the header has {width}"))
            else:
                yield number, row[:width]


def check_header(header: list[str], name: str) -> list[str]:
    """The column names, trimmed; empty ones become "column 3", repeated ones "text (2)".

    Raises:
        UserError: there is no header (a cell of it is a file name or a number), or too many columns.
    """
    names = [str(h).strip().lstrip("\ufeff") for h in header]
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
