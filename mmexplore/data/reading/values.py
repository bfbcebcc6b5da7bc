"""What does one raw value of a table stand for: a number, a list of numbers, the bytes of a file?"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np


def is_number(value: Any) -> bool:
    """Does the value stand for a finite number?"""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return False
    try:
        return math.isfinite(float(value))
    except (ValueError, OverflowError):
        return False


def is_numeric_target(values: Sequence[Any]) -> bool:
    """More than ten different numbers, not all whole: a quantity, not a class."""
    if not values or not all(is_number(v) for v in values):
        return False
    numbers = {float(v) for v in values}
    return len(numbers) > 10 and any(v != int(v) for v in numbers)


def as_array(value: Any) -> np.ndarray | None:
    """A list of numbers, of equally long lists, or the JSON text of one -> float32 [T] or [T, C]; else None."""
    if isinstance(value, np.ndarray):
        return _float32(value) if value.dtype.kind in "fiub" and value.size else None
    if isinstance(value, str):
        if not (value.startswith("[") and value.endswith("]")):
            return None
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, list) or not value:
        return None
    try:
        array = np.asarray(value)
        return _float32(array) if array.dtype.kind in "fiu" and array.ndim <= 2 and array.size else None
    except (ValueError, TypeError, OverflowError):
        return None


def _float32(array: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # what is too large becomes infinity, which is listed
        return array.astype(np.float32, copy=False)


def storable(text: str) -> str:
    """The text with lone surrogates (which JSON and file systems can hold, and UTF-8 cannot) as question marks."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text


_MAGIC = (
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG", ".png"),
    (b"GIF8", ".gif"),
    (b"BM", ".bmp"),
    (b"II*\0", ".tif"),
    (b"MM\0*", ".tif"),
    (b"fLaC", ".flac"),
    (b"OggS", ".ogg"),
    (b"ID3", ".mp3"),
    (b"\xff\xfb", ".mp3"),
    (b"\xff\xf3", ".mp3"),
    (b"\x1aE\xdf\xa3", ".webm"),
)


def suffix_of_bytes(data: bytes) -> str:
    """The suffix that the first bytes of a file stand for, "" where they are not known."""
    if data[:4] == b"RIFF":
        return {b"WEBP": ".webp", b"WAVE": ".wav", b"AVI ": ".avi"}.get(data[8:12], "")
    if data[4:8] == b"ftyp":
        return ".mp4"
    return next((suffix for magic, suffix in _MAGIC if data.startswith(magic)), "")


def plain(value: Any) -> str:
    """A value as text: whole floats without ".0", None as ""."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value.name if isinstance(value, Path) else str(value)


def words_of(cell: Any) -> str:
    """A cell of a modality in a line for tables and the shell: the text, the file's name, or what the numbers are."""
    if cell is None:
        return ""
    if not isinstance(cell, np.ndarray):
        return plain(cell)
    if cell.dtype.kind in "USO":  # a row of a table
        return ", ".join(str(v) or "-" for v in cell.tolist())
    if cell.shape == (2,):  # a place
        return f"{cell[0]:g}, {cell[1]:g}"
    return f"{' x '.join(str(s) for s in cell.shape)} numbers"


def shorten(value: Any, n: int = 80) -> str:
    """A value as one short line of text."""
    if value is None:
        return ""
    if isinstance(value, np.ndarray):
        shape = " x ".join(str(s) for s in value.shape)
        return f"{shape} numbers: " + ", ".join(f"{v:g}" for v in value.reshape(-1)[:4].tolist())
    if isinstance(value, Path):
        return value.name
    text = " ".join(str(value)[: 4 * n].split())
    return text if len(text) <= n else text[: n - 1] + "…"
