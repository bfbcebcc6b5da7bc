"""A few inputs drawn or written here, on which an export is checked against torch."""

from __future__ import annotations

import numpy as np

#: short, long, with marks and figures, not English, and far beyond any model's length
TEXTS = (
    "a photo of a dog",
    "Two children in red coats are playing football in the rain near a bus stop, while an old man watches them.",
    "It's 3.14159 o'clock -- isn't it? (naïve café, 50% off!) &amp; more",
    "一只猫坐在窗台上 und ein Hund läuft",
    "the quick brown fox jumps over the lazy dog " * 30,
)


def pictures(size: int) -> np.ndarray:
    """uint8 [4, size, size, 3]: a gradient, discs, stripes and a textured noise."""
    y, x = np.mgrid[0:size, 0:size] / size
    gradient = np.stack([x, y, 1 - x], axis=-1)
    discs = np.stack([np.hypot(x - c, y - 0.5) < r for c, r in ((0.3, 0.2), (0.5, 0.35), (0.8, 0.15))], axis=-1) * 0.8
    stripes = np.stack([np.sin(20 * x) * 0.5 + 0.5, np.sin(31 * (x + y)) * 0.5 + 0.5, y], axis=-1)
    cells = np.random.default_rng(0).random((size // 8 + 1, size // 8 + 1, 3))
    noise = np.kron(cells, np.ones((8, 8, 1)))[:size, :size]
    return np.round(np.stack([gradient, discs, stripes, noise]) * 255).astype(np.uint8)
