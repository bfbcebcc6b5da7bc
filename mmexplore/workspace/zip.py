"""A workspace as one ZIP: written without a second copy of its media, opened by the rules for any stranger's ZIP."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from mmexplore.errors import UserError
from mmexplore.server.atomic import write_file
from mmexplore.server.progress import Progress
from mmexplore.server.serving import in_words, not_in_demo
from mmexplore.server.uploads import account_of
from mmexplore.workspace.files import open_directory, write_parts
from mmexplore.workspace.state import Workspace

_CHUNK = 1 << 20
_MEMBER = 256  # bytes that a member takes beside its content and its name (twice), ZIP64 fields included


def save_zip(workspace: Workspace, path: Path, workdir: Path, progress: Progress | None = None) -> None:
    """Write the workspace, media inside, as one ZIP that appears whole or not at all.

    Nothing is held in memory but the vectors themselves; the media go from their files straight into the ZIP. Its bytes
    are counted against the session that `path` belongs to, before they are written.

    Args:
        workdir: where the parts that are no media are laid out first; nothing of that stays.

    Raises:
        UserError: it is more than the session, the server or the disk has left, or a media file is no longer there.
        Cancelled: in the middle of a large file, too.
    """
    progress = progress or Progress()
    account, folder = account_of(path), workdir / f"{path.name}.parts"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
        progress.update(0, 0, "Writing the vectors")
        members: dict[str, Path] = {}

        def keep(cell: Path, by_content: Callable[[], str]) -> str:
            members[name := by_content()] = cell
            return name

        write_parts(workspace, folder, keep, progress)
        members |= {f.relative_to(folder).as_posix(): f for f in sorted(folder.rglob("*")) if f.is_file()}
        size = sum(file.stat().st_size + 2 * len(name.encode()) + _MEMBER for name, file in members.items())
        if account is not None:
            account.recount()
            try:
                account.spend(size, "the saved workspace")
            except UserError as error:  # to reload the page, as its own advice is, would lose what is to be saved
                raise UserError(error.what, error.where, "save a smaller part of the pairs") from error
        if size > (free := shutil.disk_usage(path.parent).free):
            raise UserError(
                f"it takes {in_words(size)}, and the disk has {in_words(free)} left", path.name, "make room on the disk"
            )
        write_file(path, lambda fresh: _pack(members, fresh, progress))
    except FileNotFoundError as error:
        raise UserError("a file of these pairs is no longer there", str(error.filename), "read them again") from error
    except OSError as error:
        raise UserError(
            f"cannot be written ({error.strerror or error})", path.name, "check the disk and the folder's rights"
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if account is not None:
            account.recount()


def _pack(members: dict[str, Path], fresh: Path, progress: Progress) -> None:
    total, done = sum(file.stat().st_size for file in members.values()) / 1e6, 0
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_STORED) as archive:
        for name, file in members.items():
            about = zipfile.ZipInfo.from_file(file, name, strict_timestamps=False)
            with file.open("rb") as source, archive.open(about, "w") as target:
                while chunk := source.read(_CHUNK):
                    target.write(chunk)
                    done += len(chunk)
                    progress.update(done / 1e6, total, "MB written")
        progress.check()


def _inside(folder: Path) -> Path:
    """The workspace in an unpacked ZIP: the folder, or the one folder in it, as other programs pack it."""
    within = list(folder.iterdir())
    if len(within) == 1 and (within[0] / "run.json").is_file():
        return within[0]
    return folder


def open_zip(path: Path, workdir: Path, progress: Progress | None = None) -> Workspace:
    """Read a ZIP that `save_zip` wrote, from anyone: unpacked by the same rules as any uploaded ZIP.

    Raises:
        UserError: it is damaged, no workspace, more than the session has left, or breaks a rule of unpacking. Nothing
            that was unpacked stays then.
        Cancelled: nothing stays either.
    """
    from mmexplore.data.reading.archive import unpack

    not_in_demo("a workspace of your own")
    progress = progress or Progress()
    folder = workdir / f"workspace-{path.stem}"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        refused = unpack(path, folder, progress=progress).refused
        if refused:
            raise UserError(refused[0].reason, path.name, "save the workspace again")
        progress.update(0, 0, "Reading")
        opened = open_directory(_inside(folder), trusted=False)
        progress.check()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return opened
