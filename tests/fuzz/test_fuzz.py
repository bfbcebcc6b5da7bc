"""Thousands of damaged and hostile files: no traceback, no crash, no hang, bounded memory, good rows kept."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.fuzz import harness, mutations, targets
from tests.fuzz.originals import originals, series_tables

CASES = 2_500


def test_the_good_files_are_read_by_everything(tmp_path):
    """Before they are damaged: nothing is refused, or the fuzzing would prove nothing."""
    for suffix, files in originals().items():
        for n, data in enumerate(files):
            path = tmp_path / f"{n}{suffix}"
            path.write_bytes(data)
            for suffixes, decode in targets.DECODERS:
                words = decode is targets.lines_of and suffix in targets.TABLES  # not one of numbers only
                if suffix in suffixes and not words:
                    decode(path)
    for suffix, data in series_tables().items():
        (tmp_path / f"series{suffix}").write_bytes(data)
        assert "polyline" in targets.lines_of(tmp_path / f"series{suffix}")


def test_a_case_is_the_same_everywhere():
    assert [mutations.case(n) for n in range(60)] == [mutations.case(n) for n in range(60)]
    assert len({mutations.case(n) for n in range(500)}) > 480
    assert {mutations.case(n)[0] for n in range(len(originals()))} == set(originals())


def test_damaged_files():
    """The first cases of the corpus; `make fuzz` runs many more."""
    outcome = harness.fuzz(0, CASES)
    assert outcome.findings == []
    assert outcome.cases == CASES
    assert outcome.longest_seconds < harness.SECONDS
    assert min(outcome.per_suffix.values()) >= CASES // len(originals())


@pytest.mark.parametrize("number", [41, 341, 541, 1563, 28015, 36290])
def test_what_was_found_stays_mended(number):
    """Offsets of Arrow texts and a Parquet footer that ended the process, damaged letters in headers and in cells."""
    assert harness.fuzz(number, 1).findings == []


# -- the harness itself: each kind of finding is found ---------------------------------------------
def raises(suffix: str, data: bytes, folder: Path) -> None:
    if suffix == ".png":
        raise KeyError("not for people")


def dies(suffix: str, data: bytes, folder: Path) -> None:
    if suffix == ".png":
        os.kill(os.getpid(), signal.SIGSEGV)


def hangs(suffix: str, data: bytes, folder: Path) -> None:
    if suffix == ".png":
        time.sleep(600)


def eats(suffix: str, data: bytes, folder: Path) -> None:
    if suffix == ".png":
        bytearray(os.urandom(1 << 20) * 900)


@pytest.mark.parametrize(
    ("target", "says"), [(raises, "KeyError"), (dies, "died (-11)"), (hangs, "hangs"), (eats, "holds")]
)
def test_the_harness_finds(target, says, monkeypatch):
    monkeypatch.setattr(harness, "PATIENCE", 15.0 if target is hangs else 60.0)
    n = len(originals())
    outcome = harness.fuzz(0, n, f"{__name__}:{target.__name__}")
    assert outcome.cases == n
    at = list(originals()).index(".png")
    assert [number for number, _ in outcome.findings] == [at]
    assert says in outcome.findings[0][1]
