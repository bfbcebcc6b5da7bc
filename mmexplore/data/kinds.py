"""Kinds of data: ONE table of what belongs to each (suffixes, check, default encoder, may it be asked with, viewer).

Everything that depends on a kind and can be said in a line stands here; the readers and viewers of the built-in kinds
are in `pairs.cells` and in the app. A package adds a kind of file by the entry point group ``mmexplore.kinds``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from mmexplore import discovery
from mmexplore.data.kind import Kind

_SUFFIX = re.compile(r"\.[a-z0-9]{1,12}")

TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".parquet", ".pq", ".arrow")
VECTOR_SUFFIXES = (".npz", ".npy", ".safetensors")
ARCHIVE_SUFFIXES = (".zip", ".tar", ".tgz", ".tar.gz", ".gz", ".bz2", ".xz", ".7z", ".rar", ".zst")
OTHER_ROLES = ("id", "label", "split", "group", "column", "ignore")  # what else a column can be for
#: files that say something about an item and are none of its modalities
ABOUT_SUFFIXES = (".json", ".cls")


@dataclass(frozen=True)
class KindCard:
    """One line of the table.

    Attributes:
        name: of the kind ("point cloud"); also the role of a column of it.
        title: how one is called in a sentence ("a point cloud").
        encoder: name of the encoder that is suggested for it; it works offline.
        suffixes: of its files, in lower case with the dot; none where cells are no files.
        query: one can be searched with.
        check: why a file cannot be used, as far as its first bytes tell ("" where it can): a clause. It is called with
            the path of an existing file that is not empty, and may raise UserError or OSError.
        picture: how a file is seen: (JPEG bytes, a line under it). May raise UserError or OSError.
        played: suffix -> media type, of the files that a browser plays.
    """

    name: str
    title: str
    encoder: str
    suffixes: tuple[str, ...] = ()
    query: bool = True
    check: Callable[[Path], str] | None = None
    picture: Callable[[Path], tuple[bytes, str]] | None = None
    played: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        return Kind(self.name)


def _check_image(path: Path) -> str:
    from mmexplore.data.media.images import check_image

    check_image(path)
    return ""


def _suffix_of_first_bytes(path: Path) -> str:
    from mmexplore.data.reading.values import suffix_of_bytes

    with path.open("rb") as file:
        return suffix_of_bytes(file.read(16))


def _check_sound(path: Path) -> str:
    found = _suffix_of_first_bytes(path)
    if kind_of_suffix(found) is Kind.IMAGE:
        return f"the file is a picture ({found}), not a sound"
    plain = path.suffix.lower() in (".wav", ".flac", ".ogg", ".oga", ".opus")
    if plain and kind_of_suffix(found) is not Kind.AUDIO:
        return "the file does not hold the sound that its name says"
    return ""


def _check_video(path: Path) -> str:
    _suffix_of_first_bytes(path)  # that it can be read is all that is asked: containers differ too much
    return ""


BUILT_IN = (
    KindCard(
        "image",
        "a picture",
        "efficientnet-lite0",
        (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"),
        check=_check_image,
    ),
    KindCard("text", "a text", "minilm", (".txt",)),
    KindCard(
        "audio",
        "a sound",
        "speech-embedding",
        (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff"),
        check=_check_sound,
        played={
            ".wav": "audio/wav",
            ".mp3": "audio/mpeg",
            ".flac": "audio/flac",
            **dict.fromkeys((".ogg", ".oga", ".opus"), "audio/ogg"),
        },
    ),
    KindCard(
        "video",
        "a video",
        "video:efficientnet-lite0",
        (".mp4", ".m4v", ".webm", ".mov", ".avi", ".mkv"),
        check=_check_video,
        played={".webm": "video/webm", **dict.fromkeys((".mp4", ".m4v", ".mov"), "video/mp4")},
    ),
    KindCard("time series", "a series", "minirocket", (".npy", ".csv", ".tsv", ".parquet")),
    KindCard("tabular", "a row of a table", "table", query=False),
    KindCard("place", "a place", "place"),
    KindCard("vector", "a vector", "as-is", query=False),
)


# -- looking things up -------------------------------------------------------------------
def cards() -> dict[Kind, KindCard]:
    """Every kind that is known here, the built-in ones first."""
    return {card.kind: card for card in (*BUILT_IN, *_installed())}


def card_of(kind: Kind | str) -> KindCard | None:
    """What belongs to a kind; None for one that is not known here."""
    return next((card for card in (*BUILT_IN, *_installed()) if card.name == kind), None)


def kind_of_suffix(suffix: str) -> Kind | None:
    """The kind that a suffix (".jpg") stands for, or None."""
    return _by_suffix().get(suffix)


def media_kinds() -> list[Kind]:
    """Kinds whose items are files of their own that no table stands for: not texts, not series."""
    return [kind for kind, card in cards().items() if card.suffixes and kind not in (Kind.TEXT, Kind.SERIES)]


@cache
def _by_suffix() -> dict[str, Kind]:
    return {suffix: kind for kind, card in cards().items() for suffix in card.suffixes}


@cache
def _installed() -> tuple[KindCard, ...]:
    """The kinds of installed packages; what is broken or taken is in `discovery.problems`."""
    found: list[KindCard] = []

    def admit(card: Any) -> str:
        reason = _reason_against(card, (*BUILT_IN, *found))
        if not reason:
            found.append(card)
        return reason

    discovery.load_plugged(discovery.KINDS, admit)
    return tuple(found)


def _reason_against(card: Any, others: tuple[KindCard, ...]) -> str:
    if not isinstance(card, KindCard):
        return "is not a mmexplore.data.kinds.KindCard"
    try:
        Kind(card.name)
    except ValueError as error:
        return str(error)
    if card.name in {other.name for other in others}.union(OTHER_ROLES):
        return f"the name {card.name!r} is taken"
    if not card.suffixes or not all(_SUFFIX.fullmatch(s) for s in card.suffixes):
        return 'its suffixes must be such as ".xyz", at least one'
    used = {*TABLE_SUFFIXES, *VECTOR_SUFFIXES, *ARCHIVE_SUFFIXES, *ABOUT_SUFFIXES}
    taken = sorted(used.union(*(other.suffixes for other in others)) & set(card.suffixes))
    return f"the suffix {', '.join(taken)} stands for something else" if taken else ""
