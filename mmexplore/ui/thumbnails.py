"""The thumbnails of a page: made once for each content, kept as files, and served as files by Streamlit."""

from __future__ import annotations

import itertools
from functools import lru_cache
from pathlib import Path

from mmexplore.errors import UserError
from mmexplore.runtime import cache_dir
from mmexplore.ui import session

PIXELS = 320  # of the longer side: sharp on a screen of twice the density
_TRIM_EVERY = 200  # thumbnails made

_made = itertools.count()


def thumbnail_of(cell: Path, px: int = PIXELS) -> Path | None:
    """A JPEG file of this picture, or None where it cannot be decoded or is gone.

    Of what a person brought it lies in the folder of their session and goes with it; of the examples and of folders
    on this computer it stays in the cache, so that the next visit makes none.
    """
    try:
        status = cell.stat()
    except OSError:
        return None
    own = session.folder()
    folder = own / "thumbnails" if cell.is_relative_to(own) else cache_dir("thumbnails")
    made = _thumbnail(cell, status.st_mtime_ns, status.st_size, folder, px)
    return made if made is None or made.exists() else _make(cell, folder, px)  # trimmed or cleared meanwhile


@lru_cache(maxsize=20_000)
def _thumbnail(cell: Path, modified_ns: int, size: int, folder: Path, px: int) -> Path | None:
    return _make(cell, folder, px)


def _make(cell: Path, folder: Path, px: int) -> Path | None:
    from mmexplore.pairs.thumbnails import thumbnail_file, trim

    try:
        if next(_made) % _TRIM_EVERY == 0:
            trim(folder)
        return thumbnail_file(cell, folder, px)
    except (UserError, OSError):  # listed among the rejected rows by the reader or the encoder
        return None
