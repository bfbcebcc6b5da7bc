"""Unpack a TAR (WebDataset shards are TARs) by the same rules as a ZIP, read once from front to back."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zlib
from pathlib import Path
from typing import IO

from mmexplore.data.dataset import Rejected
from mmexplore.data.kinds import ARCHIVE_SUFFIXES
from mmexplore.data.reading.archive import Budget, Limits, Unpacked
from mmexplore.data.reading.file_names import is_junk, refusal
from mmexplore.errors import Cancelled, UserError
from mmexplore.server.progress import Progress

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz")


def is_tar(name: str) -> bool:
    """Is this the name of a TAR that can be unpacked?"""
    return name.lower().endswith(TAR_SUFFIXES)


def unpack_tar(path: Path, into: Path, limits: Limits | None = None, progress: Progress | None = None) -> Unpacked:
    """Unpack a ``.tar``, ``.tar.gz`` or ``.tgz`` beneath `into` (made if absent).

    Refused one by one: absolute or ``..`` names, links, devices, sparse files, device names, repeated names, archives
    inside the archive, files above the size limit. Every byte that is read counts, those passed over as well.

    Raises:
        UserError: not a TAR; too many members; too large or too strongly packed as a whole. What was written so far
            is then deleted.
    """
    limits = limits or Limits()
    into.mkdir(parents=True, exist_ok=True)
    budget = Budget(limits, path.stat().st_size, into, path.name, progress)
    try:
        with path.open("rb") as file, _reader(path, file) as stream:
            counted = _Counted(stream, budget)
            with tarfile.open(fileobj=counted, mode="r|", tarinfo=_Member, errorlevel=1) as archive:  # type: ignore[call-overload]
                return _unpack_members(archive, into, budget, progress)
    except (UserError, Cancelled):
        shutil.rmtree(into, ignore_errors=True)
        raise
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, OverflowError) as error:
        shutil.rmtree(into, ignore_errors=True)
        raise UserError("the TAR cannot be read (damaged or not a TAR)", path.name, "make it again") from error


def _reader(path: Path, file: IO[bytes]) -> IO[bytes]:
    return file if path.name.lower().endswith(".tar") else gzip.GzipFile(fileobj=file)  # type: ignore[return-value]


class _Member(tarfile.TarInfo):
    """A member whose long-name and PAX headers are bounded: tarfile would read whatever size they claim."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        headers = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE,
                   tarfile.SOLARIS_XHDTYPE)  # fmt: skip
        if self.type in headers and self.size > 1 << 20:
            raise tarfile.ReadError("a header above 1 MB")
        return super()._proc_member(archive)  # type: ignore[misc]


class _Counted:
    """A stream whose unpacked bytes are held against the budget as they are read."""

    def __init__(self, stream: IO[bytes], budget: Budget) -> None:
        self._stream, self._budget = stream, budget

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._budget.spend(len(data))
        return data


def _unpack_members(archive: tarfile.TarFile, into: Path, budget: Budget, progress: Progress | None) -> Unpacked:
    files: list[Path] = []
    refused: list[Rejected] = []
    for done, member in enumerate(archive):
        if done >= budget.limits.members:
            raise UserError(f"the archive has more than {budget.limits.members:,} members", budget.name, "split it")
        if progress is not None and done % 64 == 0:
            progress.update(min(budget.written, budget.packed_bytes), budget.packed_bytes, f"Unpacking {budget.name}")
        name = member.name.replace("\\", "/")
        archive.members = []  # type: ignore[attr-defined]  # a stream: forget what is behind, 100,000 members are many
        if is_junk(name) or member.isdir():
            continue
        target = into.joinpath(*[part for part in name.split("/") if part not in ("", ".")])
        reason = _refusal(member, name) or _write(archive, member, target, into, budget)
        if reason:
            refused.append(Rejected(0, "", name[:200], reason))
        else:
            files.append(target)
    return Unpacked(files, refused)


def _refusal(member: tarfile.TarInfo, name: str) -> str:
    if reason := refusal(name):
        return reason
    if not member.isreg() or member.issparse():
        return "links and special files are not unpacked"
    if name.lower().endswith(ARCHIVE_SUFFIXES):
        return "archives inside an archive are not unpacked"
    return ""


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path, into: Path, budget: Budget) -> str:
    if not target.resolve().is_relative_to(into.resolve()):
        return "the path leaves its folder"
    source = archive.extractfile(member)
    if source is None:
        return "links and special files are not unpacked"
    try:
        return budget.write(source, target, packed=0, counted=True)
    except FileExistsError:
        return "another file of the archive has this name"
