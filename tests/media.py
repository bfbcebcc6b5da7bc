"""Sounds, videos and series that the tests make: nothing that others made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np


def tone(hertz: float, seconds: float = 1.0, rate: int = 16_000, level: float = 0.5) -> np.ndarray:
    """float32 [T]: a pure tone."""
    return (level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def write_sound(path: Path, samples: np.ndarray, rate: int = 16_000) -> Path:
    """Written in the format that the suffix names."""
    import soundfile

    soundfile.write(path, samples, rate)
    return path


def write_video(path: Path, colours: Sequence[tuple[int, int, int]], each: int = 10, size=(160, 120)) -> Path:
    """A clip in which each colour fills `each` frames at 25 a second; MP4 (H.264) or WebM (VP9) by the suffix."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264" if path.suffix == ".mp4" else "libvpx-vp9", rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for colour in colours:
            for _ in range(each):
                pixels = np.full((size[1], size[0], 3), colour, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


def write_gif(path: Path, colours: Sequence[tuple[int, int, int]]) -> Path:
    """An animated GIF or WebP, a frame a colour."""
    from PIL import Image

    first, *rest = [Image.new("RGB", (40, 30), c) for c in colours]
    first.save(path, save_all=True, append_images=rest, duration=100)
    return path
