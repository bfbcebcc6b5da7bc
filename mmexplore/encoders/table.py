"""Tables: numbers and categories of several columns as one vector, by scikit-learn's ColumnTransformer."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
import pandas as pd

from mmexplore.data.dataset import Cell, Kind
from mmexplore.data.embeddings import unit
from mmexplore.data.reading.values import is_number
from mmexplore.encoders.base import EncoderCard, FittedEncoder
from mmexplore.encoders.sequence.scaling import LIMIT
from mmexplore.errors import UserError

NAME = "table"
CATEGORIES = 20  # of one column; rarer ones share an entry


class Table(FittedEncoder):
    """Rows of a table in (arrays of `str`, "" = empty), unit vectors out; a last entry 1 lets lengths count."""

    card = EncoderCard(
        name=NAME,
        kind=Kind.TABLE,
        dim=None,
        space=NAME,
        title="Scaled numbers and one-hot categories",
        size_mb=0.0,
        licence="Apache-2.0 (part of mmexplore)",
        source="no model: scikit-learn's ColumnTransformer, fitted to the train rows",
        offline=True,
        look_for="Numbers are scaled to mean 0 and deviation 1, an empty one becomes the median and is marked; "
        "categories become one entry each (the 20 most frequent of a column). Every column counts alike: leave out "
        "those that mean nothing.",
    )
    version = "1"
    batch_size = 1024
    _columns: int = 0
    _numeric: Sequence[str] = ()
    _transformer: Any = None

    def fit(self, cells: Sequence[Cell]) -> Table:
        """A column whose filled train cells are all numbers is numeric, any other one is categorical."""
        rows = [c for c in cells if isinstance(c, np.ndarray) and c.size]
        if not rows:
            raise UserError("none of its rows is filled", "", "fill the columns or leave them out")
        found = copy(self)
        found._columns = len(rows[0])
        frame = _frame(rows)
        names = [str(c) for c in frame.columns]
        numeric = [c for c in names if all(is_number(v) for v in frame[c] if v)]
        found._transformer = _transformer(numeric, [c for c in names if c not in numeric])
        found._transformer.fit(_numbers(frame, numeric))
        found._numeric = numeric
        return found

    def encode(self, batch: Sequence[Cell]) -> np.ndarray:
        if self._transformer is None:
            raise UserError("has to be fitted to a column first", NAME, "encode a data set with it")
        for cell in batch:
            if not isinstance(cell, np.ndarray) or cell.shape != (self._columns,):
                raise UserError(f"is not a row of {self._columns} columns", "table", "give the same columns")
        if not batch:
            return np.zeros((0, 0), np.float32)
        z = np.asarray(self._transformer.transform(_numbers(_frame(batch), self._numeric)), np.float64)
        return unit(np.concatenate([np.clip(z, -LIMIT, LIMIT), np.ones((len(z), 1))], axis=1).astype(np.float32))


def _frame(rows: Sequence[Any]) -> pd.DataFrame:
    values = np.array([[str(v) for v in row] for row in rows], object)
    return pd.DataFrame(values, columns=[str(j) for j in range(values.shape[1])])


def _numbers(frame: pd.DataFrame, numeric: Sequence[str]) -> pd.DataFrame:
    """Numeric columns as float, NaN where empty (or, in rows not seen by `fit`, no finite number)."""
    values = {c: [float(v) if is_number(v) else np.nan for v in frame[c]] if c in numeric else frame[c] for c in frame}
    return pd.DataFrame(values)


def _transformer(numeric: Sequence[str], categorical: Sequence[str]) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import MissingIndicator, SimpleImputer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    scaled = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    numbers = make_union(scaled, MissingIndicator(features="all"))
    one_hot = OneHotEncoder(max_categories=CATEGORIES, handle_unknown="infrequent_if_exist", sparse_output=False)
    return ColumnTransformer(
        [("numbers", numbers, list(numeric)), ("categories", one_hot, list(categorical))], sparse_threshold=0
    )
