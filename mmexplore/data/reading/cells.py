"""One raw value -> one cell of a modality (a file, a text, numbers), or the reason why it cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mmexplore.data.dataset import Cell, Kind
from mmexplore.data.kinds import card_of
from mmexplore.data.reading.file_names import suffix_of
from mmexplore.data.reading.files import Files
from mmexplore.data.reading.text import read_text
from mmexplore.data.reading.values import as_array, is_number, plain
from mmexplore.errors import UserError

MAX_TEXT = 1_000_000  # characters of one text
MAX_NUMBERS = 50_000_000  # of one vector or series
_NO_FILE = {"na", "n/a", "nan", "none", "null", "-"}  # written for "nothing" where a file name is due

# (cell, "") or (None, reason); (None, "") is a hole
Reader = Callable[[Any], tuple[Cell, str]]


def cell_reader(kind: Kind, files: Files, folder: str) -> Reader:
    """The function that turns a raw value of a column of this kind into a cell.

    Args:
        kind: of the modality (not tabular or place, which are made of several columns).
        files: the files given; cells can name no others.  folder: of the table.
    """
    if kind is Kind.TEXT:
        return lambda value: _text(value, files, folder)
    if kind is Kind.VECTOR:
        return lambda value: _numbers(value, files, folder, vector=True)
    media = _media_reader(kind, files, folder)
    if kind is Kind.SERIES:
        return lambda value: media(value) if _names_file(value) else _numbers(value, files, folder, vector=False)
    return media


def joined_reader(kind: Kind) -> Reader:
    """The function that makes one cell of a row's values in several columns: tabular, or a place."""

    def table(values: list[Any]) -> tuple[Cell, str]:
        return (np.array([plain(v) for v in values]), "") if any(v is not None for v in values) else (None, "")

    def place(values: list[Any]) -> tuple[Cell, str]:
        if any(v is None for v in values):
            return None, ""
        if len(values) != 2 or not all(is_number(v) for v in values):
            return None, "a place is two columns, latitude and longitude in degrees"
        return np.array(values, dtype=np.float64).astype(np.float32), ""

    return table if kind is Kind.TABLE else place


def _names_file(value: Any) -> bool:
    return isinstance(value, Path) or (isinstance(value, str) and not value.startswith("["))


def _media_reader(kind: Kind, files: Files, folder: str) -> Reader:
    card = card_of(kind)
    suffixes = frozenset(card.suffixes if card is not None else ()) | (
        frozenset({".gif", ".webp"}) if kind is Kind.VIDEO else frozenset()
    )
    checked: dict[Path, str] = {}

    def read(value: Any) -> tuple[Cell, str]:
        if value is None:
            return None, ""
        if isinstance(value, Path):
            path = value
        elif isinstance(value, str):
            if value.lower() in _NO_FILE:
                return None, ""
            name, reason = files.find(value, folder, suffixes)
            if reason:
                return None, f"{reason} ({value[:120]})"
            path = files.by_name[name]
        else:
            return None, f"the cell names no file ({plain(value)[:40]})"
        if path not in checked:
            checked[path] = check_file(kind, path)
        return (None, checked[path]) if checked[path] else (path, "")

    return read


def check_file(kind: Kind, path: Path) -> str:
    """Why a media file cannot be used as far as its first bytes tell, or "". Pixels and sound are decoded later."""
    try:
        if path.stat().st_size == 0:
            return "the file is empty"
        card = card_of(kind)
        return "" if card is None or card.check is None else card.check(path)
    except UserError as error:
        return error.what
    except OSError as error:
        return f"the file cannot be read ({error.strerror or 'system error'})"
    except Exception as error:  # noqa: BLE001 - the check of an installed package: the other files go on
        return f"the file cannot be checked ({type(error).__name__})"


def _text(value: Any, files: Files, folder: str) -> tuple[Cell, str]:
    if value is None:
        return None, ""
    text = plain(value)
    if suffix_of(text) == ".txt" and len(text) < 500:
        name, _ = files.find(text, folder, frozenset({".txt"}))
        if name:
            try:
                text = read_text(files.by_name[name]).strip()
            except UserError as error:
                return None, error.what
    if len(text) > MAX_TEXT:
        return None, f"the text has more than {MAX_TEXT:,} characters"
    return (text, "") if text else (None, "")


def _numbers(value: Any, files: Files, folder: str, vector: bool) -> tuple[Cell, str]:
    if value is None:
        return None, ""
    array = as_array(value)
    if array is None and (isinstance(value, Path) or (isinstance(value, str) and suffix_of(value) == ".npy")):
        array, reason = _array_file(value, files, folder)
        if reason:
            return None, reason
    if array is None or array.size == 0:
        return None, "the cell is not a list of numbers"
    return numbers_cell(array.reshape(-1) if vector else array, vector)


def numbers_cell(array: np.ndarray, vector: bool = True) -> tuple[Cell, str]:
    """Numbers -> a cell. All NaN, or (a vector of two or more) all zero, is a hole: exports pad missing rows so."""
    if array.size > MAX_NUMBERS:
        return None, f"more than {MAX_NUMBERS:,} numbers"
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(array, dtype=np.float32)
    finite = np.isfinite(array)
    if not finite.all():
        return (None, "") if np.isnan(array).all() else (None, "the numbers hold NaN or infinity")
    if vector and array.size > 1 and not array.any():
        return None, ""
    return array, ""


def _array_file(value: Any, files: Files, folder: str) -> tuple[np.ndarray | None, str]:
    from mmexplore.data.reading.vectors import load_npy

    if isinstance(value, Path):
        path = value
    else:
        name, reason = files.find(str(value), folder, frozenset({".npy"}))
        if reason:
            return None, f"{reason} ({str(value)[:120]})"
        path = files.by_name[name]
    try:
        return load_npy(path), ""
    except UserError as error:
        return None, error.what
