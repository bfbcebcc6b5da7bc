"""The store: what is put is got, by many threads and processes, after a kill, a full disk and a damaged file."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

from mmexplore.errors import UserError
from mmexplore.server.store import ROW_BYTES, Store, cap_from_environment


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "store.sqlite"


def some(n: int, width: int = 8, start: int = 0) -> dict[str, np.ndarray]:
    """Keys and vectors that can be made again: the vector follows from the number."""
    return {f"{i:064x}": vector(i, width) for i in range(start, start + n)}


def vector(i: int, width: int = 8) -> np.ndarray:
    return np.random.default_rng(i).standard_normal(width).astype(np.float32)


def same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> bool:
    return found.keys() == expected.keys() and all(np.array_equal(found[k], expected[k]) for k in found)


class Clock:
    def __init__(self) -> None:
        self.now = 1e9

    def __call__(self) -> float:
        return self.now


# -- keeping -----------------------------------------------------------------------


def test_what_is_put_is_got_bit_for_bit(path):
    kept = some(1300)  # more than fit in one statement
    Store(path).put("minilm", "1", kept)
    found = Store(path).get([*kept, "unknown", "", next(iter(kept))], "minilm", "1")
    assert same(found, kept)
    assert all(v.dtype == np.float32 and v.shape == (8,) for v in found.values())


def test_another_encoder_or_version_has_other_vectors(path):
    store = Store(path)
    store.put("a", "1", {"key": np.array([1.0, 2.0])})
    store.put("a", "2", {"key": np.array([3.0, 4.0, 5.0])})
    store.put("b", "1", {"key": np.array([6.0])})
    assert [store.get(["key"], *space)["key"].tolist() for space in (("a", "1"), ("a", "2"), ("b", "1"))] == [
        [1, 2],
        [3, 4, 5],
        [6],
    ]
    assert store.get(["key"], "b", "2") == {} and store.get(["key"], "c", "1") == {} and store.get([], "a", "1") == {}


def test_putting_again_replaces_and_counts_once(path):
    store = Store(path)
    store.put("a", "1", some(10))
    store.put("a", "1", {**some(5), "new": np.full(8, 7.0)})
    assert store.stats().items == 11
    store.put("a", "1", {"new": np.full(8, 9.0)})
    assert store.get(["new"], "a", "1")["new"].tolist() == [9.0] * 8 and store.stats().items == 11


def test_doubles_come_back_as_single_precision(path):
    store = Store(path)
    store.put("a", "1", {"key": np.array([1 / 3, 2 / 3], dtype=np.float64)})
    found = store.get(["key"], "a", "1")["key"]
    assert found.dtype == np.float32 and np.array_equal(found, np.array([1 / 3, 2 / 3], dtype=np.float32))


def test_mixed_widths_and_tables_are_refused(path):
    store = Store(path)
    for wrong in ({"a": np.ones(3), "b": np.ones(4)}, {"a": np.ones((2, 2))}, {"a": np.ones(0)}, {"a": np.float32(1)}):
        with pytest.raises(ValueError, match="width"):
            store.put("a", "1", wrong)
    store.put("a", "1", {})
    assert store.stats().items == 0


def test_a_new_width_replaces_what_an_encoder_kept_before(path):
    store = Store(path)
    store.put("a", "1", some(5, width=8))
    store.put("a", "1", some(1, width=4, start=100))
    assert store.get(some(5), "a", "1") == {} and store.stats().items == 1


def test_values_that_are_not_finite_are_not_kept(path, caplog):
    store = Store(path)
    store.put("a", "1", {"good": np.ones(2), "bad": np.array([np.nan, 1]), "worse": np.array([np.inf, 1])})
    assert list(store.get(["good", "bad", "worse"], "a", "1")) == ["good"]
    assert "2 vectors" in caplog.text


def test_stats_and_clear(path):
    store = Store(path, cap_bytes=10**9)
    store.put("a", "1", some(200, 256))
    store.put("a", "2", some(3))
    store.put("b", "1", some(4))
    stats = store.stats()
    assert (stats.path, stats.items, stats.cap_bytes, stats.warnings) == (str(path), 207, 10**9, ())
    assert stats.encoders == {
        "a": {"items": 203, "bytes": 200 * (1024 + ROW_BYTES) + 3 * (32 + ROW_BYTES)},
        "b": {"items": 4, "bytes": 4 * (32 + ROW_BYTES)},
    }
    assert stats.bytes == sum(e["bytes"] for e in stats.encoders.values())
    before = sum(file.stat().st_size for file in path.parent.iterdir())
    assert store.clear("a") == 203
    assert store.stats().encoders == {"b": {"items": 4, "bytes": 4 * (32 + ROW_BYTES)}}
    assert sum(file.stat().st_size for file in path.parent.iterdir()) < before / 2  # the disk space is given back
    assert same(store.get(some(4), "b", "1"), some(4))
    assert store.clear() == 4 and store.clear() == 0 and store.stats().items == 0
    store.put("a", "1", some(2))
    assert store.stats().items == 2


# -- the cap -----------------------------------------------------------------------


def test_the_least_recently_used_go_first(path):
    clock, size = Clock(), 32 + ROW_BYTES
    store = Store(path, cap_bytes=10 * size, clock=clock)
    for i in range(10):
        store.put("a", "1", some(1, start=i))
        clock.now += 3600
    store.get(some(1, start=0), "a", "1")  # the oldest is used again
    clock.now += 3600
    store.put("b", "1", some(1, start=10))
    assert set(some(10)) - set(store.get(some(10), "a", "1")) == set(some(2, start=1))  # down to 95 % of the cap
    assert store.stats().bytes <= 10 * size


def test_the_cap_holds_and_the_counts_stay_true(path):
    size = 32 + ROW_BYTES
    store = Store(path, cap_bytes=100 * size)
    for start in range(0, 1000, 37):
        store.put(f"encoder {start % 3}", "1", some(37, start=start))
        assert store.stats().bytes <= 100 * size
    db = sqlite3.connect(path)
    items, size_of_all = db.execute("SELECT COUNT(*), SUM(bytes) FROM items").fetchone()
    assert (store.stats().items, store.stats().bytes) == (items, size_of_all) and items > 90
    assert db.execute("SELECT COUNT(*) FROM vectors").fetchone() == (items,)
    db.close()


def test_more_than_fits_at_once_keeps_the_last(path):
    store = Store(path, cap_bytes=20 * (32 + ROW_BYTES))
    store.put("a", "1", some(50))
    left = store.get(some(50), "a", "1")
    assert len(left) == 19 and set(left) == set(list(some(50))[-19:])


def test_a_cap_of_nothing_keeps_nothing(path):
    store = Store(path, cap_bytes=0)
    store.put("a", "1", some(5))
    assert store.stats().items == 0


def test_reading_often_does_not_write_often(path):
    clock = Clock()
    store = Store(path, clock=clock)
    store.put("a", "1", some(3))
    db = sqlite3.connect(path)
    version = db.execute("PRAGMA data_version").fetchone()
    store.get(some(3), "a", "1")
    assert db.execute("PRAGMA data_version").fetchone() == version  # used a moment ago: nothing to note
    clock.now += 3600
    store.get(some(2), "a", "1")
    assert db.execute("PRAGMA data_version").fetchone() != version
    used = [u for (u,) in db.execute("SELECT used FROM items ORDER BY id")]
    assert used == [clock.now, clock.now, clock.now - 3600]
    db.close()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("", 4 << 30),
        ("1000", 1000),
        ("1.5 GiB", 3 << 29),
        ("500MB", 500 << 20),
        ("2k", 2048),
        ("0", 0),
        ("1TB", 1 << 40),
    ],
)
def test_the_cap_is_set_from_outside(monkeypatch, asked, expected):
    monkeypatch.setenv("MMEXPLORE_STORE_CAP", asked)
    assert cap_from_environment() == expected


@pytest.mark.parametrize("asked", ["lots", "-1", "GB", "nan", "inf", "4 4"])
def test_a_cap_that_is_no_size_is_named(monkeypatch, asked):
    monkeypatch.setenv("MMEXPLORE_STORE_CAP", asked)
    with pytest.raises(UserError, match="MMEXPLORE_STORE_CAP"):
        cap_from_environment()


def test_the_usual_place_is_the_cache_directory(monkeypatch, tmp_path):
    monkeypatch.setenv("MMEXPLORE_CACHE", str(tmp_path))
    Store().put("a", "1", some(1))
    assert Store().path.parent == tmp_path / "store" and Store().path.exists()


# -- many at once ------------------------------------------------------------------


def test_many_threads_share_one_store(path):
    store, problems = Store(path), []

    def work(number: int) -> None:
        try:
            for i in range(20):
                mine = some(5, start=number * 1000 + i * 5)
                store.put("a", "1", mine)
                assert same(store.get(mine, "a", "1"), mine)
        except BaseException as problem:  # noqa: BLE001 - shown by the assertion below
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == [] and store.stats().items == 600 and store.warnings == []


SCRIPT = """
import sys, time, json
import numpy as np
from pathlib import Path
from mmexplore.server.store import Store
def vector(i, width=8): return np.random.default_rng(i).standard_normal(width).astype(np.float32)
def some(n, start=0, width=8): return {f"{i:064x}": vector(i, width) for i in range(start, start + n)}
store = Store(Path(sys.argv[1]))
"""


def start(path, body: str, *args: object) -> subprocess.Popen:
    code = SCRIPT + textwrap.dedent(body)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path), *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_processes_write_the_same_new_file_at_once(path):
    body = """
        first = int(sys.argv[2])
        print("ready", flush=True)
        for i in range(0, 400, 10):
            store.put("a", "1", some(10, first + i))
            store.put("shared", "1", some(10, i))       # the same keys in all processes
        print(json.dumps(store.warnings))
    """
    running = [start(path, body, n * 1000) for n in range(3)]
    for process in running:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert json.loads(out.splitlines()[-1]) == []
    store = Store(path)
    for n in range(3):
        assert same(store.get(some(400, start=n * 1000), "a", "1"), some(400, start=n * 1000))
    assert same(store.get(some(400), "shared", "1"), some(400))
    assert store.stats().encoders["a"]["items"] == 1200 and store.stats().encoders["shared"]["items"] == 400


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is of Unix")
@pytest.mark.parametrize("attempt", range(3))
def test_killed_in_the_middle_of_writing_nothing_is_lost_or_torn(path, attempt):
    body = """
        for i in range(100000):
            store.put("a", "1", some(20, 20 * i, 256))
            print(i, flush=True)
    """
    process = start(path, body)
    told = [process.stdout.readline() for _ in range(5)]
    assert told[-1], process.stderr.read()
    time.sleep(random.Random(attempt).random() * 0.05)
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read()  # not communicate(): it passes over what readline() has read ahead
    process.wait()
    whole = [int(line) for line in "".join([*told, rest]).splitlines(keepends=True) if line.endswith("\n")]
    store = Store(path)
    finished = 20 * (whole[-1] + 1)
    kept = store.get(some(finished + 40, 256), "a", "1")
    assert len(kept) in (finished, finished + 20)  # all that was reported; the batch under way whole or not at all
    assert same(kept, some(len(kept), 256))
    assert store.warnings == [] and store.stats().items == len(kept)
    store.put("a", "1", some(40, 256, start=finished))  # and the next run goes on
    assert same(store.get(some(finished + 40, 256), "a", "1"), some(finished + 40, 256))


def test_a_writer_waits_for_another_that_holds_the_lock(path):
    store = Store(path)
    store.put("a", "1", some(1))
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.1, lambda: other.execute("COMMIT"))
    timer.start()
    store.put("a", "1", some(1, start=1))
    timer.join()
    other.close()
    assert store.stats().items == 2 and store.warnings == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_opens_its_own_connection(path):
    store = Store(path)
    store.put("a", "1", some(2))
    child = os.fork()
    if child == 0:
        ok = same(store.get(some(2), "a", "1"), some(2))
        store.put("a", "1", some(2, start=2))
        os._exit(0 if ok else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert same(store.get(some(4), "a", "1"), some(4))


def test_a_removed_file_is_begun_anew(path):
    store = Store(path)
    store.put("a", "1", some(3))
    for file in path.parent.iterdir():
        file.unlink()
    assert store.get(some(3), "a", "1") == {}
    store.put("a", "1", some(3))
    assert same(Store(path).get(some(3), "a", "1"), some(3))


# -- damage ------------------------------------------------------------------------


def test_a_file_that_is_no_database_is_set_aside_and_the_person_hears_of_it(path, caplog):
    path.parent.mkdir()
    path.write_bytes(b"this is not a database at all" * 1000)
    store = Store(path)
    assert store.get(["key"], "a", "1") == {}
    store.put("a", "1", some(3))
    assert same(store.get(some(3), "a", "1"), some(3))
    aside = [p for p in path.parent.iterdir() if ".damaged-" in p.name]
    assert len(aside) == 1 and aside[0].read_bytes().startswith(b"this is not")
    assert len(store.warnings) == 1 and "set aside as " + aside[0].name in store.warnings[0]
    assert store.stats().warnings == tuple(store.warnings) and "set aside" in caplog.text


def test_two_processes_that_meet_the_same_damage_set_it_aside_once(path):
    path.parent.mkdir()
    path.write_bytes(b"rubbish" * 5000)
    body = """
        store.put("a", "1", some(10, int(sys.argv[2])))
        print(len(store.get(some(10, int(sys.argv[2])), "a", "1")))
    """
    for process in [start(path, body, n * 10) for n in range(3)]:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out.strip()) == (0, "10"), err
    assert same(Store(path).get(some(30), "a", "1"), some(30))
    assert len([p for p in path.parent.iterdir() if ".damaged-" in p.name]) == 1


@pytest.mark.parametrize("seed", range(40))
def test_no_damage_crashes_it_or_makes_it_return_a_wrong_vector(path, seed):
    kept = some(60, 384)
    store = Store(path)
    store.put("a", "1", kept)
    store.close()
    raw, dice = bytearray(path.read_bytes()), random.Random(seed)
    at = dice.randrange(4096 if seed % 3 == 0 else len(raw))
    match seed % 4:
        case 0:
            raw = raw[:at]
        case 1:
            raw[at : at + 4096] = dice.randbytes(4096)
        case 2:
            raw[at : at + 2000] = bytes(2000)
        case 3:
            raw[at] ^= 1 << dice.randrange(8)
    path.write_bytes(raw)
    store = Store(path)
    found = store.get(kept, "a", "1")
    assert all(np.array_equal(v, kept[k]) for k, v in found.items())
    store.put("a", "1", kept)
    assert same(store.get(kept, "a", "1"), kept)
    if len(found) < len(kept):
        assert store.warnings


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE vectors SET vector = zeroblob(32) WHERE id = 2",  # right width, wrong values
        "UPDATE vectors SET vector = zeroblob(28) WHERE id = 2",  # another width
        "UPDATE vectors SET vector = 'text' WHERE id = 2",
        "UPDATE items SET crc = crc + 1 WHERE id = 2",
        "DELETE FROM vectors WHERE id = 2",
    ],
)
def test_a_vector_that_was_changed_is_dropped_and_can_be_kept_again(path, spoil):
    store = Store(path)
    store.put("a", "1", some(3))
    db = sqlite3.connect(path)
    db.execute(spoil)
    db.commit()
    db.close()
    assert same(store.get(some(3), "a", "1"), {k: v for k, v in some(3).items() if k != f"{1:064x}"})
    assert store.stats().items == 2 and "1 kept vectors were damaged" in store.warnings[0]
    store.put("a", "1", some(3))
    assert same(store.get(some(3), "a", "1"), some(3))


# -- no room -----------------------------------------------------------------------


def test_where_nothing_can_be_written_work_goes_on_without(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = Store(tmp_path / "file" / "store.sqlite")
    store.put("a", "1", some(2))
    assert store.get(some(2), "a", "1") == {} and store.clear() == 0
    assert store.stats().items == 0 and "work goes on without it" in store.stats().warnings[0]


def test_a_full_disk_is_told_and_keeps_what_there_is(path, monkeypatch):
    store = Store(path)
    store.put("a", "1", some(3))
    store._file._connection().execute("PRAGMA max_page_count = 1")  # SQLite's own words for a full disk
    store.put("a", "1", some(500, 8, start=10))
    assert "full" in store.warnings[0] and "work goes on without it" in store.warnings[0]
    assert same(store.get(some(3), "a", "1"), some(3)) and store.stats().items == 3


def test_a_mistake_of_ours_is_not_hidden(path):
    store = Store(path)
    with pytest.raises(sqlite3.ProgrammingError):
        store._file.run(lambda db: db.execute("SELECT ?", ()), None)


def test_the_store_is_light():
    heavy = "('torch', 'streamlit', 'pandas')"
    code = f"import sys, mmexplore.server.store, mmexplore.server.jobs; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
