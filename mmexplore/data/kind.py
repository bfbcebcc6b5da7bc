"""What a kind of data is: a name, built in or of a package. What belongs to each stands in `pairs.kinds`."""

from __future__ import annotations

import re
from typing import ClassVar

_NAME = re.compile(r"[a-z][a-z0-9]*([ -][a-z0-9]+)*")


class Kind(str):
    """What sort of thing the cells of a modality are: one of those below, or one that a package adds ("point cloud").

    A kind is its name, so kinds are compared with `==`; the built-in ones may also be compared with `is`. A name that
    no installed package knows is a kind, too: what was saved with it can still be opened.

    Raises:
        ValueError: not a name of lower-case letters and digits, up to 32, words parted by a space or hyphen.
    """

    __slots__ = ()

    IMAGE: ClassVar[Kind]
    TEXT: ClassVar[Kind]
    AUDIO: ClassVar[Kind]
    VIDEO: ClassVar[Kind]
    SERIES: ClassVar[Kind]
    TABLE: ClassVar[Kind]
    PLACE: ClassVar[Kind]
    VECTOR: ClassVar[Kind]

    def __new__(cls, name: str) -> Kind:
        if known := _KNOWN.get(name):
            return known
        if len(name) > 32 or not _NAME.fullmatch(name):
            raise ValueError(f"{name[:40]!r} cannot be the name of a kind")
        return super().__new__(cls, name)

    @property
    def value(self) -> str:
        return str(self)


_KNOWN: dict[str, Kind] = {}  # the one object of each built-in kind
for _constant, _name in {
    "IMAGE": "image",
    "TEXT": "text",
    "AUDIO": "audio",
    "VIDEO": "video",
    "SERIES": "time series",
    "TABLE": "tabular",
    "PLACE": "place",
    "VECTOR": "vector",
}.items():
    _KNOWN[_name] = Kind(_name)
    setattr(Kind, _constant, _KNOWN[_name])
