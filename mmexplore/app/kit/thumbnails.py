"""The thumbnails of a page: made once for each content, kept as files, and served as files by Streamlit."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from pathlib import Path

from mmexplore.app.state import session
from mmexplore.errors import UserError
from mmexplore.runtime import cache_dir

PIXELS = 320  # of the longer side: sharp on a screen of twice the density
_TRIM_EVERY = 200  # thumbnails asked for that this process does not know yet
_REMEMBERED = 20_000

_asked = itertools.count()
_lock = threading.Lock()
#: (file, when changed, bytes, folder, name) -> its drawing, None where it has none; of all sessions of this process
_known: dict[tuple[Path, int, int, Path, str], tuple[Path, str] | None] = {}


def thumbnail_of(cell: Path, px: int = PIXELS) -> Path | None:
    """A JPEG file of this picture, or None where it cannot be decoded or is gone."""
    from mmexplore.data.media.images import thumbnail

    made = drawn_of(cell, str(px), lambda path: (thumbnail(path, px), ""))
    return None if made is None else made[0]


def drawn_of(cell: Path, name: str, draw: Callable[[Path], tuple[bytes, str]]) -> tuple[Path, str] | None:
    """What `draw(cell)` makes of a file, a JPEG and a line about it, as a file; None where it cannot or is gone.

    Of what a person brought it lies in the folder of their session and goes with it; of the examples and of folders
    on this computer it stays in the cache, so that the next visit makes none.

    Args:
        name: of the drawing; what else it depends on (size, version) is part of it.
    """
    try:
        status = cell.stat()
    except OSError:
        return None
    own = session.folder()
    folder = own / "thumbnails" if cell.is_relative_to(own) else cache_dir("thumbnails")
    asked = (cell, status.st_mtime_ns, status.st_size, folder, name)
    with _lock:
        new, made = asked not in _known, _known.get(asked)
    if new or (made is not None and not made[0].exists()):  # or trimmed meanwhile
        made = _made(cell, folder, name, draw)
        with _lock:  # several sessions draw at once; a dictionary must not change while its oldest key is looked up
            _known[asked] = made
            while len(_known) > _REMEMBERED:
                del _known[next(iter(_known))]
    return made


def _made(cell: Path, folder: Path, name: str, draw: Callable[[Path], tuple[bytes, str]]) -> tuple[Path, str] | None:
    from mmexplore.data.media.thumbnails import drawn_file, trim

    try:
        if next(_asked) % _TRIM_EVERY == 0:
            trim(folder)
        return drawn_file(cell, folder, name, lambda: draw(cell))
    except (UserError, OSError):  # listed among the rejected rows by the reader or the encoder
        return None
