"""Pixels are those of the libraries' own transforms, but for a level of rounding in a few."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mmexplore.encoders.image.pixels import Preprocessing, decoded, fit_square
from mmexplore.errors import UserError

SIZES = [(64, 64), (300, 200), (200, 301), (37, 500), (900, 33), (20, 24), (1, 1)]


def _image(width: int, height: int) -> Image.Image:
    random = np.random.default_rng(width * 1000 + height)
    return Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("mode", ["shortest", "squash", "longest"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_the_transforms_of_open_clip(mode: str, interpolation: str) -> None:
    import torch
    from open_clip.transform import image_transform

    reference = image_transform(64, False, (0.0,) * 3, (1.0,) * 3, mode, interpolation, fill_color=7)
    prep = Preprocessing(64, 64, interpolation, mode, fill=7)
    for size in SIZES:
        image = _image(*size)
        ours = torch.from_numpy(fit_square(image, prep).copy()).permute(2, 0, 1) / 255
        off = (ours - reference(image)).abs() * 255
        assert off.max() < 1.001 and (off > 0.5).float().mean() < 5e-3, (size, mode)


def test_order_and_errors_are_kept() -> None:
    cells = [np.full((8, 8, 3), i, np.uint8) for i in range(10)]
    cells[3] = None
    seen, errors = {}, {}
    for positions, pixels, failed in decoded(cells, Preprocessing(4, 4), 4):
        seen |= {p: int(x[0, 0, 0]) for p, x in zip(positions, pixels, strict=True)}
        errors |= failed
    assert seen == {i: i for i in range(10) if i != 3} and list(errors) == [3]


@pytest.mark.parametrize("cell", [None, "a path as text", np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3))])
def test_what_is_no_picture_is_named(cell: object) -> None:
    (answer,) = decoded([cell], Preprocessing(4, 4), 4)
    assert isinstance(answer[2][0], UserError) and answer[0] == []
