"""Thumbnails made once and kept as files, so that a page serves a file and not base64."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from mmexplore.data.dataset import content_key

MAX_BYTES = 256 << 20  # of one folder of thumbnails: some 12,000


def drawn_file(
    cell: Path, folder: Path, name: str, draw: Callable[[], tuple[bytes, str]], key: str | None = None
) -> tuple[Path, str]:
    """What `draw()` makes of a file, a JPEG and a note, kept in `folder` under the file's content and `name`.

    Raises:
        UserError: of `draw`.
    """
    key = key or content_key(cell)
    target = folder / key[:2] / f"{key}-{name}.jpg"
    note = target.with_suffix(".txt")
    if target.exists():
        return target, note.read_text(encoding="utf-8") if note.exists() else ""
    data, said = draw()
    target.parent.mkdir(parents=True, exist_ok=True)
    for path, content in ((note, said.encode()), (target, data)):
        if content:
            part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
            part.write_bytes(content)
            part.replace(path)  # whole or not at all, two pages at once too
    return target, said


def trim(folder: Path, max_bytes: int = MAX_BYTES) -> int:
    """Delete the oldest thumbnails in `folder` until they hold at most `max_bytes`; the bytes left."""
    files = sorted(_files(folder))
    left = sum(size for _, size, _ in files)
    for _, size, path in files:
        if left <= max_bytes:
            break
        Path(path).unlink(missing_ok=True)
        left -= size
    return left


def _files(folder: Path) -> Iterator[tuple[int, int, str]]:
    """(when made in ns, bytes, path) of every thumbnail."""
    for inner in os.scandir(folder) if folder.is_dir() else ():
        if inner.is_dir():
            for file in os.scandir(inner.path):
                try:
                    status = file.stat()
                except FileNotFoundError:  # another process was faster
                    continue
                yield status.st_mtime_ns, status.st_size, file.path
