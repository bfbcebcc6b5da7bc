"""Small data sets of every kind, drawn and composed here, as a person would bring them: a ZIP or a table."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import numpy as np

from tests.media import tone, write_sound, write_video

CLASSES = ("red", "green", "blue")
PAINT = {"red": (200, 40, 40), "green": (40, 170, 60), "blue": (40, 70, 200)}


def _zip(path: Path, table: list[dict], folder: Path | None = None) -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]))
    writer.writeheader()
    writer.writerows(table)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pairs.csv", text.getvalue())
        for file in sorted(folder.iterdir()) if folder is not None else ():
            archive.write(file, f"media/{file.name}")
    return path


def videos(folder: Path, n: int = 18) -> Path:
    """Clips that begin in the class's colour and fade, each with a caption."""
    random, media = np.random.default_rng(0), folder / "media"
    media.mkdir(parents=True)
    table = []
    for i in range(n):
        name = CLASSES[i % 3]
        paint = np.clip(np.array(PAINT[name]) + random.integers(-30, 30, 3), 0, 255)
        fades = [tuple(int(v) for v in paint * share) for share in (1, 0.8, 0.6)]
        file = write_video(media / f"clip{i}.{('mp4', 'webm')[i % 2]}", fades, each=4, size=(96, 64))
        note = f"a {name} lamp that slowly goes out, take {i}"
        table.append({"id": f"v{i}", "video": f"media/{file.name}", "caption": note, "label": name})
    return _zip(folder / "videos.zip", table, media)


def sounds(folder: Path, n: int = 18) -> Path:
    """Tones of three pitches, each with a caption."""
    random, media = np.random.default_rng(1), folder / "media"
    media.mkdir(parents=True)
    table = []
    for i in range(n):
        pitch = ("low", "middle", "high")[i % 3]
        hertz = {"low": 200, "middle": 800, "high": 2500}[pitch] * random.uniform(0.95, 1.05)
        samples = tone(hertz, random.uniform(0.3, 0.9)) + 0.02 * random.normal(size=1).astype(np.float32)
        file = write_sound(media / f"s{i}.{('wav', 'ogg', 'flac')[i % 3]}", samples)
        note = f"a {pitch} tone, recording {i}"
        table.append({"id": f"s{i}", "sound": f"media/{file.name}", "caption": note, "label": pitch})
    return _zip(folder / "sounds.zip", table, media)


def sensors(folder: Path, n: int = 36) -> Path:
    """Two channels of unequal length in one column of JSON arrays, a note and the machine's state."""
    random = np.random.default_rng(2)
    folder.mkdir(parents=True, exist_ok=True)
    table = []
    for i in range(n):
        state = ("idle", "turning", "faulty")[i % 3]
        t = np.arange(random.integers(60, 120)) / 8
        wave = {"idle": 0 * t, "turning": np.sin(t), "faulty": np.sign(np.sin(2.5 * t))}[state]
        series = np.stack([wave, 0.5 * wave], axis=1) + 0.1 * random.normal(size=(len(t), 2))
        note = f"the machine was {state} when the reading of hour {i} was taken"
        table.append({"id": f"m{i}", "sensor": json.dumps(series.round(3).tolist()), "note": note, "label": state})
    return _zip(folder / "sensors.zip", table)


TOWNS = (("Lisbon", 38.7, -9.1), ("Oslo", 59.9, 10.7), ("Nairobi", -1.3, 36.8), ("Lima", -12.0, -77.0))


def places(folder: Path, n: int = 40) -> Path:
    """Places near four towns with a description and a table: two measurements, a category, holes."""
    random = np.random.default_rng(3)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "places.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "latitude", "longitude", "description", "height", "rain", "wind", "soil", "label"])
        for i in range(n):
            town, latitude, longitude = TOWNS[i % 4]
            rain = "" if i % 10 == 9 else f"{random.normal(10 * (i % 4), 1):.2f}"
            row = [f"p{i}", f"{latitude + random.normal() / 5:.3f}", f"{longitude + random.normal() / 5:.3f}"]
            row += [f"a weather station in the hills near {town}, number {i}", f"{random.normal(500, 90):.1f}", rain]
            writer.writerow([*row, f"{random.normal(5, 2):.2f}", ("sand", "clay")[i % 2], town])
    return path


def six_views(folder: Path, n: int = 60) -> Path:
    """Six arrays that see one hidden class, more or less clearly, and the class itself."""
    random = np.random.default_rng(4)
    folder.mkdir(parents=True, exist_ok=True)
    classes = np.arange(n) % 3
    centres = random.normal(size=(3, 5))
    hidden = centres[classes]
    views = {}
    for j in range(6):
        noise = (0.3 + 0.4 * j) * random.normal(size=(n, 4 + j))
        views[f"view{j}"] = (hidden @ random.normal(size=(5, 4 + j)) + noise).astype(np.float32)
    path = folder / "views.npz"
    np.savez(path, label=np.array(CLASSES)[classes], **views)
    return path
