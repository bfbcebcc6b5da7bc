"""No exported cell is a formula, and numbers stay numbers."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from mmexplore.data.export import parquet_bytes, safe_csv

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_formulas_are_escaped_and_numbers_are_not():
    frame = pd.DataFrame(
        {
            "=cmd()": ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", "a=b", " =1", None],
            "number": [-1.5, 2, 0, np.nan, 1e-7, -3, 4, 5, 6],
            "mixed": [-1, "-1", "a", None, 2.5, "=2", True, "x,y", 'q"'],
        }
    )
    header, *rows = rows_of(safe_csv(frame))
    assert header == ["'=cmd()", "number", "mixed"]
    assert [r[0] for r in rows] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\tx", "'\r=1", "a=b", "' =1", ""]
    assert [r[1] for r in rows[:4]] == ["-1.5", "2.0", "0.0", ""]
    assert [r[2] for r in rows] == ["-1", "'-1", "a", "", "2.5", "'=2", "True", "x,y", 'q"']


def test_a_spreadsheet_sees_utf8():
    assert safe_csv(pd.DataFrame({"a": ["青蛙"]})).startswith(b"\xef\xbb\xbf")


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_no_text_cell_begins_like_a_formula(cells):
    for row in rows_of(safe_csv(pd.DataFrame({"a": cells, "b": "x"})))[1:]:
        assert not row[0].startswith(FORMULA)


def test_lone_surrogates_and_categories():
    frame = pd.DataFrame({"a": pd.Categorical(["=x", "y"]), "c": pd.array(["-q", None], dtype="string")})
    frame["b"] = pd.Series(["\ud800", "z"], dtype=object)
    assert [r[0] for r in rows_of(safe_csv(frame))[1:]] == ["'=x", "y"]
    assert rows_of(safe_csv(frame))[1][1:] == ["'-q", "?"]


def test_parquet_of_mixed_columns():
    frame = pd.DataFrame({"a": [1, "x", None], "b": [0.5, -1.5, 2], 3: [{"k": 1}, None, {"k": 2}]})
    back = pd.read_parquet(io.BytesIO(parquet_bytes(frame)))
    assert back["a"].tolist() == ["1", "x", ""] and back["b"].tolist() == [0.5, -1.5, 2]
    assert list(back.columns) == ["a", "b", "3"]
