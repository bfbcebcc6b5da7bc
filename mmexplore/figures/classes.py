"""The classes of a column as a legend lists them (no drawing library is needed to know them)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

NONE = "(none)"


def class_names(values: Sequence[object] | np.ndarray) -> np.ndarray:
    """object [N]: the class of each item as it is written in a legend; "" and None are "(none)"."""
    column = pd.Series(np.asarray(values, dtype=object), dtype=object)
    return column.where(column.notna(), "").astype(str).replace("", NONE).to_numpy(object)


def count_classes(names: np.ndarray) -> dict[str, int]:
    """Class -> its items, most frequent first, then in natural order ("2" before "10")."""
    counts = pd.Series(names, dtype=object).value_counts()
    return {str(name): int(counts[name]) for name in sorted(counts.index, key=lambda n: (-counts[n], _natural(n)))}


def _natural(name: str) -> tuple[float, str]:
    """Sort key: numbers by size before texts."""
    try:
        number = float(name)
    except ValueError:
        return math.inf, name
    return (number if math.isfinite(number) else math.inf), name
