"""Photos to model input: decode, resize, crop; in a few threads, ahead of the inference that eats them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from PIL import Image

from mmexplore import runtime
from mmexplore.data.dataset import Cell
from mmexplore.errors import UserError

#: part of every image encoder's version; raise it when the same file would give other pixels
PIXELS_VERSION = "px2"

_RESAMPLE = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "nearest": Image.Resampling.NEAREST,
    "lanczos": Image.Resampling.LANCZOS,
}


@dataclass(frozen=True)
class Preprocessing:
    """From a photo to a square of `size` pixels.

    mode: "shortest": the shorter side becomes `resize`, then the centre is cropped; "squash": both sides become
    `size`; "longest": the longer side becomes `size`, and the rest is filled with `fill`.
    draft: JPEGs may be decoded at a reduced scale as long as the shorter side keeps `draft` x the pixels needed
    (0: never).
    """

    size: int
    resize: int
    interpolation: str = "bicubic"
    mode: Literal["shortest", "squash", "longest"] = "shortest"
    fill: int = 0
    draft: float = 0.0

    @property
    def version(self) -> str:
        return f"{PIXELS_VERSION}-{self.mode}-{self.resize}-{self.size}-{self.interpolation}-d{self.draft:g}"


def read_pixels(cell: Cell, prep: Preprocessing) -> np.ndarray:
    """uint8 [size, size, 3], RGB. Raises UserError for what is no readable picture."""
    if isinstance(cell, np.ndarray):
        if cell.dtype != np.uint8 or cell.ndim != 3 or cell.shape[2] != 3:
            raise UserError(f"a picture given as an array must be uint8 [H, W, 3], found {cell.dtype} {cell.shape}")
        return fit_square(Image.fromarray(cell), prep)
    if cell is None or isinstance(cell, str):
        raise UserError("there is no picture", "" if cell is None else cell[:80], "give a picture file")
    from mmexplore.data.media.images import open_image

    side = round(prep.resize * prep.draft)
    return fit_square(open_image(cell, draft=(side, side) if side else None), prep)


def fit_square(image: Image.Image, prep: Preprocessing) -> np.ndarray:
    """uint8 [size, size, 3]: the pixels of torchvision's Resize and CenterCrop on a PIL image.

    Only the part that the crop keeps is resized, which halves the work; through rounding about one value in 30,000
    of a photo differs (one in 400 of pure noise), by one level of 255.
    """
    width, height = image.size
    resample = _RESAMPLE[prep.interpolation]
    size = prep.size
    if prep.mode == "squash":
        return np.asarray(image.resize((size, size), resample))
    if prep.mode == "longest":
        scale = size / max(width, height)
        new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    else:
        # torchvision: the longer side is int(resize * long / short)
        longer = int(prep.resize * max(width, height) / min(width, height))
        new_width, new_height = (prep.resize, longer) if width <= height else (longer, prep.resize)
    left, top = round((new_width - size) / 2), round((new_height - size) / 2)
    if left >= 0 and top >= 0 and new_width <= width:
        x, y = width / new_width, height / new_height
        # The last corner may pass the picture's edge by a rounding error, which Pillow refuses.
        box = (left * x, top * y, min(width, (left + size) * x), min(height, (top + size) * y))
        return np.asarray(image.resize((size, size), resample, box=box))
    if left >= 0 and top >= 0:  # enlarged: there is little to save, and the crop's rounding would show
        whole = image.resize((new_width, new_height), resample)
        return np.asarray(whole.crop((left, top, left + size, top + size)))
    canvas = Image.new("RGB", (size, size), (prep.fill,) * 3)
    canvas.paste(image.resize((new_width, new_height), resample), ((size - new_width) // 2, (size - new_height) // 2))
    return np.asarray(canvas)


@cache
def _decoders() -> ThreadPoolExecutor:
    # Pillow lets go of the interpreter lock while it decodes and resizes.
    return ThreadPoolExecutor(max_workers=max(2, runtime.threads()), thread_name_prefix="decode")


def decoded(
    cells: Sequence[Cell], prep: Preprocessing, chunk: int
) -> Iterator[tuple[list[int], np.ndarray, dict[int, UserError]]]:
    """Decode `cells` in threads; yields (positions, uint8 [b, size, size, 3], position -> error) chunk by chunk.

    All cells are queued at once, so the next chunk is decoded while the caller runs the last one. A chunk without a
    readable picture is yielded with no positions.
    """
    waiting = [_decoders().submit(read_pixels, cell, prep) for cell in cells]
    try:
        for start in range(0, len(cells), chunk):
            positions: list[int] = []
            pixels: list[np.ndarray] = []
            errors: dict[int, UserError] = {}
            for position in range(start, min(start + chunk, len(cells))):
                try:
                    pixels.append(waiting[position].result())
                    positions.append(position)
                except UserError as error:
                    errors[position] = error
            shape = (0, prep.size, prep.size, 3)
            yield positions, np.stack(pixels) if pixels else np.zeros(shape, np.uint8), errors
    finally:
        for future in waiting:
            future.cancel()
