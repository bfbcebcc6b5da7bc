"""A directory or file that is replaced whole: whoever reads it sees the old one or the new one, also after a kill -9.

write_whole(path, lambda folder: ...)     written aside, then renamed into place
write_file(path, lambda fresh: ...)       the same for one file
content = read_whole(path, read)          read again where it was replaced meanwhile
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from mmexplore.errors import UserError
from mmexplore.runtime import cache_dir

T = TypeVar("T")

READS = 20  # how often a directory that is replaced while it is read is read again


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """`write(folder)` fills a new directory, which then takes the place of `path`.

    One process at a time; a save that is killed leaves the old directory, or the new one, never a part.

    Raises:
        OSError: what the system says; the old directory is still there.
    """
    fresh, old = _beside(path, "new"), _beside(path, "old")
    with _alone(path):
        _mend(path)
        for leftover in (fresh, old):  # of a save that was killed; nobody else is writing them
            shutil.rmtree(leftover, ignore_errors=True)
        try:
            fresh.mkdir(parents=True)
            write(fresh)
            if path.exists():
                path.rename(old)
            fresh.rename(path)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
            _mend(path)
        shutil.rmtree(old, ignore_errors=True)


def write_file(path: Path, write: Callable[[Path], None]) -> None:
    """`write(fresh)` writes a new file, which then takes the place of `path`; nothing of it stays where that fails.

    Raises:
        OSError: what the system says; an old file is still there.
    """
    fresh = _beside(path, f"{secrets.token_hex(8)}.new")  # two who write at once do not meet; the last one stays
    try:
        write(fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def read_whole(path: Path, read: Callable[[Path], T]) -> T:
    """`read(path)`, again where the directory was replaced while it was read.

    Raises:
        UserError: as `read` raises it.
    """
    for _ in range(READS):
        which = _identity(path)
        if which is None and _beside(path, "old").exists():
            with _alone(path):  # somebody is between the two renames, or was killed there
                _mend(path)
                which = _identity(path)
        try:
            found = read(path)
        except UserError:
            if _identity(path) == which:
                raise
            continue
        if _identity(path) == which:
            return found
    with _alone(path):  # it is saved again and again: who saves waits for this reader
        _mend(path)
        return read(path)


def _alone(path: Path) -> FileLock:
    """One process at a time writes to `path`; the system lets go of the lock when the process dies."""
    return FileLock(cache_dir("locks") / f"{sha256(os.fsencode(path)).hexdigest()[:32]}.lock")


def _mend(path: Path) -> None:
    """Take the old directory back where a save was stopped between its two renames. Called under `_alone`."""
    old = _beside(path, "old")
    if old.exists() and not path.exists():
        old.rename(path)


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f".{path.name}.{what}")


def _identity(path: Path) -> tuple[int, int, int] | None:
    """Which directory this is, whatever its name; None where there is none.

    The number of a directory that was deleted is given to the next one: two saves while one reads may bring it back. So
    the time of its last change (of its renaming into place) counts too.
    """
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_ctime_ns
