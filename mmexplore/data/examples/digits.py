"""The digits example: scikit-learn's bundled handwritten digits, each seen as three vectors."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmexplore.data.dataset import Kind, PairedDataset

TITLE = "Digits: upper half, lower half, profile"
SUMMARY = (
    "1,797 handwritten digits in three modalities that complete one another: the pixels of the upper half, those of "
    "the lower half, and how much ink each row and column holds."
)
SOURCE = (
    "Optical Recognition of Handwritten Digits (E. Alpaydin, C. Kaynak; UCI Machine Learning Repository), the test "
    "part as bundled with scikit-learn"
)
LICENCE = "CC BY 4.0, scikit-learn BSD-3-Clause"


def load_digits() -> PairedDataset:
    """1,797 items labelled "0" to "9".

    `upper` and `lower` [32] are pixels (0 paper, 1 ink); `profile` [16] is the mean ink of the 8 rows and 8 columns.
    """
    from sklearn.datasets import load_digits as bundled

    found = bundled()
    pixels = (found.images / 16.0).astype(np.float32)  # [N, 8, 8], 0..1
    n = len(pixels)
    profile = np.concatenate([pixels.mean(axis=2), pixels.mean(axis=1)], axis=1)
    views = {"upper": pixels[:, :4].reshape(n, 32), "lower": pixels[:, 4:].reshape(n, 32), "profile": profile}
    ids = np.array([f"digit-{i:04d}" for i in range(n)], dtype=object)
    return PairedDataset(
        name="digits",
        ids=ids,
        kinds=dict.fromkeys(views, Kind.VECTOR),
        cells={name: tuple(np.ascontiguousarray(row) for row in view) for name, view in views.items()},
        groups=ids.copy(),
        labels=np.array([str(digit) for digit in found.target], dtype=object),
        columns=pd.DataFrame({"ink": pixels.mean(axis=(1, 2)).astype(float)}),
        source=f"{SOURCE}. {LICENCE}.",
    )
