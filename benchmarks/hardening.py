"""Hostile input: each group of tests in a process of its own, with its time and the most memory it held.

    python benchmarks/hardening.py [--browser]

The time and memory are those of the whole process, Python's own start and the making of the files included (100 MB of
text, a million frames ...), so they are upper bounds of what reading costs. `--browser` adds the pages in a Chromium.
The fuzzing has a command of its own: `make fuzz`. Prints one JSON document on stdout.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
HOSTILE, TABLES = "tests/data/test_hostile.py", "tests/data/test_tables.py"
GROUPS = {
    "archives: bombs (nested, overlapping, lying), traversal, links, devices": [
        "tests/data/test_archive.py", f"{HOSTILE}::test_a_zip_in_a_zip_in_a_zip_stays_packed",
        f"{HOSTILE}::test_members_that_lie_in_one_another_are_refused_whole",
    ],
    "arrays: bombs, pickles, promises": [
        "tests/data/test_vectors.py", f"{HOSTILE}::test_many_arrays_of_nothing_do_not_fill_the_memory",
    ],
    "paths in tables and folders: devices, pipes, links": [
        f"{HOSTILE}::test_devices_and_foreign_paths_in_a_table_are_listed",
        f"{HOSTILE}::test_a_device_a_pipe_or_a_link_to_one_is_never_opened",
        "tests/data/test_read_rows.py::test_cells_cannot_reach_outside_the_folder",
    ],
    "pictures: 10^9 pixels, every format": [
        f"{HOSTILE}::test_pictures_that_promise_gigapixels_are_rows_left_out",
        "tests/data/test_images.py::test_the_pixel_cap_holds_before_anything_is_decoded",
    ],
    "a GIF of 1,000,000 frames": [f"{HOSTILE}::test_a_gif_of_a_million_frames_costs_no_more_than_its_first"],
    "playlists called films": [f"{HOSTILE}::test_a_playlist_called_a_film_opens_nothing_else"],
    "a CSV cell of 100 MB, plain and quoted with line breaks": [
        f"{HOSTILE}::test_a_quoted_cell_of_100_megabytes_with_line_breaks",
        f"{TABLES}::test_a_cell_of_100_megabytes_costs_seconds_not_the_memory",
    ],
    "10,000 columns, the whole way": [f"{HOSTILE}::test_ten_thousand_columns_go_the_whole_way"],
    "millions of blank, ragged, empty rows or columns": [f"{HOSTILE}::test_a_table_of_rubbish_is_given_up_early"],
    "Parquet and Arrow: bombs, offsets that lead astray": [
        HOSTILE, "-k", "parquet or arrow",
    ],
    "NUL bytes, damaged letters, control and right-to-left characters": [
        TABLES, HOSTILE, "-k", "nul or damaged_letter or names_that or control_and",
    ],
}  # fmt: skip
BROWSER = {"markup in names, labels, captions, columns on every page (Chromium)": ["tests/browser/test_hostile.py"]}


def measured(arguments: list[str]) -> dict[str, float]:
    """Run these tests; passed, failed, seconds of processor time, peak memory in MB."""
    with tempfile.TemporaryFile("w+") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
            stdout=out, stderr=subprocess.STDOUT, cwd=REPOSITORY, env=os.environ,
        )  # fmt: skip
        _, _, usage = os.wait4(child.pid, 0)
        child.returncode = 0
        out.seek(0)
        last = out.read().strip().splitlines()[-1]
    counted = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|error)", last)}
    return {
        "cases": sum(counted.values()),
        "failures": counted.get("failed", 0) + counted.get("error", 0),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mb": round(usage.ru_maxrss * 1024 / 1e6),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--browser", action="store_true")
    groups = GROUPS | (BROWSER if parser.parse_args().browser else {})
    answer = {title: measured(arguments) for title, arguments in groups.items()}
    print(json.dumps(answer, indent=1))
    raise SystemExit(any(a["failures"] or not a["cases"] for a in answer.values()))


if __name__ == "__main__":
    main()
