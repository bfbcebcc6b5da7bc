"""What each file is given to: every decoder of its suffix, and the reading of a data set that it lies in.

A decoder is added by one line in `DECODERS`. It may return anything, or raise UserError; everything else is a finding.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

from mmexplore.data.dataset import Kind
from mmexplore.data.media import images
from mmexplore.data.media.sounds import read_sound, sound_seconds
from mmexplore.data.media.videos import read_frames
from mmexplore.data.reading import tar, vectors
from mmexplore.data.reading.archive import unpack
from mmexplore.data.reading.cells import check_file
from mmexplore.data.reading.files import beside_table
from mmexplore.data.reading.read import read_pairs, recognise
from mmexplore.data.reading.recognition import guess_columns
from mmexplore.data.reading.series import read_series
from mmexplore.data.reading.tables import read_table
from mmexplore.data.reading.text import read_text
from mmexplore.encoders.audio.mel import log_mel
from mmexplore.encoders.image.pixels import Preprocessing, read_pixels
from mmexplore.errors import UserError
from mmexplore.figures.small import contact_sheet, sparklines, spectrogram
from tests.fuzz.originals import originals, picture, saved

PICTURES = (".jpg", ".png", ".webp", ".gif", ".bmp", ".tiff")
SOUNDS = (".wav", ".flac", ".ogg", ".mp3")
FILMS = (".mp4", ".webm")
TABLES = (".csv", ".tsv", ".jsonl", ".parquet", ".arrow")
ARRAYS = (".npz", ".npy", ".safetensors")
ARCHIVES = (".zip", ".tar", ".tgz")
_SQUARE = Preprocessing(size=32, resize=36, draft=1.0)


def lines_of(path: Path) -> str:
    """A series of its own file, drawn."""
    return sparklines(read_series(path))


#: (suffixes, what is done with a file of them)
DECODERS: list[tuple[tuple[str, ...], Callable[[Path], object]]] = [
    (PICTURES, images.check_image),
    (PICTURES, images.open_image),
    (PICTURES, images.thumbnail),
    (PICTURES, lambda path: read_pixels(path, _SQUARE)),
    ((".gif", ".webp", ".png"), images.is_animated),
    (SOUNDS, lambda path: check_file(Kind.AUDIO, path)),
    (FILMS, lambda path: check_file(Kind.VIDEO, path)),
    (SOUNDS, lambda path: spectrogram(log_mel(read_sound(path, max_seconds=2)))),
    (SOUNDS, sound_seconds),
    ((*FILMS, ".gif", ".webp"), lambda path: contact_sheet([f.pixels for f in read_frames(path, 4)])),
    ((".npy", ".csv", ".tsv", ".parquet"), lines_of),
    ((".npy",), vectors.load_npy),
    ((".npz",), vectors.load_npz),
    ((".safetensors",), vectors.load_safetensors),
    ((".txt",), read_text),
    (TABLES, lambda path: guess_columns(read_table(path, path.parent / "cells"), beside_table(path))),
    ((".zip",), lambda path: unpack(path, path.parent / "out")),
    ((".tar", ".tgz"), lambda path: tar.unpack_tar(path, path.parent / "out")),
]
GOOD = ("good-1", "good-2", "good-3")
_KIND = {**dict.fromkeys(PICTURES, "image"), **dict.fromkeys(SOUNDS, "sound"), **dict.fromkeys(FILMS, "film")}
_KIND |= {".npy": "series", ".txt": "text"}


class Finding(Exception):
    """What must not happen, happened."""


def run_case(suffix: str, data: bytes, folder: Path) -> None:
    """Give the file to everything that may meet it.

    Raises:
        Finding: a good row was lost, or something was written outside of its folder.
        Exception: whatever a decoder raised that is no UserError.
    """
    alone = folder / "alone"
    alone.mkdir(parents=True)
    path = alone / f"file{suffix}"
    path.write_bytes(data)
    for suffixes, decode in DECODERS:
        if suffix in suffixes:
            try:
                decode(path)
            except UserError as error:
                _one_sentence(error)
    if suffix in _KIND or suffix == ".json":
        _beside_good_rows(suffix, data, folder / "beside")
    else:
        _as_a_data_set(path, folder / "work")
    shutil.rmtree(folder)


def _one_sentence(error: UserError) -> None:
    if not str(error).strip() or "\n" in error.what or "Traceback" in str(error):
        raise Finding(f"not one sentence: {str(error)!r}")


def _as_a_data_set(path: Path, work: Path) -> None:
    try:
        recognise(path, workdir=work)
        data = read_pairs(path, workdir=work)
        if not len(data) or len(set(data.ids)) != len(data):
            raise Finding(f"{len(data)} rows with {len(set(data.ids))} ids")
    except UserError as error:
        _one_sentence(error)
    written = {p.name for p in path.parent.iterdir()} - {path.name, "cells", "out"}
    if written:
        raise Finding(f"written beside the file: {sorted(written)}")


def _beside_good_rows(suffix: str, data: bytes, folder: Path) -> None:
    """The file in one row, and three good rows in the same table (or the same folder): these must all be read."""
    column, good = _KIND.get(suffix, "image"), originals()[suffix][0]
    folder.mkdir()
    if suffix in (".txt", ".json"):  # pictures with files of the same name beside them
        for name in (*GOOD, "odd"):
            (folder / f"{name}.jpg").write_bytes(saved(picture(), "JPEG"))
            (folder / f"{name}{suffix}").write_bytes(data if name == "odd" else good)
    else:
        with (folder / "pairs.csv").open("w", newline="", encoding="utf-8") as out:
            table = csv.writer(out)
            table.writerow(["id", column, "text"])
            for name in (*GOOD, "odd"):
                (folder / f"{name}{suffix}").write_bytes(data if name == "odd" else good)
                table.writerow([name, f"{name}{suffix}", f"this is the {name} one"])
    recognise(folder, workdir=folder.parent / "work")
    read = read_pairs(folder, workdir=folder.parent / "work")
    names = {str(i).partition("#")[0] for i in read.ids}
    if not names >= set(GOOD):
        raise Finding(f"good rows were lost: {sorted(names)} are left")
    if "odd" not in names and not any("odd" in f"{r.id} {r.column} {r.reason}" for r in read.rejected):
        raise Finding("a row went without a word")
