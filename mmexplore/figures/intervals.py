"""How sure a value is, as a bar from the lower to the upper end of its interval."""

from __future__ import annotations

from typing import Any

import numpy as np


def interval_bars(
    value: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str, thickness: float = 1.2, width: int = 3
) -> dict[str, Any]:
    """`error_x` or `error_y` of a trace at `value` [N] whose intervals are `low` to `high` [N].

    A value outside its interval (of a bootstrap that leans) has no bar on that side; NaN has none.

    Args:
        thickness, width: of the bar and of its ends, px.
    """
    return {
        "type": "data",
        "symmetric": False,
        "array": np.nan_to_num(np.maximum(np.asarray(high) - value, 0)),
        "arrayminus": np.nan_to_num(np.maximum(np.asarray(value) - low, 0)),
        "color": colour,
        "thickness": thickness,
        "width": width,
    }
