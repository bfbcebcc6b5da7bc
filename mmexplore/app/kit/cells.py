"""One cell of a modality that is no photo, as a person sees it: player, frames, lines, rows, a spot on the map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from mmexplore.app.kit.thumbnails import drawn_of
from mmexplore.app.kit.widgets import one_line
from mmexplore.data.dataset import Cell, Kind
from mmexplore.data.kinds import card_of
from mmexplore.data.media.images import jpeg
from mmexplore.errors import UserError

MAX_PLAYED = 8 << 20  # bytes; a larger file is shown, not played: pages hold what they play in memory
SHOWN_SECONDS = 20.0  # of a recording, in its spectrogram
SHEET = 6  # frames of a video
TABLE_LINES = 6


def draw(cell: Cell, kind: Kind, modality: str, parts: Sequence[str] = ()) -> None:
    """A sound, video, series, table row, place or vector, inside a card.

    Args:
        parts: names of a table's columns.
    """
    drawers: dict[Kind, Callable[[Any], None]] = {
        Kind.AUDIO: _sound,
        Kind.VIDEO: _video,
        Kind.SERIES: _series,
        Kind.PLACE: _place,
        Kind.TABLE: lambda row: _table(row, parts),
    }
    fits = isinstance(cell, Path) if kind in (Kind.AUDIO, Kind.VIDEO) else isinstance(cell, np.ndarray | Path)
    if kind in drawers and fits:
        drawers[kind](cell)
    elif isinstance(cell, Path):
        _file(cell, kind)
    else:
        st.text(f"{one_line(modality, 30)}: {np.size(np.asarray(cell)):,} numbers")


def _file(path: Path, kind: Kind) -> None:
    """A file of a kind that a package has added: the picture that the package makes of it, else its name."""
    card = card_of(kind)
    picture = None if card is None else card.picture

    def draw(file: Path) -> tuple[bytes, str]:
        assert picture is not None
        try:
            return picture(file)
        except Exception as error:  # whatever the package does, the page goes on and shows the name
            raise UserError("cannot be drawn", file.name) from error

    made = None if picture is None else drawn_of(path, str(kind), draw)
    if made is None:
        st.text(one_line(path.name, 60))
        return
    st.image(str(made[0]), width="stretch")
    st.text(one_line(made[1], 80))


def _played(kind: Kind, path: Path) -> str | None:
    """The media type by which a browser plays the file, or None."""
    card = card_of(kind)
    return None if card is None else card.played.get(path.suffix.lower())


# -- sound and video -------------------------------------------------------------------
def _sound(path: Path) -> None:
    picture, note = drawn_of(path, "sound", _sound_picture) or (None, "")
    if picture is None:
        st.text(f"{one_line(path.name, 60)} (cannot be decoded)")
        return
    st.image(str(picture), width="stretch")
    if path.stat().st_size <= MAX_PLAYED:
        st.audio(str(path), format=_played(Kind.AUDIO, path) or "audio/wav")
    st.caption(note)


def _video(path: Path) -> None:
    picture, note = drawn_of(path, "video", _video_picture) or (None, "")
    if picture is None:
        st.text(f"{one_line(path.name, 60)} (cannot be decoded)")
        return
    st.image(str(picture), width="stretch")
    played = _played(Kind.VIDEO, path)
    if played and path.stat().st_size <= MAX_PLAYED:
        st.video(str(path), format=played)
    st.caption(note)


def _sound_picture(path: Path) -> tuple[bytes, str]:
    """(JPEG, a line under it) of a sound file."""
    from mmexplore.data.media.sounds import read_sound, sound_seconds
    from mmexplore.encoders.audio.mel import log_mel
    from mmexplore.figures.small import spectrogram

    samples = read_sound(path, max_seconds=SHOWN_SECONDS)
    return jpeg(spectrogram(log_mel(samples))), f"{sound_seconds(path):.1f} s{'' if samples.any() else ', silent'}"


def _video_picture(path: Path) -> tuple[bytes, str]:
    """(JPEG, a line under it) of a video file."""
    from mmexplore.data.media.videos import read_frames
    from mmexplore.figures.small import contact_sheet

    frames = read_frames(path, SHEET)
    return jpeg(contact_sheet([f.pixels for f in frames])), f"{frames[-1].seconds:.1f} s"


# -- numbers ---------------------------------------------------------------------------
def _series(cell: np.ndarray | Path) -> None:
    from mmexplore.data.reading.series import read_series
    from mmexplore.figures.small import sparklines

    try:
        series = read_series(cell)
    except (UserError, OSError):
        st.text("(series cannot be read)")
        return
    st.image(sparklines(series), width="stretch")
    channels = f" x {series.shape[1]} channels" if series.shape[1] > 1 else ""
    st.caption(f"{len(series):,} points{channels}")


def _place(cell: np.ndarray) -> None:
    from mmexplore.figures.small import spot

    latitude, longitude = (float(v) for v in cell[:2])
    st.image(spot(latitude, longitude), width="stretch")
    st.caption(f"{latitude:.3f}, {longitude:.3f}")


def _table(row: np.ndarray, parts: Sequence[str]) -> None:
    names = parts if len(parts) == len(row) else [f"column {j + 1}" for j in range(len(row))]
    for name, value in list(zip(names, row, strict=True))[:TABLE_LINES]:
        st.text(f"{one_line(name, 24)}: {one_line(value, 40) or '-'}")
    if len(row) > TABLE_LINES:
        st.caption(f"and {len(row) - TABLE_LINES} more")
