"""A picture as a grid of regions: hiding some of them behind a neutral picture, and maps that know nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

#: what stands in for a hidden region; each is named wherever a number made with it is shown
BASELINES = {
    "blurred picture": "the same picture, blurred until no shape is left",
    "mean colour": "the mean colour of this picture",
}
BLUR = 0.1  # radius of the Gaussian blur, in sides of the square


def neutral(square: np.ndarray, baseline: str) -> np.ndarray:
    """uint8 [s, s, 3]: what is seen where a region of `square` (uint8 [s, s, 3]) is hidden, by a name of BASELINES."""
    if baseline == "mean colour":
        return np.broadcast_to(np.round(square.reshape(-1, 3).mean(axis=0)).astype(np.uint8), square.shape)
    return np.asarray(Image.fromarray(square).filter(ImageFilter.GaussianBlur(BLUR * len(square))))


def region_of_pixel(size: int, grid: tuple[int, int]) -> np.ndarray:
    """int [size, size]: which region of the grid (row by row) each pixel lies in."""
    rows, columns = (np.arange(size) * n // size for n in grid)
    return rows[:, None] * grid[1] + columns[None, :]


def with_regions(square: np.ndarray, keep: np.ndarray, grid: tuple[int, int], baseline: str) -> np.ndarray:
    """uint8 [B, s, s, 3]: the square with only the regions of keep (bool [B, P], row by row); neutral elsewhere."""
    shown = keep[:, region_of_pixel(len(square), grid)]
    return np.where(shown[..., None], square, neutral(square, baseline))


def occlusion(score: Callable[[np.ndarray], np.ndarray], n: int) -> np.ndarray:
    """float [n, Q]: what each of Q scores loses when each region alone is hidden (Zeiler & Fergus 2014).

    Args:
        score: keep bool [B, n] -> [B, Q].
    """
    found = score(np.vstack([np.ones((1, n), bool), ~np.eye(n, dtype=bool)]))
    return found[0] - found[1:]


def centre_weight(grid: tuple[int, int]) -> np.ndarray:
    """float [P], row by row: near the centre more, whatever the picture shows. Photos have their subject there, so a
    map must be held against it."""
    rows, columns = (np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in grid)
    return np.exp(-(rows[:, None] ** 2 + columns[None, :] ** 2) / 0.5).ravel()
