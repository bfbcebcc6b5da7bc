"""The D2 shape distribution: how often two random points of a cloud are how far apart.

Osada, Funkhouser, Chazelle & Dobkin 2002, "Shape distributions" (ACM Transactions on Graphics 21).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmexplore.data.dataset import Cell, Kind
from mmexplore.encoders.base import EncoderCard, OneByOne
from mmexplore.errors import UserError
from mmexplore_example_plugin.point_cloud import read_points

BINS = 32
PAIRS = 20_000
FARTHEST = 3.0  # times the mean distance


class ShapeDistribution(OneByOne):
    """Point clouds in, 32-d unit vectors out; the same whichever way the cloud is turned, moved or scaled."""

    card = EncoderCard(
        name="shape-distribution",
        kind=Kind("point cloud"),
        dim=BINS,
        space="shape-distribution",
        title="D2 shape distribution",
        size_mb=0.0,
        licence="Apache-2.0",
        source="no model: a histogram of distances",
        offline=True,
        look_for="Tells balls, rods and boxes apart whichever way they lie. Knows nothing of size or of small parts.",
    )
    version = "1"

    def encode_one(self, cell: Cell) -> np.ndarray:
        if not isinstance(cell, Path):
            raise UserError("is no file of points", "point cloud", "give an .xyz file")
        points = read_points(cell)
        random = np.random.default_rng(0)
        first, second = random.integers(len(points), size=(2, PAIRS))
        distances = np.linalg.norm(points[first] - points[second], axis=1)
        if not distances.any():
            raise UserError("all its points are one", cell.name, "leave the cell empty instead")
        counts, _ = np.histogram(distances / distances.mean(), bins=BINS, range=(0, FARTHEST))
        return (counts / np.linalg.norm(counts)).astype(np.float32)
