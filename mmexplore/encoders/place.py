"""Places: sines and cosines of a point on the globe at several scales.

Random Fourier features (Rahimi & Recht 2007) of the unit vector p that points to the place, so that the date line and
the poles are like anywhere else (the reason for the sphere in Mai et al. 2023, "Sphere2Vec", arXiv:2306.17624):

    z(p) = (cos w_i . p, sin w_i . p) / sqrt(n),  w_i ~ N(0, s^2 I) for s in SCALES

    z(p) . z(q)  ~  mean over s of exp(- s^2 |p - q|^2 / 2)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from mmexplore import runtime
from mmexplore.data.dataset import Cell, Kind
from mmexplore.encoders.base import Encoder, EncoderCard
from mmexplore.errors import UserError

NAME = "place"
SCALES = (1.0, 4.0, 16.0, 64.0)  # two places are alike up to 1 / s of the Earth's radius: 6,400 to 100 km
WAVES = 48  # a scale


class Place(Encoder):
    """(latitude, longitude) in degrees in, 384-d unit vectors out."""

    card = EncoderCard(
        name=NAME,
        kind=Kind.PLACE,
        dim=2 * WAVES * len(SCALES),
        space=NAME,
        title="Sines and cosines of a place",
        size_mb=0.0,
        licence="Apache-2.0 (part of mmexplore)",
        source="no model: random Fourier features on the globe, fixed seed",
        offline=True,
        look_for="Near places have like vectors, at four scales from 6,400 km down to 100 km; what lies nearer than "
        "about 50 km is hard to tell apart. Knows nothing of countries, coasts or climate.",
    )
    version = "1"
    batch_size = 4096

    def encode(self, batch: Sequence[Cell]) -> np.ndarray:
        phase = np.array([on_globe(cell) for cell in batch]).reshape(-1, 3) @ _waves().T
        return (np.concatenate([np.cos(phase), np.sin(phase)], axis=1) / np.sqrt(len(_waves()))).astype(np.float32)


def on_globe(cell: Cell) -> np.ndarray:
    """(latitude, longitude) in degrees -> unit vector [3]. Raises UserError for what is no place."""
    if not isinstance(cell, np.ndarray) or cell.shape != (2,) or not np.issubdtype(cell.dtype, np.number):
        raise UserError("is no place", "place", "give latitude and longitude in degrees")
    latitude, longitude = (float(v) for v in cell)
    if not (abs(latitude) <= 90 and abs(longitude) <= 360):
        raise UserError(
            f"lies outside the globe (latitude {latitude:g}, longitude {longitude:g})",
            "place",
            "give latitude (-90 to 90) and longitude (-180 to 180) in degrees",
        )
    a, o = np.radians([latitude, longitude])
    return np.array([np.cos(a) * np.cos(o), np.cos(a) * np.sin(o), np.sin(a)])


@cache
def _waves() -> np.ndarray:
    random = runtime.rng(0)
    return np.concatenate([s * random.normal(size=(WAVES, 3)) for s in SCALES])
