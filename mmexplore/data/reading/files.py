"""Which files did a person give, and which of them does a cell name? Nothing outside of them is ever opened."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from mmexplore.data.dataset import Rejected
from mmexplore.data.reading.archive import Limits, unpack
from mmexplore.data.reading.file_names import is_junk, refusal, suffix_of, without_suffix
from mmexplore.data.reading.tar import is_tar, unpack_tar
from mmexplore.data.reading.values import storable
from mmexplore.errors import UserError
from mmexplore.server.progress import Progress

MAX_FILES = Limits().members


@dataclass(frozen=True)
class Files:
    """The files that were given, by their relative names with forward slashes ("images/frog.jpg").

    Attributes:
        name: what the person sees ("stamps.zip").
        by_name: relative name -> the file on disk, in the order of the names.
        refused: what was given but may not be used, and why.
        beside: for a table given alone: its folder, in which its cells may name files. Those named come into
            `by_name`; others are not spoken of (the folder may hold anything).
        used: names that `find` gave out.
        first_dot: items are called by what comes before the first dot of their files, as in WebDataset TARs.
    """

    name: str
    by_name: dict[str, Path]
    refused: tuple[Rejected, ...] = ()
    beside: Path | None = None
    used: set[str] = field(default_factory=set)
    first_dot: bool = False
    _listed: list[bool] = field(default_factory=list)

    @cached_property
    def _folded(self) -> dict[str, list[str]]:
        """Name without case, outer blanks and in one Unicode form -> names; macOS decomposes accents."""
        index: dict[str, list[str]] = defaultdict(list)
        for name in self.by_name:
            index[_fold(name)].append(name)
        return index

    @cached_property
    def _base(self) -> dict[str, list[str]]:
        """Last part of the name, with and without its suffix -> names."""
        index: dict[str, list[str]] = defaultdict(list)
        for name in self.by_name:
            base = _fold(name.rpartition("/")[2])
            index[base].append(name)
            stem = without_suffix(base)
            if stem != base:
                index[stem].append(name)
        return index

    def find(self, cell: str, folder: str = "", suffixes: frozenset[str] | None = None) -> tuple[str, str]:
        """The name of the file that a table's cell means.

        Tried in order: below the table's `folder`, below the root, the same without regard to case, then the last
        part of the name alone (with or without suffix) where just one file has it.

        Args:
            cell: what stands in the cell.  folder: the table's own folder, relative ("" = root).
            suffixes: only files with one of these suffixes are meant.

        Returns:
            (name in `by_name`, ""), or ("", the reason why not).
        """
        wanted = cell.strip().replace("\\", "/")
        if "://" in wanted[:12]:
            return "", "files on the web are not fetched: give the file itself"
        if reason := refusal(wanted):
            return "", f"{reason}: give a path relative to the table"
        wanted = "/".join(part for part in wanted.split("/") if part not in ("", "."))
        if not wanted:
            return "", "the cell names no file"
        if self.beside is not None and not self._look_beside(self.beside, wanted):
            self._list_beside(self.beside)
        for name in (f"{folder}/{wanted}" if folder else wanted, wanted):
            if name in self.by_name:
                return self._use(name)
            near = self._folded.get(_fold(name), [])
            if len(near) == 1:
                return self._use(near[0])
        candidates = self._base.get(_fold(wanted.rpartition("/")[2]), [])
        if suffixes is not None:
            candidates = [c for c in candidates if suffix_of(c) in suffixes]
        if len(candidates) == 1:
            return self._use(candidates[0])
        if candidates:
            return "", f"{len(candidates)} files are called so: give the path"
        return "", "the file is missing"

    def _look_beside(self, root: Path, wanted: str) -> bool:
        if wanted in self.by_name:
            return True
        path = root.joinpath(*wanted.split("/"))
        if not (path.is_file() and path.resolve().is_relative_to(root)):
            return False
        self.by_name[wanted] = path
        return True

    def _list_beside(self, root: Path) -> None:
        """List the table's folder, once, as far as `MAX_FILES`: a cell may name a file by its last part only."""
        if not self._listed:
            self._listed.append(True)
            self.by_name.update(itertools.islice(_walk(root, [], None), MAX_FILES))
            self.__dict__.pop("_folded", None)
            self.__dict__.pop("_base", None)

    def _use(self, name: str) -> tuple[str, str]:
        self.used.add(name)
        return name, ""

    def __len__(self) -> int:
        return len(self.by_name)


def gather(
    path: Path | Sequence[Path], workdir: Path, limits: Limits | None = None, progress: Progress | None = None
) -> Files:
    """All files behind what a person gave: a file, a folder, a ZIP or TAR, or many of them.

    An archive is unpacked beneath `workdir`, once (a second call finds it there); archives are only unpacked when given
    themselves, not when they lie in a folder or in another ZIP. Links are followed only where they stay in the folder.

    Raises:
        UserError: nothing there, too many files, or a ZIP that breaks a rule as a whole.
    """
    paths = [Path(p) for p in ([path] if isinstance(path, (str, Path)) else path)]
    if not paths:
        raise UserError("no file was given", "pairs", "give a table, a folder, a ZIP or several files")
    by_name: dict[str, Path] = {}
    refused: list[Rejected] = []
    for given in paths:
        if not given.exists():
            raise UserError("no such file or folder", str(given), "check the path")
        if given.is_dir():
            found = _walk(given, refused, progress)
        elif not given.is_file():
            raise UserError("neither a file nor a folder", str(given), "give a table, a folder, a ZIP or vectors")
        elif suffix_of(given.name) == ".zip" or is_tar(given.name):
            found = _walk(_unpacked(given, workdir, limits, refused, progress), refused, progress)
        else:
            found = iter([(given.name, given)])
        for name, file in found:
            if name in by_name:
                refused.append(Rejected(0, "", name, "another file given has this name"))
            else:
                by_name[name] = file
    title = paths[0].name or paths[0].resolve().name
    title = title if len(paths) == 1 else f"{title} and {len(paths) - 1} more"
    return Files(title, dict(sorted(by_name.items())), tuple(refused), first_dot=any(is_tar(p.name) for p in paths))


def beside_table(table: Path) -> Files:
    """A table given alone: its cells may name files in its folder, which is only searched when one does."""
    return Files(table.name, {table.name: table}, (), beside=table.absolute().parent.resolve())


def _walk(root: Path, refused: list[Rejected], progress: Progress | None) -> Iterator[tuple[str, Path]]:
    """(relative name, file) of every regular file below `root`, hidden ones and junk passed over."""
    real_root = root.resolve()
    stack, n = [(real_root, "")], 0
    while stack:
        folder, prefix = stack.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda e: e.name)
        except OSError as error:
            reason = f"the folder cannot be read ({error.strerror or 'system error'})"
            refused.append(Rejected(0, "", prefix or root.name, reason))
            continue
        for entry in entries:
            name = prefix + entry.name
            if entry.name.startswith(".") or is_junk(entry.name):
                continue
            if storable(name) != name:
                refused.append(Rejected(0, "", storable(name), "the file's name is not UTF-8"))
            elif entry.is_symlink() and not _leads_into(Path(entry.path), real_root):
                refused.append(Rejected(0, "", name, "the link leads out of the folder or nowhere"))
            elif entry.is_dir(follow_symlinks=False):
                stack.append((Path(entry.path), f"{name}/"))
            elif entry.is_file():
                n += 1
                if n > MAX_FILES:
                    raise UserError(f"the folder has more than {MAX_FILES:,} files", str(root), "give fewer")
                if progress is not None and n % 1024 == 0:
                    progress.update(0, 0, f"Listing files ({n:,})")
                yield name, Path(entry.path)
            else:
                refused.append(Rejected(0, "", name, "neither a file nor a folder, or a link to a folder"))


def _leads_into(link: Path, root: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):  # it leads nowhere, or to itself (a RuntimeError before Python 3.13)
        return False


def _unpacked(
    archive: Path, workdir: Path, limits: Limits | None, refused: list[Rejected], progress: Progress | None
) -> Path:
    """The folder with the archive's files, unpacked now or by an earlier call; what was refused is added to `refused`.

    The record of an unpacking lies beside its folder, where no member of the archive can reach it, and is written last.
    """
    status = archive.stat()
    key = hashlib.sha256(f"{archive.resolve()}\0{status.st_size}\0{status.st_mtime_ns}".encode()).hexdigest()[:16]
    folder, record = workdir / f"unpacked-{key}", workdir / f"unpacked-{key}.json"
    if not (folder.is_dir() and record.is_file()):
        shutil.rmtree(folder, ignore_errors=True)
        done = (unpack_tar if is_tar(archive.name) else unpack)(archive, folder, limits, progress)
        rows = [[r.column, r.reason] for r in done.refused]
        record.write_text(json.dumps(rows), encoding="utf-8")
    refused.extend(Rejected(0, "", name, reason) for name, reason in json.loads(record.read_text(encoding="utf-8")))
    return folder


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().strip()
