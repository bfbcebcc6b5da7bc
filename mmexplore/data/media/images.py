"""Pictures opened safely: few formats, a pixel cap before decoding, every mode turned into upright RGB.

What is checked when: `check_image` reads the header (format, pixel count) and, for PNG, every checksum; it is run on
every picture when pairs are read. Pixels are decoded when a picture is encoded or shown (`open_image`); a truncated
JPEG, whose header is sound, is found then, and the encoder lists it.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from mmexplore.data.examples import emoji_pictures
from mmexplore.errors import UserError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
MAX_PIXELS = 80_000_000  # 240 MB as RGB
MAX_BYTES = 500_000_000
# Our own cap lies below Pillow's warning; its error, at twice that, stays in force.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


@dataclass(frozen=True)
class ImageHeader:
    """What a picture's header says."""

    format: str
    width: int
    height: int


def check_image(cell: Path | bytes, max_pixels: int = MAX_PIXELS) -> ImageHeader:
    """Read the header (and a PNG's checksums) without decoding pixels.

    Raises:
        UserError: not one of `FORMATS`, more than `max_pixels`, or damaged where that shows without decoding.
    """
    with _opened(cell, max_pixels) as image:
        header = ImageHeader(image.format or "", image.width, image.height)
        if image.format == "PNG":
            try:
                image.verify()
            except Exception as error:
                raise _broken(cell) from error
    return header


def is_animated(cell: Path | bytes) -> bool:
    """Has a GIF, WebP or PNG several frames? Raises UserError as `check_image` does."""
    with _opened(cell, MAX_PIXELS) as image:
        try:
            return bool(getattr(image, "is_animated", False))
        except Exception as error:
            raise _broken(cell) from error


def open_image(cell: Path | bytes, max_pixels: int = MAX_PIXELS, draft: tuple[int, int] | None = None) -> Image.Image:
    """The picture as upright 8-bit RGB, first frame, transparency flattened on white, no metadata.

    Args:
        cell: a file, or the bytes of one.
        max_pixels: refused above this, judged by the header, before anything is decoded.
        draft: (width, height) that is enough: a JPEG is then decoded at 1/2, 1/4 or 1/8 of its size, never below
            `draft`, which is several times as fast. Other formats ignore it.

    Raises:
        UserError: not one of `FORMATS`, too many pixels, or it cannot be decoded (damaged or truncated).
    """
    with _opened(cell, max_pixels) as image:
        try:
            if draft is not None and image.format in ("JPEG", "MPO"):
                side = max(draft)  # EXIF may turn the picture, so that width and height change places
                image.draft(image.mode, (side, side))
            image.load()
            rgb = _to_rgb(_upright(image))
        except Exception as error:
            raise _broken(cell) from error
    rgb.info = {}
    return rgb


def thumbnail(cell: Path | bytes, px: int = 256) -> bytes:
    """The picture, at most `px` a side, as JPEG bytes without EXIF. Raises UserError as `open_image` does."""
    image = open_image(cell, draft=(px, px))
    image.thumbnail((px, px), Image.Resampling.BICUBIC)
    return jpeg(image)


def jpeg(image: Image.Image) -> bytes:
    """An RGB picture as the bytes of a JPEG."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def where(cell: Path | bytes) -> str:
    """How a cell is called in a message."""
    return cell.name if isinstance(cell, Path) else "image"


def _opened(cell: Path | bytes, max_pixels: int) -> Image.Image:
    if isinstance(cell, Path):
        emoji_pictures.make(cell)
    if isinstance(cell, Path) and not cell.is_file():
        raise UserError("the file does not exist", where(cell), "check its name in the table")
    size = cell.stat().st_size if isinstance(cell, Path) else len(cell)
    if size == 0:
        raise UserError("the file is empty", where(cell), "save the picture again")
    if size > MAX_BYTES:
        raise UserError(f"the file has more than {MAX_BYTES:,} bytes", where(cell), "save it smaller")
    try:
        image = Image.open(io.BytesIO(cell) if isinstance(cell, bytes) else cell, formats=FORMATS)
    except Image.DecompressionBombError:
        raise _too_large(cell, "", max_pixels) from None
    except Exception as error:
        raise UserError(
            "not a readable JPEG, PNG, WebP, GIF, BMP or TIFF picture", where(cell), "save it again as JPEG or PNG"
        ) from error
    if image.width * image.height > max_pixels:
        size_text = f" ({image.width:,} x {image.height:,})"
        image.close()
        raise _too_large(cell, size_text, max_pixels)
    return image


def _too_large(cell: Path | bytes, size: str, max_pixels: int) -> UserError:
    return UserError(f"the picture{size} has more than {max_pixels:,} pixels", where(cell), "save it smaller")


def _broken(cell: Path | bytes) -> UserError:
    what = "the picture cannot be decoded (damaged or truncated)"
    return UserError(what, where(cell), "save it again as JPEG or PNG")


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - damaged EXIF says nothing about the pixels: keep them as they lie
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return _from_wide(image)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        layer = image.convert("RGBA")
        white = Image.new("RGB", layer.size, (255, 255, 255))
        white.paste(layer, mask=layer.getchannel("A"))
        return white
    return image.convert("RGB") if image.mode != "RGB" else image.copy()


def _from_wide(image: Image.Image) -> Image.Image:
    """16-bit, 32-bit or float grey -> RGB: 16-bit values are divided by 257, anything wider or signed is stretched."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float32))
    low, high = float(values.min()), float(values.max())
    if image.mode == "F" or low < 0 or high > 65535:
        values = (values - low) * (255.0 / max(high - low, 1e-12))
    elif image.mode.startswith("I;16") or high > 255:
        values = values / 257.0
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8)).convert("RGB")
