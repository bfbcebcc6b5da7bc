"""Media made by the tests: every file is drawn or packed here."""

from __future__ import annotations

import io
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def _jpeg(seed: int = 0, size: tuple[int, int] = (24, 16), suffix: str = "JPEG") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, suffix)
    return out.getvalue()


def _wav(seconds: float = 0.05) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.zeros(int(8000 * seconds), np.int16).tobytes())
    return out.getvalue()


@pytest.fixture(scope="session")
def jpeg():
    """jpeg(seed, size=(24, 16), suffix="JPEG") -> bytes of a small picture."""
    return _jpeg


@pytest.fixture(scope="session")
def wav():
    """wav(seconds) -> bytes of a small sound."""
    return _wav


@pytest.fixture
def folder(tmp_path):
    """folder({"a/b.txt": "text or bytes"}) -> a new folder with these files."""
    count = iter(range(1000))

    def make(files: dict[str, str | bytes]) -> Path:
        root = tmp_path / f"given-{next(count)}"
        root.mkdir()
        for name, data in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data.encode() if isinstance(data, str) else data)
        return root

    return make


@pytest.fixture
def zipped(tmp_path):
    """zipped({"a/b.txt": "text or bytes"}) -> a ZIP with these members."""

    def make(files: dict[str, str | bytes], name: str = "given.zip") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, data in files.items():
                archive.writestr(member, data)
        return path

    return make


@pytest.fixture
def work(tmp_path):
    """The folder that a reading may write into."""
    return tmp_path / "work"
