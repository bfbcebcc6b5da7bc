"""The one rule for scores that are the same: what counts as a tie, wherever a rank is read off."""

from __future__ import annotations

import numpy as np

#: two dot products of equal float32 unit vectors may differ by rounding, by where they lie in a block
SAME = 1e-6


def places(scores: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many of `scores` [..., G] are greater than `own` [...], and how many are the same (closer than `SAME`).

    Returns:
        (above, ties), int [...] each; the fair rank is 1 + above + ties / 2, so that a constant similarity gets the
        middle rank, not the first. -inf takes no part (where `own` is finite).
    """
    own = np.asarray(own)[..., None]
    above = np.count_nonzero(scores > own + SAME, axis=-1)
    return above, np.count_nonzero(scores >= own - SAME, axis=-1) - above
