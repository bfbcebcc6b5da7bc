"""Tables out: a CSV that a spreadsheet cannot mistake for formulas, and Parquet."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd

from mmexplore.data.reading.values import plain, storable

# A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection); the wide forms count in some locales.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_csv(frame: pd.DataFrame) -> bytes:
    """The frame as CSV (UTF-8 with a byte order mark, no index), no text cell or header a formula.

    A text that begins with one of ``= + - @``, a tab or a line break, blanks before it or not, gets an apostrophe in
    front. Numbers in numeric columns stay numbers: -1.5 is written as -1.5.
    """
    out = pd.DataFrame({j: _escaped(frame.iloc[:, j]) for j in range(frame.shape[1])})
    out.columns = pd.Index([escape_formula(str(c)) for c in frame.columns])
    return out.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig", "replace")


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    """The frame as Parquet, no index; columns of mixed types become text."""
    out = pd.DataFrame({str(c): _one_type(frame[c]) for c in frame.columns})
    buffer = io.BytesIO()
    out.to_parquet(buffer, index=False)
    return buffer.getvalue()


def escape_formula(text: str) -> str:
    """A text that no spreadsheet computes."""
    text = storable(text.replace("\0", ""))
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip(" \u00a0\u200b\ufeff").startswith(_FORMULA) else text


def _escaped(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return column.reset_index(drop=True)
    return pd.Series([_escape_cell(v) for v in column], dtype=object)


def _escape_cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, (int, float, np.number)):
        return value
    return escape_formula(plain(value))


def _one_type(column: pd.Series) -> pd.Series:
    if column.dtype != object or len({type(v) for v in column if v is not None}) <= 1:
        return column.map(plain) if column.map(lambda v: isinstance(v, (dict, set))).any() else column
    return column.map(plain)
