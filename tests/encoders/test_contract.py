"""What every encoder must hold, tested over those that are found: a new encoder is tested by existing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from mmexplore.data import kinds
from mmexplore.data.dataset import Cell, Kind
from mmexplore.encoders import found, registry
from mmexplore.encoders.base import Encoder, EncoderCard, FittedEncoder
from mmexplore.errors import UserError
from tests.media import tone, write_sound, write_video

N = 5
TEXTS = ("a dog runs on grass", "ein Bär", "狗在跑", "red", "a much longer text, of several clauses, and of many words")
#: they keep the length of what comes in
ANY_LENGTH = {Kind.VECTOR}

every = pytest.mark.parametrize(
    "name", [*dict.fromkeys(name for name, _ in found.built_in()), "video:efficientnet-lite0"]
)


def _photos(folder: Path) -> list[Path]:
    from PIL import Image

    random, paths = np.random.default_rng(0), []
    for i in range(N):
        pixels = random.integers(0, 256, (12, 16 + 4 * i, 3), np.uint8)
        paths.append(folder / f"{i}.png")
        Image.fromarray(pixels).resize((160 + 40 * i, 120)).save(paths[-1])
    return paths


def _sounds(folder: Path) -> list[Path]:
    return [write_sound(folder / f"{i}.wav", tone(300 + 200 * i, 0.3 + 0.4 * i)) for i in range(N)]


def _videos(folder: Path) -> list[Path]:
    return [write_video(folder / f"{i}.mp4", [(40 * i, 200 - 30 * i, 90), (10, 30 * i, 200)]) for i in range(N)]


def _series(folder: Path) -> list[np.ndarray]:
    time = np.arange(120)[:, None]
    return [np.sin(time[: 80 + 10 * i] / (3 + i) + np.array([0, 1])).astype(np.float32) for i in range(N)]


def _table(folder: Path) -> list[np.ndarray]:
    return [np.array([str(1.5 * i), ["red", "blue"][i % 2], "" if i == 3 else str(i * i)]) for i in range(N)]


def _places(folder: Path) -> list[np.ndarray]:
    return [np.array([10.0 * i, -20.0 * i], np.float32) for i in range(N)]


def _vectors(folder: Path) -> list[np.ndarray]:
    return list(np.random.default_rng(0).normal(size=(N, 7)).astype(np.float32))


def _no_media(folder: Path) -> Path:
    bad = folder / "bad.wav"
    bad.write_bytes(b"RIFF but no more")
    return bad


#: kind -> (N different good cells, one that cannot be decoded); a new kind needs a line here
CELLS: dict[Kind, tuple[Callable[[Path], list], Callable[[Path], Cell]]] = {
    Kind.IMAGE: (_photos, _no_media),
    Kind.TEXT: (lambda folder: list(TEXTS), lambda folder: np.zeros(3)),
    Kind.AUDIO: (_sounds, _no_media),
    Kind.VIDEO: (_videos, _no_media),
    Kind.SERIES: (_series, lambda folder: np.array([["no number"]])),
    Kind.TABLE: (_table, lambda folder: np.array(["1", "2"])),
    Kind.PLACE: (_places, lambda folder: np.zeros(3, np.float32)),
    Kind.VECTOR: (_vectors, lambda folder: np.full(7, np.nan, np.float32)),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cells")


@cache
def _made(name: str, folder: Path) -> tuple[Encoder, list[Cell], Cell]:
    """The encoder (fitted to the good cells where it has to be), the good cells and the bad one."""
    if name == "catch22":
        pytest.importorskip("pycatch22", reason="an optional package, under the GPL")
    encoder = registry.load(name)
    good, bad = (make(folder) for make in CELLS[encoder.card.kind])
    return (encoder.fit(good) if isinstance(encoder, FittedEncoder) else encoder), good, bad


def test_every_kind_has_cells_to_be_tested_with() -> None:
    assert set(CELLS) == set(kinds.cards())


@every
def test_it_is_what_its_card_says(name: str, folder: Path) -> None:
    encoder, _, _ = _made(name, folder)
    assert isinstance(encoder.card, EncoderCard) and encoder.card.name == name
    assert registry.find_card(name) == encoder.card
    assert encoder.version and encoder.batch_size >= 1


@every
def test_vectors_are_float32_of_the_width_and_length_that_was_said(name: str, folder: Path) -> None:
    encoder, good, _ = _made(name, folder)
    vectors = encoder.encode(good)
    assert vectors.shape == (N, encoder.card.dim or vectors.shape[1]) and vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    if encoder.card.kind not in ANY_LENGTH:
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert len({v.tobytes() for v in vectors}) == N, "different cells have different vectors"


@every
def test_a_batch_is_one_by_one(name: str, folder: Path) -> None:
    encoder, good, _ = _made(name, folder)
    together = encoder.encode(good)
    alone = np.concatenate([encoder.encode([cell]) for cell in good])
    cosines = (together * alone).sum(1) / np.linalg.norm(together, axis=1) / np.linalg.norm(alone, axis=1)
    assert cosines.min() > 0.9999
    assert len(encoder.encode([])) == 0


@every
def test_a_bad_cell_is_told_and_does_not_stop_the_rest(name: str, folder: Path) -> None:
    encoder, good, bad = _made(name, folder)
    first, told, last = encoder.encode_each([good[0], bad, good[1]])
    assert isinstance(told, UserError) and told.what
    expected = encoder.encode(good[:2])
    for answer, vector in zip((first, last), expected, strict=True):
        assert isinstance(answer, np.ndarray) and answer.shape == vector.shape
        np.testing.assert_allclose(answer, vector, atol=2e-2)


@every
def test_the_same_bytes_have_the_same_vector(name: str, folder: Path, tmp_path: Path) -> None:
    encoder, good, _ = _made(name, folder)
    cell = good[1]
    same = Path(shutil.copy(cell, tmp_path / f"other name{cell.suffix}")) if isinstance(cell, Path) else cell
    np.testing.assert_array_equal(encoder.encode([cell]), encoder.encode([same]))
