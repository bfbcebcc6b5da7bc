"""Video files opened safely: MP4, WebM and what else FFmpeg reads, animated GIF and WebP; a few frames of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mmexplore.data.dataset import Cell
from mmexplore.data.media.images import MAX_PIXELS
from mmexplore.data.reading.file_names import suffix_of
from mmexplore.errors import UserError
from mmexplore.optional import require

FRAMES = 12
MAX_BYTES = 2_000_000_000
MAX_DECODED = 5_000  # frames that are looked at in one file
MAX_DECODED_PIXELS = 4_000_000_000  # about 2,000 frames of 1920 x 1080
#: of videos longer than this only key frames are decoded, which is many times as fast
LONG_SECONDS = 90.0
SIDE = 640  # frames are made smaller at once: encoders need no more

#: FFmpeg's names of the containers that are read; not its playlists, which name further files to open
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,ogg,flv,asf"

_REMEDY = "save it again as MP4 (H.264) or WebM"


@dataclass(frozen=True)
class Frame:
    """One frame: upright RGB, uint8 [H, W, 3], at most `SIDE` pixels a side, and when it is shown, in seconds."""

    pixels: np.ndarray
    seconds: float


def read_frames(cell: Cell, frames: int = FRAMES) -> list[Frame]:
    """`frames` frames spread evenly over a video (all of them where it has fewer), first and last included.

    Decoding ends after `MAX_DECODED` frames or `MAX_DECODED_PIXELS`, whatever the header claims: the frames are then
    spread over that part. Of a video longer than `LONG_SECONDS` the key frames are taken.

    Raises:
        UserError: no file, no picture in it, too many pixels, or nothing that can be decoded.
    """
    path = _checked(cell)
    source = _animation(path) if suffix_of(path.name) in (".gif", ".webp") else _video(path)
    kept, stride, spread = [], 1, 4 * frames
    pixels = 0
    last: Frame | None = None
    try:
        for i, (frame, size) in enumerate(source):
            pixels += size
            last = frame
            if i % stride == 0:
                kept.append(frame)
                if len(kept) >= 2 * spread:  # how long it is nobody knows before the end: thin out what is kept
                    kept, stride = kept[::2], 2 * stride
            if i + 1 >= MAX_DECODED or pixels > MAX_DECODED_PIXELS:
                break
    except UserError:
        raise
    except Exception as error:  # FFmpeg's and Pillow's own errors; what was decoded before still shows the video
        if not kept:
            raise UserError("the video cannot be decoded (damaged or truncated)", path.name, _REMEDY) from error
    if not kept or last is None:
        raise UserError("the video holds no picture", path.name, _REMEDY)
    if kept[-1] is not last:
        kept.append(last)
    at = np.unique(np.linspace(0, len(kept) - 1, min(frames, len(kept))).round().astype(int))
    return [kept[i] for i in at]


def _video(path: Path) -> Iterator[tuple[Frame, int]]:
    require("av", "encoders", "videos")
    import av

    with av.open(str(path), options={"protocol_whitelist": "file", "format_whitelist": CONTAINERS}) as container:
        stream = next(iter(container.streams.video), None)
        if stream is None:
            raise UserError("the file holds no video", path.name, "make its column one of sounds")
        context = stream.codec_context
        if context.width * context.height > MAX_PIXELS:
            raise UserError(f"its frames have more than {MAX_PIXELS:,} pixels", path.name, "save it smaller")
        if container.duration and container.duration / 1e6 > LONG_SECONDS:
            context.skip_frame = "NONKEY"
        for i, frame in enumerate(container.decode(stream)):
            if frame.width * frame.height > MAX_PIXELS:
                raise UserError(f"its frames have more than {MAX_PIXELS:,} pixels", path.name, "save it smaller")
            small = max(1.0, max(frame.width, frame.height) / SIDE)
            width, height = max(1, round(frame.width / small)), max(1, round(frame.height / small))
            rgb = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
            quarter = round(-float(frame.rotation or 0) / 90) % 4 if hasattr(frame, "rotation") else 0
            rgb = np.ascontiguousarray(np.rot90(rgb, -quarter)) if quarter else rgb
            yield Frame(rgb, float(frame.time if frame.time is not None else i / 25)), frame.width * frame.height


def _animation(path: Path) -> Iterator[tuple[Frame, int]]:
    from mmexplore.data.media.images import FORMATS

    seconds = 0.0
    with Image.open(path, formats=FORMATS) as image:
        size = image.width * image.height
        if size > MAX_PIXELS:
            raise UserError(f"its frames have more than {MAX_PIXELS:,} pixels", path.name, "save it smaller")
        for i in range(MAX_DECODED):
            try:
                image.seek(i)
            except EOFError:
                return
            layer = image.convert("RGBA")
            white = Image.new("RGB", layer.size, (255, 255, 255))
            white.paste(layer, mask=layer.getchannel("A"))
            white.thumbnail((SIDE, SIDE))
            yield Frame(np.asarray(white), seconds), size
            seconds += float(image.info.get("duration", 100) or 100) / 1000


def _checked(cell: Cell) -> Path:
    if not isinstance(cell, Path):
        raise UserError("there is no video", "" if cell is None else str(cell)[:80], "give a video file")
    if not cell.is_file():
        raise UserError("the file does not exist", cell.name, "check its name in the table")
    if not 0 < cell.stat().st_size <= MAX_BYTES:
        raise UserError(f"the file is empty or has more than {MAX_BYTES:,} bytes", cell.name, "save it shorter")
    return cell
