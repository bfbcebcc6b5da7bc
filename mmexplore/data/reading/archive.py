"""Unpack a ZIP safely: every rule is held to while the stream is unpacked, not by what the headers promise."""

from __future__ import annotations

import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from mmexplore.data.dataset import Rejected
from mmexplore.data.kinds import ARCHIVE_SUFFIXES
from mmexplore.data.reading.file_names import is_junk, refusal
from mmexplore.errors import Cancelled, UserError
from mmexplore.server.progress import Progress
from mmexplore.server.uploads import account_of

_CHUNK = 1 << 18


@dataclass(frozen=True)
class Limits:
    """What an archive may unpack to.

    Attributes:
        members: files and folders in it.  member_bytes: of one file.  total_bytes: of all.
        ratio: unpacked / packed bytes of one file, held to once `ratio_floor` bytes are out.
        total_ratio: the same for the whole archive, once `total_ratio_floor` bytes are out.
    """

    members: int = 400_000
    member_bytes: int = 2 << 30
    total_bytes: int = 40 << 30
    ratio: float = 200.0
    ratio_floor: int = 4 << 20
    total_ratio: float = 50.0
    total_ratio_floor: int = 256 << 20


@dataclass(frozen=True)
class Unpacked:
    """The files written (in the order of the archive) and the members that were refused, with the reason."""

    files: list[Path]
    refused: list[Rejected] = field(default_factory=list)


def unpack(zip_path: Path, into: Path, limits: Limits | None = None, progress: Progress | None = None) -> Unpacked:
    """Unpack a ZIP beneath `into` (made if absent), keeping the members' relative names.

    Refused one by one, with the reason: absolute or ``..`` names, links and other special files, device names,
    encrypted members, a second member of a name already there, damaged members, members above the size or the ratio
    limit, archives inside the archive (they are never unpacked) and packing methods other than stored and deflate.
    Passed over without a word: folders and what systems leave behind (``__MACOSX``, ``.DS_Store``).

    Raises:
        UserError: not a ZIP; too many members; too large or too strongly packed as a whole; members that overlap.
            What was written so far is then deleted.
    """
    limits = limits or Limits()
    into.mkdir(parents=True, exist_ok=True)
    budget = Budget(limits, zip_path.stat().st_size, into, zip_path.name, progress)
    try:
        count_members(zip_path, limits.members)
        with zipfile.ZipFile(zip_path) as archive:
            members = archive.infolist()
            budget.expect(sum(member.file_size for member in members))
            _check_overlap(members, zip_path)
            return _unpack_members(archive, members, into, budget, progress)
    except (UserError, Cancelled):
        shutil.rmtree(into, ignore_errors=True)
        raise
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, struct.error, OSError) as error:
        shutil.rmtree(into, ignore_errors=True)
        raise UserError("the ZIP cannot be read (damaged or not a ZIP)", zip_path.name, "make it again") from error


@dataclass
class Budget:
    """Bytes written so far, held against the limits; used by every unpacker."""

    limits: Limits
    packed_bytes: int
    into: Path
    name: str
    progress: Progress | None = None
    written: int = 0

    def __post_init__(self) -> None:
        # never fill more than half of what is free on the disk
        self._cap = min(self.limits.total_bytes, shutil.disk_usage(self.into).free // 2)
        self._account = account_of(self.into)  # of the session whose folder it is; None in the shell
        if self._account is not None:
            self._account.recount()

    def expect(self, n: int) -> None:
        """Raise UserError before any work where the headers alone promise more than the session may have."""
        if self._account is not None:
            self._account.expect(n, self.name)

    def spend(self, n: int) -> None:
        """Count `n` more bytes.

        Raises:
            UserError: the archive as a whole is too large or too strongly packed.
            Cancelled: also in the middle of one large file.
        """
        if self.progress is not None:
            self.progress.check()
        if self._account is not None:
            self._account.spend(n, self.name)
        self.written += n
        if self.written > self._cap:
            raise UserError(
                f"the archive unpacks to more than {self._cap:,} bytes",
                self.name,
                "split it, or give the folder itself",
            )
        too_packed = self.written > self.limits.total_ratio * max(self.packed_bytes, 1)
        if self.written > self.limits.total_ratio_floor and too_packed:
            raise UserError(
                f"the archive unpacks to more than {self.limits.total_ratio:g} times its size",
                self.name,
                "give the folder itself",
            )

    def write(self, source: IO[bytes], target: Path, packed: int, counted: bool = False) -> str:
        """Copy a member's stream to `target` (which must not exist); the reason why not, or "".

        packed: its packed bytes, for the ratio.  counted: its bytes are counted already, where they are unpacked.
        """
        size, reason = 0, ""
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as out:
            while not reason and (chunk := source.read(_CHUNK)):
                size += len(chunk)
                if not counted:
                    self.spend(len(chunk))
                if size > self.limits.member_bytes:
                    reason = f"the file unpacks to more than {self.limits.member_bytes:,} bytes"
                elif not counted and size > self.limits.ratio_floor and size > self.limits.ratio * max(packed, 1):
                    reason = f"the file unpacks to more than {self.limits.ratio:g} times its packed size"
                else:
                    out.write(chunk)
        if reason:
            target.unlink()
        return reason


def _unpack_members(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], into: Path, budget: Budget, progress: Progress | None
) -> Unpacked:
    files: list[Path] = []
    refused: list[Rejected] = []
    for done, member in enumerate(members):
        if progress is not None and done % 64 == 0:
            progress.update(done, len(members), f"Unpacking {budget.name}")
            progress.check()
        name = _name(member)
        if is_junk(name):
            continue
        reason = _refusal(member, name)
        if not reason and not name.endswith("/"):
            target = into.joinpath(*[part for part in name.split("/") if part not in ("", ".")])
            reason = _write_member(archive, member, target, into, budget)
            if not reason:
                files.append(target)
        if reason:
            refused.append(Rejected(0, "", name[:200], reason))
    return Unpacked(files, refused)


def _name(member: zipfile.ZipInfo) -> str:
    """The member's name; UTF-8 where it is that though the flag is not set (macOS), which zipfile reads as cp437."""
    name = member.orig_filename
    if not member.flag_bits & 0x800 and not name.isascii():
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = member.orig_filename
    return name.replace("\\", "/")


def _refusal(member: zipfile.ZipInfo, name: str) -> str:
    if reason := refusal(name):
        return reason
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "links and special files are not unpacked"
    if name.endswith("/"):
        return ""
    if member.flag_bits & 0x1:
        return "the file is encrypted"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "the file is packed by a method other than deflate"
    if name.lower().endswith(ARCHIVE_SUFFIXES):
        return "archives inside an archive are not unpacked"
    return ""


def _write_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, into: Path, budget: Budget) -> str:
    if not target.resolve().is_relative_to(into.resolve()):
        return "the path leaves its folder"
    try:
        with archive.open(member) as source:
            return budget.write(source, target, member.compress_size)
    except FileExistsError:
        return "another file of the archive has this name"
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, struct.error):
        target.unlink(missing_ok=True)
        return "the file is damaged inside the archive"
    except OSError as error:
        target.unlink(missing_ok=True) if target.is_file() else None
        return f"the file cannot be stored ({error.strerror or 'system error'})"


def count_members(zip_path: Path, limit: int) -> int:
    """Entries of the ZIP's directory, counted by walking it (its own count may lie) and before it is held in memory.

    Raises:
        UserError: not a ZIP, or more than `limit` entries.
    """
    n = 0
    for _ in _directory_entries(zip_path):
        n += 1
        if n > limit:
            raise UserError(
                f"the archive has more than {limit:,} members", zip_path.name, "split it, or give the folder itself"
            )
    return n


def _directory_entries(zip_path: Path) -> Iterator[int]:
    """Offsets of the central directory's entries (APPNOTE 4.3.12, 4.3.16, 4.3.14 for ZIP64)."""
    size = zip_path.stat().st_size
    with zip_path.open("rb") as file:
        file.seek(max(0, size - 65_557))
        tail = file.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < 22:
            raise UserError("the ZIP cannot be read (damaged or not a ZIP)", zip_path.name, "make it again")
        end = size - len(tail) + at
        length = int.from_bytes(tail[at + 12 : at + 16], "little")
        if at >= 20 and tail[at - 20 : at - 16] == b"PK\x06\x07":  # ZIP64
            file.seek(end - 20 - 56)
            record = file.read(56)
            if record[:4] == b"PK\x06\x06":
                length, end = int.from_bytes(record[40:48], "little"), end - 76
        place = end - length
        file.seek(max(place, 0))
        while 0 <= place < end:
            head = file.read(46)
            if head[:4] != b"PK\x01\x02":
                return
            yield place
            skip = sum(int.from_bytes(head[i : i + 2], "little") for i in (28, 30, 32))
            file.seek(skip, 1)
            place += 46 + skip


def _check_overlap(members: list[zipfile.ZipInfo], zip_path: Path) -> None:
    """Members whose packed bytes overlap unpack the same bytes again and again (Fifield 2019): refused whole."""
    end = 0
    for member in sorted(members, key=lambda m: m.header_offset):
        if member.header_offset < end:
            raise UserError("members of the archive overlap, as in a ZIP bomb", zip_path.name, "make it again")
        end = member.header_offset + 30 + member.compress_size
