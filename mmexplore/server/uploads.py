"""Where uploads lie: a folder a session, in a folder a server process that is swept after the process has died.

<root>/<server>/<session>/...    the files of one session, deleted when it ends
<root>/<server>.lock             held (by the system's file lock) for as long as the server lives

What a session writes is counted against its quota and the server's: `account_of(path)` finds the account of whatever
lies beneath a session's folder, so the code that writes need not know of sessions.

`python -m mmexplore.server.uploads` sweeps without starting a server (the first visit to a server sweeps, too).
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from mmexplore import settings
from mmexplore.errors import UserError
from mmexplore.runtime import cache_dir
from mmexplore.server.serving import in_words

SWEEP_SECONDS = 30.0


def uploads_root() -> Path:
    """MMEXPLORE_UPLOADS, else `uploads` in the cache directory; readable by this user only."""
    asked = settings.given("MMEXPLORE_UPLOADS")
    root = Path(asked) if asked else cache_dir("uploads")
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o700)
    return root


def sweep(root: Path) -> list[str]:
    """Delete what servers that no longer live have left behind; the names of their folders."""
    with _alone(root):
        return _sweep(root)


class Uploads:
    """The uploads of one server process.

    Args:
        root: where all servers of this user keep theirs; what dead ones left there is deleted now.
        session_bytes, server_bytes: quotas; 0 = none.
    """

    def __init__(self, root: Path, session_bytes: int = 0, server_bytes: int = 0) -> None:
        self.root, self.session_bytes, self.server_bytes = Path(root).absolute(), session_bytes, server_bytes
        self.closed = False
        self._accounts: dict[Path, Account] = {}
        self.lock = threading.RLock()
        name = f"{os.getpid()}-{secrets.token_hex(8)}"
        with _alone(self.root):
            _sweep(self.root)
            self._alive = FileLock(self.root / f"{name}.lock")
            self._alive.acquire(blocking=False)
            self.folder = self.root / name
            self.folder.mkdir(mode=0o700)
        _open.append(self)
        atexit.register(self.close)

    def enter(self) -> Account:
        """A folder and an account for a new session."""
        self.folder.mkdir(mode=0o700, exist_ok=True)  # somebody may have emptied the cache
        account = Account(self.folder / secrets.token_hex(16), self)
        with self.lock:  # known before it is there: `tidy` deletes folders that nobody knows
            self._accounts[account.folder] = account
        account.folder.mkdir(mode=0o700, parents=True)
        return account

    def leave(self, account: Account) -> None:
        """Delete the files of a session that has ended, and give back what it used."""
        with self.lock:
            self._accounts.pop(account.folder, None)
        account.closed = True
        shutil.rmtree(account.folder, ignore_errors=True)

    def tidy(self) -> None:
        """Delete what a job that was stopped has still written into the folder of a session that had ended."""
        there = list(self.folder.iterdir()) if self.folder.exists() else []
        with self.lock:
            strange = [folder for folder in there if folder not in self._accounts]
        for folder in strange:
            shutil.rmtree(folder, ignore_errors=True)

    def account_of(self, path: Path) -> Account | None:
        """The account that `path` belongs to; None outside this server's folder."""
        path = Path(os.path.abspath(path))  # noqa: PTH100 - links must not be followed
        with self.lock:
            return next((self._accounts[p] for p in (path, *path.parents) if p in self._accounts), None)

    def close(self) -> None:
        """Delete everything and let go of the lock (the server stops)."""
        self.closed = True
        if self in _open:
            _open.remove(self)
        atexit.unregister(self.close)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._alive.release()
        Path(self._alive.lock_file).unlink(missing_ok=True)

    @property
    def used(self) -> int:
        """Bytes of all sessions."""
        with self.lock:
            return sum(account.used for account in self._accounts.values())


class Account:
    """What one session has on the disk, held against the quotas.

    Attributes:
        folder: of the session.  used: bytes, as last counted plus what was spent since.
    """

    def __init__(self, folder: Path, uploads: Uploads) -> None:
        self.folder, self.used, self.closed = folder, 0, False
        self._spent = 0  # bytes since the account was opened, never given back
        self._uploads = uploads

    def recount(self) -> int:
        """Count what is there (what was deleted is given back); bytes.

        What is spent while it counts is added: it may be counted twice until the next time, but never overlooked.
        """
        with self._uploads.lock:
            before = self._spent
        there = sum(size for size in _file_sizes(self.folder))  # may take long: nobody waits for it
        with self._uploads.lock:
            self.used = there + self._spent - before
            return self.used

    def spend(self, n_bytes: int, what: str) -> None:
        """Count `n_bytes` that are about to be written for `what`.

        Raises:
            UserError: they are more than the session or the server has left; nothing is counted then.
        """
        with self._uploads.lock:  # two who ask at once do not both get the last of it
            self.expect(n_bytes, what)
            self.used += n_bytes
            self._spent += n_bytes

    def expect(self, n_bytes: int, what: str) -> None:
        """As `spend`, without counting: for what is known before it is written."""
        if self.closed:
            raise UserError("its session has ended", what, "open the page again")
        session, server = self._uploads.session_bytes, self._uploads.server_bytes
        if session and self.used + n_bytes > session:
            raise UserError(
                f"it would take more than the {in_words(session)} that one session may upload here "
                f"({in_words(max(0, session - self.used))} are left)",
                what,
                "bring fewer or smaller files, or reload the page to start afresh",
            )
        if server and self._uploads.used + n_bytes > server:
            raise UserError(
                f"the uploads of all people here have reached the server's {in_words(server)}",
                what,
                "try again later, or bring less",
            )


def account_of(path: Path) -> Account | None:
    """The account of the session that `path` belongs to; None for files of no session (the shell's)."""
    return next((found for uploads in _open if (found := uploads.account_of(path)) is not None), None)


def spend(path: Path, n_bytes: int, what: str) -> None:
    """Count what is about to be written to `path` against its session's account, if it has one.

    Raises:
        UserError: it is more than the session or the server has left.
    """
    account = account_of(path)
    if account is not None:
        account.spend(n_bytes, what)


_open: list[Uploads] = []


# -- files -------------------------------------------------------------------------
def _alone(root: Path) -> FileLock:
    """One process at a time enters or sweeps, so that a folder is never seen without its lock."""
    root.mkdir(parents=True, exist_ok=True)
    return FileLock(root / ".lock", timeout=SWEEP_SECONDS)


def _sweep(root: Path) -> list[str]:
    swept = []
    for lock in sorted(root.glob("*-*.lock")):
        alive = FileLock(lock)
        try:
            alive.acquire(blocking=False)
        except Timeout:
            continue  # its server lives
        shutil.rmtree(root / lock.stem, ignore_errors=True)
        lock.unlink(missing_ok=True)
        alive.release()
        swept.append(lock.stem)
    return swept


def _file_sizes(folder: Path) -> Iterator[int]:
    """Bytes of every file beneath, a file with several names once."""
    seen: set[int] = set()
    folders = [os.fspath(folder)]
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except FileNotFoundError:  # deleted meanwhile
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if status.st_nlink == 1 or status.st_ino not in seen:
                seen.add(status.st_ino)
                yield status.st_size


if __name__ == "__main__" and (swept := sweep(uploads_root())):
    print(f"Deleted what {len(swept)} server(s) that no longer run had left of people's uploads.")
