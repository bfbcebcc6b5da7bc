"""A series of measurements, from a cell or a file of its own: points in time by channels, float32."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd

from mmexplore.data.dataset import Cell
from mmexplore.data.reading.arrow import check_unpacked_size
from mmexplore.data.reading.delimited import sniff_delimiter
from mmexplore.data.reading.file_names import suffix_of
from mmexplore.data.reading.text import detect_encoding
from mmexplore.data.reading.vectors import load_npy
from mmexplore.errors import UserError

MAX_BYTES = 50_000_000  # of one file
MAX_NUMBERS = 20_000_000  # of one file, unpacked
MAX_POINTS = 20_000  # in time; a longer series is averaged over equal stretches
MAX_CHANNELS = 1_000
#: columns of a file that say when, not what
_TIME = {"time", "timestamp", "t", "date", "datetime", "index", "seconds", "sec", "ms", "sample", "unnamed: 0"}
_REMEDY = "give numbers, one line a point in time and one column a channel"


def read_series(cell: Cell) -> np.ndarray:
    """float32 [T, C], T at most `MAX_POINTS`.

    An array's longer side is time, whichever way it lies; in a table (CSV, TSV, Parquet) time runs down and each
    column of numbers is a channel, but for one called time, timestamp, index ...

    Raises:
        UserError: no numbers, NaN or infinity among them, or too many.
    """
    if isinstance(cell, Path):
        values, where = _file(cell), cell.name
    elif isinstance(cell, np.ndarray) and np.issubdtype(cell.dtype, np.number):
        values, where = _time_first(cell), "series"
    else:
        raise UserError("there is no series of numbers", "" if cell is None else str(cell)[:80], _REMEDY)
    if values.ndim != 2 or values.size == 0:
        raise UserError("there are no numbers", where, _REMEDY)
    if values.shape[1] > MAX_CHANNELS:
        raise UserError(f"has {values.shape[1]:,} channels, more than {MAX_CHANNELS:,}", where, "leave some out")
    if not np.isfinite(values).all():
        raise UserError("holds NaN, infinite numbers or cells that are no numbers", where, "fill the gaps first")
    return _shortened(np.ascontiguousarray(values, dtype=np.float32))


def _time_first(array: np.ndarray) -> np.ndarray:
    if array.ndim == 1:
        return array[:, None]
    array = np.squeeze(array) if array.ndim > 2 else array
    if array.ndim == 2 and array.shape[1] > array.shape[0]:
        return array.T
    return array if array.ndim == 2 else np.zeros((0, 0))


def _shortened(values: np.ndarray) -> np.ndarray:
    """At most `MAX_POINTS` points: means over equal stretches of a longer series."""
    if len(values) <= MAX_POINTS:
        return values
    edges = np.linspace(0, len(values), MAX_POINTS + 1).astype(int)
    sums = np.add.reduceat(values.astype(np.float64), edges[:-1], axis=0)
    return (sums / np.diff(edges)[:, None]).astype(np.float32)


def _file(path: Path) -> np.ndarray:
    if not path.is_file():
        raise UserError("the file does not exist", path.name, "check its name in the table")
    if path.stat().st_size > MAX_BYTES:
        raise UserError(f"the file has more than {MAX_BYTES:,} bytes", path.name, "save fewer points")
    suffix = suffix_of(path.name)
    if suffix == ".npy":
        array = load_npy(path)
        if array.dtype.kind not in "fiub":
            raise UserError("there are no numbers", path.name, _REMEDY)
        return _time_first(array)
    try:
        frame = _parquet(path) if suffix == ".parquet" else _text(path)
        named = [c for c in frame.columns if str(c).strip().lower() not in _TIME]
        frame = frame[named or list(frame.columns)].apply(pd.to_numeric, errors="coerce")
    except UserError:
        raise
    except Exception as error:  # pandas' and pyarrow's own errors: the file is damaged or something else
        raise UserError("the file is no table of numbers (damaged or another format)", path.name, _REMEDY) from error
    channels = frame.dropna(axis=1, how="all")  # words beside the numbers
    if channels.isna().to_numpy().any():
        raise UserError("holds empty cells, or cells that are no numbers", path.name, "fill the gaps first")
    return channels.to_numpy(np.float64)


def _parquet(path: Path) -> pd.DataFrame:
    import pyarrow.parquet as pq

    about = pq.ParquetFile(path).metadata
    check_unpacked_size(about, path.stat().st_size, path.name)
    if about.num_rows * about.num_columns > MAX_NUMBERS:
        raise UserError(f"the file holds more than {MAX_NUMBERS:,} numbers", path.name, "save fewer points")
    return pq.read_table(path).to_pandas()


def _text(path: Path) -> pd.DataFrame:
    data = path.read_bytes()
    text = data.decode(detect_encoding(data, path.name), "replace")
    delimiter = sniff_delimiter(text[:65_536], tabbed=suffix_of(path.name) == ".tsv")
    first = text.lstrip().partition("\n")[0].split(delimiter)
    header = None if all(_is_number(c) for c in first) else 0  # many sensors write no header
    return pd.read_csv(io.StringIO(text), sep=delimiter, header=header, skipinitialspace=True, on_bad_lines="error")


def _is_number(text: str) -> bool:
    try:
        float(text.strip().strip('"'))
    except ValueError:
        return False
    return True
