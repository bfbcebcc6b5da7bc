"""Point clouds: text files with three numbers a line (`.xyz`)."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from mmexplore.data.kinds import KindCard
from mmexplore.errors import UserError

MAX_POINTS = 200_000  # of one file
PIXELS = 240  # of the picture's side


def read_points(path: Path) -> np.ndarray:
    """float64 [P, 3]. Raises UserError for what is no point cloud; reads no more than `MAX_POINTS` lines."""
    try:
        with path.open(encoding="utf-8") as file:
            points = np.loadtxt(file, max_rows=MAX_POINTS, ndmin=2)
    except ValueError as error:  # also what is no UTF-8
        raise UserError("is not three numbers a line", path.name, "save it again as .xyz") from error
    if points.shape[1:] != (3,) or not len(points) or not np.isfinite(points).all():
        raise UserError("is not three numbers a line", path.name, "save it again as .xyz")
    return points


def check(path: Path) -> str:
    """Why the file cannot be used, by its first line."""
    with path.open("rb") as file:
        words = file.readline(1000).split()
    return "" if len(words) == 3 else "the first line does not hold three numbers"


def picture(path: Path) -> tuple[bytes, str]:
    """The cloud seen from the front, as JPEG, and how many points it has."""
    from PIL import Image

    points = read_points(path)
    size = np.ptp(points, axis=0).max() or 1.0
    at = ((points[:, [0, 2]] - points[:, [0, 2]].min(axis=0)) / size * (PIXELS - 20) + 10).astype(int)
    pixels = np.full((PIXELS, PIXELS), 255, np.uint8)
    pixels[PIXELS - 1 - at[:, 1], at[:, 0]] = 40
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return file.getvalue(), f"{len(points):,} points"


POINT_CLOUD = KindCard(
    name="point cloud",
    title="a point cloud",
    encoder="shape-distribution",
    suffixes=(".xyz",),
    check=check,
    picture=picture,
)
