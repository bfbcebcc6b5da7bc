"""Embeddings kept by content, so nothing is encoded twice.

One SQLite file (write-ahead log) in the user's cache directory. A vector is found by the content key of the item, the
encoder's name and its version. The store is a cache: when the disk is full, the folder cannot be written or the file
is damaged, work goes on without it, the reason stands in `Store.warnings` (and in `stats().warnings`, which
`mmexplore cache` and the Encode page show) and in the log; a damaged file is set aside, not deleted.
"""

from __future__ import annotations

import logging
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from mmexplore import settings
from mmexplore.runtime import cache_dir
from mmexplore.server.database import SharedDatabase, transaction

T = TypeVar("T")
log = logging.getLogger(__name__)

CHUNK = 500  # keys in one statement: below SQLite's smallest variable limit (999)
TOUCH_SECONDS = 60.0  # a vector read again within this time is not marked anew: reading stays reading
ROOM = 0.95  # evict down to this share of the cap, so that not every put evicts
ROW_BYTES = 256  # what a row costs beside its vector: key, indexes, page slack

# `used` lives apart from the vectors, so that marking a vector as used rewrites 100 bytes and not the vector.
# The triggers keep the counts of a space true in the same transaction, whoever writes: nothing is ever scanned.
SCHEMA = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS spaces (
    id INTEGER PRIMARY KEY, encoder TEXT NOT NULL, version TEXT NOT NULL, width INTEGER NOT NULL,
    items INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, UNIQUE (encoder, version));
CREATE TABLE IF NOT EXISTS items (
    id INTEGER PRIMARY KEY, space INTEGER NOT NULL, key TEXT NOT NULL, crc INTEGER NOT NULL,
    bytes INTEGER NOT NULL, used REAL NOT NULL, UNIQUE (space, key));
CREATE INDEX IF NOT EXISTS items_used ON items (used, id);
CREATE TABLE IF NOT EXISTS vectors (id INTEGER PRIMARY KEY, vector BLOB NOT NULL);
CREATE TRIGGER IF NOT EXISTS item_in AFTER INSERT ON items BEGIN
    UPDATE spaces SET items = items + 1, bytes = bytes + NEW.bytes WHERE id = NEW.space; END;
CREATE TRIGGER IF NOT EXISTS item_out AFTER DELETE ON items BEGIN
    DELETE FROM vectors WHERE id = OLD.id;
    UPDATE spaces SET items = items - 1, bytes = bytes - OLD.bytes WHERE id = OLD.space; END;
PRAGMA user_version = 1;
COMMIT;
"""


@dataclass(frozen=True)
class StoreStats:
    """What the store holds.

    path: its file.  items, bytes: of all (bytes as they count against `cap_bytes`).
    encoders: encoder name -> {"items", "bytes"}.  warnings: what went wrong in this process, sentences.
    """

    path: str
    items: int
    bytes: int
    cap_bytes: int
    encoders: dict[str, dict[str, int]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class Store:
    """The embeddings of one user, shared by all threads and processes that open the same file.

    Args:
        path: the SQLite file; None = `store/embeddings-1.sqlite` in the cache directory.
        cap_bytes: how much it may hold; None = MMEXPLORE_STORE_CAP. The vectors
            used least recently go first.
        clock: seconds since the epoch; replaced in tests.
    """

    def __init__(
        self, path: Path | None = None, cap_bytes: int | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.path = Path(path) if path is not None else cache_dir("store") / "embeddings-1.sqlite"
        self.cap_bytes = cap_from_environment() if cap_bytes is None else int(cap_bytes)
        self._clock = clock
        self._file = SharedDatabase(self.path, SCHEMA, "the store of embeddings")

    @property
    def warnings(self) -> list[str]:
        """Sentences for the person: a damaged file set aside, a store that could not be written."""
        return self._file.warnings

    # -- reading and writing ---------------------------------------------------
    def get(self, keys: Iterable[str], encoder: str, version: str) -> dict[str, np.ndarray]:
        """The kept vectors among these content keys, float32 [d] (read-only); keys not kept are left out.

        A vector whose bytes do not have the width or the checksum it was kept with is never returned.
        """
        wanted = [key for key in dict.fromkeys(keys) if key]
        nothing: dict[str, np.ndarray] = {}
        return self._file.run(lambda db: self._read(db, wanted, encoder, version), nothing) if wanted else nothing

    def put(self, encoder: str, version: str, vectors: Mapping[str, np.ndarray]) -> None:
        """Keep these vectors, content key -> floats [d]; all of them or, if the process dies, none.

        Other widths of the same encoder and version are dropped (they cannot be of this encoder); vectors with
        values that are not finite are not kept.

        Raises:
            ValueError: the vectors are not one-dimensional or not of one width.
        """
        rows, width = _as_rows(vectors)
        if rows:
            self._file.run(lambda db: self._write(db, encoder, version, width, rows), None)

    def clear(self, encoder: str | None = None) -> int:
        """Forget everything (or one encoder, all versions) and give the disk space back; how many vectors went."""
        return self._file.run(lambda db: _forget(db, encoder), 0)

    def stats(self) -> StoreStats:
        """Counts and sizes; instant whatever the size."""
        query = "SELECT encoder, SUM(items), SUM(bytes) FROM spaces GROUP BY encoder HAVING SUM(items) ORDER BY encoder"
        nothing: list[tuple[str, int, int]] = []
        rows = self._file.run(lambda db: db.execute(query).fetchall(), nothing)
        per = {name: {"items": items, "bytes": size} for name, items, size in rows}
        return StoreStats(
            path=str(self.path),
            items=sum(e["items"] for e in per.values()),
            bytes=sum(e["bytes"] for e in per.values()),
            cap_bytes=self.cap_bytes,
            encoders=per,
            warnings=tuple(self.warnings),
        )

    def close(self) -> None:
        """Close this thread's connection (the store can be used again afterwards)."""
        self._file.close()

    # -- one statement each ----------------------------------------------------
    def _read(self, db: sqlite3.Connection, keys: list[str], encoder: str, version: str) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {}
        touched: list[int] = []
        broken: list[int] = []
        space = db.execute("SELECT id, width FROM spaces WHERE encoder = ? AND version = ?", (encoder, version))
        row = space.fetchone()
        if row is None:
            return {}
        space_id, width = row
        stale = self._clock() - TOUCH_SECONDS
        for chunk in _chunks(keys):
            query = f"""SELECT items.id, key, crc, used, vector FROM items LEFT JOIN vectors USING (id)
                        WHERE space = ? AND key IN ({_marks(chunk)})"""  # noqa: S608 - only question marks go in
            for item, key, crc, used, blob in db.execute(query, (space_id, *chunk)):
                if not isinstance(blob, bytes) or len(blob) != 4 * width or _checksum(key, blob) != crc:
                    broken.append(item)
                    continue
                found[key] = np.frombuffer(blob, "<f4").astype(np.float32, copy=False)
                if not isinstance(used, float) or used < stale:
                    touched.append(item)
        self._mark(db, touched, broken)
        return found

    def _mark(self, db: sqlite3.Connection, touched: list[int], broken: list[int]) -> None:
        """Note what was used now, and drop what cannot be used."""
        if not touched and not broken:
            return
        with transaction(db):
            for chunk in _chunks(touched):
                sql = f"UPDATE items SET used = ? WHERE id IN ({_marks(chunk)})"  # noqa: S608
                db.execute(sql, (self._clock(), *chunk))
            for chunk in _chunks(broken):
                db.execute(f"DELETE FROM items WHERE id IN ({_marks(chunk)})", chunk)  # noqa: S608
        if broken:
            self._file.warn(f"{self.path}: {len(broken)} kept vectors were damaged and are encoded again.")

    def _write(
        self, db: sqlite3.Connection, encoder: str, version: str, width: int, rows: list[tuple[str, bytes]]
    ) -> None:
        now = self._clock()
        with transaction(db):
            db.execute(
                "INSERT INTO spaces (encoder, version, width) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (encoder, version, width),
            )
            space, kept = db.execute(
                "SELECT id, width FROM spaces WHERE encoder = ? AND version = ?", (encoder, version)
            ).fetchone()
            if kept != width:
                db.execute("DELETE FROM items WHERE space = ?", (space,))
                db.execute("UPDATE spaces SET width = ? WHERE id = ?", (width, space))
            for chunk in _chunks([key for key, _ in rows]):
                sql = f"DELETE FROM items WHERE space = ? AND key IN ({_marks(chunk)})"  # noqa: S608
                db.execute(sql, (space, *chunk))
            (last,) = db.execute("SELECT COALESCE(MAX(id), 0) FROM items").fetchone()
            numbered = list(enumerate(rows, start=last + 1))
            db.executemany(
                "INSERT INTO items (id, space, key, crc, bytes, used) VALUES (?, ?, ?, ?, ?, ?)",
                ((i, space, key, _checksum(key, blob), len(blob) + ROW_BYTES, now) for i, (key, blob) in numbered),
            )
            db.executemany("INSERT INTO vectors (id, vector) VALUES (?, ?)", ((i, blob) for i, (_, blob) in numbered))
            self._evict(db)

    def _evict(self, db: sqlite3.Connection) -> None:
        """Drop the least recently used until there is room again."""
        (total,) = db.execute("SELECT COALESCE(SUM(bytes), 0) FROM spaces").fetchone()
        if total <= self.cap_bytes:
            return
        surplus = total - self.cap_bytes * ROOM
        oldest: list[int] = []
        for item, size in db.execute("SELECT id, bytes FROM items ORDER BY used, id"):
            if surplus <= 0:
                break
            oldest.append(item)
            surplus -= size
        for chunk in _chunks(oldest):
            db.execute(f"DELETE FROM items WHERE id IN ({_marks(chunk)})", chunk)  # noqa: S608


def cap_from_environment() -> int:
    """MMEXPLORE_STORE_CAP in bytes."""
    return settings.size("MMEXPLORE_STORE_CAP")


def _as_rows(vectors: Mapping[str, np.ndarray]) -> tuple[list[tuple[str, bytes]], int]:
    """(key, little-endian float32 bytes) of every finite vector, and their width."""
    arrays = {key: np.asarray(vector) for key, vector in vectors.items() if key}
    shapes = {array.shape for array in arrays.values()}
    if not arrays:
        return [], 0
    if len(shapes) > 1 or any(len(shape) != 1 or shape == (0,) for shape in shapes):
        raise ValueError(f"vectors to keep must be one-dimensional and of one width, found shapes {sorted(shapes)}")
    rows: list[tuple[str, bytes]] = []
    for key, array in arrays.items():
        narrow = array.astype("<f4")
        if np.isfinite(narrow).all():
            rows.append((key, narrow.tobytes()))
    if len(rows) < len(arrays):
        log.warning("%d vectors with values that are not finite were not kept", len(arrays) - len(rows))
    return rows, shapes.pop()[0]


def _checksum(key: object, blob: bytes) -> int:
    """Of the vector and the key it belongs to: SQLite itself does not notice a flipped bit."""
    return zlib.crc32(blob, zlib.crc32(str(key).encode()))


def _forget(db: sqlite3.Connection, encoder: str | None) -> int:
    with transaction(db):
        where, which = ("", ()) if encoder is None else (" WHERE encoder = ?", (encoder,))
        sql = f"SELECT COALESCE(SUM(items), 0) FROM spaces{where}"  # noqa: S608 - fixed text
        (gone,) = db.execute(sql, which).fetchone()
        db.execute(f"DELETE FROM items WHERE space IN (SELECT id FROM spaces{where})", which)  # noqa: S608
        db.execute(f"DELETE FROM spaces{where}", which)  # noqa: S608
    db.executescript("PRAGMA incremental_vacuum;")  # `execute` would give back one page only
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return gone


def _marks(values: list) -> str:
    return ",".join("?" * len(values))


def _chunks(values: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
