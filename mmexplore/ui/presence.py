"""What is missing where, counted for people."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd


def patterns(present: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """The patterns of present modalities, commonest first.

    Args:
        present: modality -> bool [N].

    Returns:
        One row a pattern: a bool column a modality, then "rows" (how many) and "share" (0..1).
    """
    names = list(present)
    mask = np.stack([present[m] for m in names], axis=1) if names else np.zeros((0, 0), bool)
    seen, counts = np.unique(mask, axis=0, return_counts=True)
    table = pd.DataFrame(seen, columns=names)
    table["rows"], table["share"] = counts, counts / max(1, len(mask))
    return table.sort_values("rows", ascending=False, kind="stable").reset_index(drop=True)


def complete(present: Mapping[str, np.ndarray]) -> int:
    """How many rows have every modality."""
    return int(np.logical_and.reduce(list(present.values())).sum()) if present else 0
