"""An SQLite file that many threads and processes share, and that may be damaged or unwritable without harm."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
log = logging.getLogger(__name__)

BUSY_SECONDS = 30.0
# What SQLite says of a file that is not, or no longer, ours. A read error of the disk is not among them: it may pass.
DAMAGED = ("malformed", "not a database", "file is encrypted", "no such table", "no such column")
# What it says while another process sets the file aside: the name, or the log beside it, is no longer what was opened.
REPLACED = ("disk i/o error", "readonly database")
ATTEMPTS, PAUSE = 6, 0.01  # the pauses double


class SharedDatabase:
    """A cache in one SQLite file (write-ahead log), with a connection a thread.

    Args:
        path: the file; made when first used.
        schema: SQL that makes the tables; it must set `user_version` and begin and commit its own transaction.
        holds: what it is a cache of, for the sentences people read ("the store of embeddings").

    Attributes:
        warnings: sentences for the person: a damaged file set aside, a file that could not be written.
    """

    def __init__(self, path: Path, schema: str, holds: str) -> None:
        self.path, self.schema, self.holds = path, schema, holds
        self.warnings: list[str] = []
        self._local = threading.local()
        self._inherited: list[sqlite3.Connection] = []

    def close(self) -> None:
        """Close this thread's connection (the file can be used again afterwards)."""
        db = getattr(self._local, "db", None)
        self._local.db = None
        if db is not None:
            db.close()

    def warn(self, sentence: str) -> None:
        """Put a sentence in the log and, once, in `warnings`."""
        log.warning(sentence)
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def run(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Run `work`; set a damaged file aside (once) and run it again; if it still fails, say so and go on without.

        A file that another process is replacing at this moment is opened anew: a few times, for 0.6 s at most.
        """
        problem: Exception | None = None
        set_aside = False
        for attempt in range(ATTEMPTS):
            try:
                return work(self._connection())
            except (sqlite3.DatabaseError, UnicodeDecodeError, OSError) as error:
                if isinstance(error, sqlite3.ProgrammingError):
                    raise  # a mistake of ours
                problem = error
            self.close()
            if _says(problem, REPLACED):
                time.sleep(PAUSE * 2**attempt)
                continue
            if set_aside or not _is_damage(problem):
                break
            set_aside = True
            try:
                self._set_aside(problem)
            except (sqlite3.DatabaseError, OSError) as error:
                problem = error
                break
        self.warn(f"{self.path}: {self.holds} cannot be used ({problem}); work goes on without it.")
        return otherwise

    def _connection(self) -> sqlite3.Connection:
        """This thread's connection, opened anew after a fork and when the file was replaced or removed."""
        db = getattr(self._local, "db", None)
        if db is not None and self._local.pid == os.getpid() and self._local.file == _identity(self.path):
            return db
        if db is not None and self._local.pid == os.getpid():
            db.close()
        elif db is not None:
            self._inherited.append(db)  # the parent's: a child must not even close it
        self._local.db = self._local.file = None
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # check_same_thread off: a thread's connection is closed by whichever thread collects it
        db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._local.file = _identity(self.path)
        try:
            db.execute("PRAGMA synchronous = NORMAL")
            if db.execute("PRAGMA user_version").fetchone() == (0,):
                with self._alone():
                    db.executescript(self.schema)
        except BaseException:
            db.close()
            raise
        self._local.db, self._local.pid = db, os.getpid()
        return db

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time; SQLite's own lock on a file beside the store, gone when the process dies."""
        beside = self.path.with_name(self.path.name + ".lock")
        with closing(sqlite3.connect(beside, timeout=BUSY_SECONDS, isolation_level=None)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            yield

    def _set_aside(self, error: Exception) -> None:
        """Rename the damaged file, unless another process has already done so."""
        with self._alone():
            if _identity(self.path) != self._local.file:
                return
            aside = self.path.with_name(f"{self.path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
            # The file itself last: once its name is free others begin a new one, whose log must not be taken along.
            for suffix in ("-wal", "-shm", ""):
                part = self.path.with_name(self.path.name + suffix)
                if part.exists():
                    part.rename(aside.with_name(aside.name + suffix))
        self.warn(
            f"{self.path.name}: {self.holds} was damaged ({error}); it was set aside as {aside.name} "
            "and a new one begun, so items are encoded again."
        )


def _is_damage(problem: Exception) -> bool:
    """Is the file's content at fault? Our statements break no constraint, so where one is broken the content is."""
    if isinstance(problem, sqlite3.IntegrityError | UnicodeDecodeError):
        return True
    return _says(problem, DAMAGED)


def _says(problem: Exception, signs: tuple[str, ...]) -> bool:
    return any(sign in str(problem).lower() for sign in signs)


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; takes the write lock at once, so that two writers wait instead of failing half-way."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if db.in_transaction:  # some errors have rolled back already
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file this is, whatever its name; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
