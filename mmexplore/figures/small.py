"""Small pictures of items that are no photos, for cards: spectrogram, frames, sparklines, a spot on the map.

Each is a picture, or an SVG made of numbers and our own colours: nothing that a person typed or uploaded gets into it
as text.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from mmexplore.figures.places import coast
from mmexplore.figures.theme import BASE, LINE, OTHER, RAMP

WIDTH = 320
MAX_LANES = 6  # channels drawn; the card says how many there are
POINTS = 160  # of a sparkline


def spectrogram(log_mel: np.ndarray) -> Image.Image:
    """Log power in mel bands [frames, bands] -> time across, pitch up, loudness as colour; RGB, 640 x 220."""
    image = np.asarray(log_mel, float).T[::-1]
    step = max(1, image.shape[1] // WIDTH)
    image = image[:, : image.shape[1] // step * step].reshape(len(image), -1, step).max(axis=2)
    top = image.max()
    shade = np.clip((image - (top - 9)) / 9, 0, 1) if top > -17 else np.zeros_like(image)  # the upper 40 dB
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in ("#10162A", *RAMP)], float)
    at = shade * (len(stops) - 1)
    low = np.minimum(at.astype(int), len(stops) - 2)
    pixels = stops[low] + (stops[low + 1] - stops[low]) * (at - low)[..., None]
    return Image.fromarray(pixels.astype(np.uint8)).resize((2 * WIDTH, 220), Image.Resampling.BILINEAR)


def contact_sheet(frames: Sequence[np.ndarray]) -> Image.Image:
    """One to six frames, uint8 [H, W, 3], in reading order, three a line; RGB, 320 wide."""
    columns = min(3, len(frames))
    width = WIDTH // columns
    height = max(1, round(width * frames[0].shape[0] / frames[0].shape[1]))
    lines = -(-len(frames) // columns)
    sheet = Image.new("RGB", (columns * width, lines * height), "#808691")
    for i, pixels in enumerate(frames):
        small = Image.fromarray(pixels).resize((width - 2, max(1, height - 2)), Image.Resampling.BILINEAR)
        sheet.paste(small, (i % columns * width + 1, i // columns * height + 1))
    return sheet


def sparklines(series: np.ndarray) -> str:
    """float [T, C] -> a line a channel, each on its own scale, at most `MAX_LANES` of them; SVG, 320 wide."""
    lanes = min(series.shape[1], MAX_LANES)
    height = 72 if lanes == 1 else 34
    lines = []
    for c in range(lanes):
        x, y = _thinned(np.asarray(series[:, c], float))
        low, high = float(y.min()), float(y.max())
        share = (y - low) / (high - low) if high > low else np.full(len(y), 0.5)
        points = " ".join(
            f"{4 + (WIDTH - 8) * a:.1f},{c * height + 4 + (height - 8) * (1 - b):.1f}"
            for a, b in zip(x, share, strict=True)
        )
        stroke = f'fill="none" stroke="{BASE[c % len(BASE)]}" stroke-width="2" stroke-linejoin="round"'
        lines.append(f'<polyline points="{points}" {stroke}/>')
    return _svg(lanes * height, "".join(lines))


def _thinned(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(time 0..1, values): of a long series the lowest and highest value of each stretch, so that no peak is lost."""
    if len(values) <= 2 * POINTS:
        values = np.resize(values, max(2, len(values)))
        return np.linspace(0, 1, len(values)), values
    parts = np.array_split(values, POINTS)
    found = np.array([[p.min(), p.max()] for p in parts]).reshape(-1)
    return np.linspace(0, 1, len(found)), found


def spot(latitude: float, longitude: float) -> str:
    """Where a place lies on the world; SVG, 320 x 160."""
    paths = "".join(f'<path d="M{" L".join(f"{_x(a):.0f} {_y(b):.0f}" for a, b in line)}"/>' for line in coast())
    x, y = _x((longitude + 180) % 360 - 180), _y(latitude)
    dot = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7" fill="{BASE[5]}" stroke="white" stroke-width="2"/>'
    frame = f'<rect x="0.5" y="0.5" width="319" height="159" rx="4" fill="none" stroke="{LINE}"/>'
    return _svg(160, f'{frame}<g fill="none" stroke="{OTHER}" stroke-width="1">{paths}</g>{dot}')


def _x(longitude: float) -> float:
    return (longitude + 180) / 360 * WIDTH


def _y(latitude: float) -> float:
    return (90 - latitude) / 180 * 160


def _svg(height: int, inner: str, width: int = WIDTH) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"{inner}</svg>"
    )
