"""The app: cold start to the first picture, memory, and how long a page takes to be computed again.

    python benchmarks/app.py [--rows 2000,50000] [--repeats 5] [--no-browser]

Cold start and memory need a Chromium and the prepared example (`make setup`). Page times are of the server's side
(Streamlit's AppTest), p95 over the repeats, on vectors of 3 modalities of 64 numbers with an attention fusion fitted on
2,000 of the rows. Prints one JSON document on stdout.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[1]
PORT = 8765


def planted(n: int, seed: int = 0):
    """A workspace of n rows seen through three modalities of one factor, with labels, fused."""
    from mmexplore import journey
    from mmexplore.data.embeddings import Embeddings
    from mmexplore.workspace.state import Workspace

    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, n)
    factor = rng.normal(size=(n, 16)) + rng.normal(size=(10, 16))[labels]
    vectors = {m: factor @ rng.normal(size=(16, 64)) + rng.normal(size=(n, 64)) for m in ("a", "b", "c")}
    vectors = {m: (v / np.linalg.norm(v, axis=1, keepdims=True)).astype(np.float32) for m, v in vectors.items()}
    split = np.full(n, "test", object)
    split[rng.permutation(n)[: min(n - n // 5, 2000)]] = "train"
    ids = np.array([f"i{i}" for i in range(n)], object)
    workspace = Workspace()
    workspace.set_embeddings(
        Embeddings(vectors=vectors, present={m: np.ones(n, bool) for m in vectors}, ids=ids, groups=ids,
                   spaces=dict.fromkeys(vectors, "shared"), labels=labels.astype(str).astype(object), splits=split),
        dict.fromkeys(vectors, "as-is"),
    )  # fmt: skip
    workspace.add_fusion(journey.fuse(workspace, "attention", {"epochs": 5}))
    return workspace


def page_times(n: int, repeats: int) -> dict[str, dict[str, float]]:
    """Page, and "page: part" of the parts behind its first -> first run and p95 of the runs after it, milliseconds."""
    from streamlit.testing.v1 import AppTest

    from mmexplore.app import navigation
    from mmexplore.app.pages.mispairs import mispairing

    mispairing.AT_ONCE = n  # AppTest takes up no job: the page itself ranks, however many rows there are

    def timed() -> dict[str, float]:
        runs = []
        for _ in range(repeats + 1):
            start = time.perf_counter()
            test.run()
            runs.append(1000 * (time.perf_counter() - start))
        if test.exception:
            raise RuntimeError(f"{page}: {test.exception[0].value}")
        return {"first_ms": round(runs[0], 1), "rerun_p95_ms": round(float(np.percentile(runs[1:], 95)), 1)}

    workspace = planted(n)
    times: dict[str, dict[str, float]] = {}
    for page in navigation.BY_NAME:
        test = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=600)
        test.run()
        test.session_state["workspace"], test.session_state["example"] = workspace, None
        test.session_state["wanted"] = page
        times[page] = timed()
        parts = [c for c in test.segmented_control if c.key and c.key.endswith(".part")]
        for part in (p for c in parts for p in c.options if p != c.value):
            next(c for c in test.segmented_control if c.key == parts[0].key).set_value(part)
            times[f"{page}: {part}"] = timed()
    return times


def cold_start() -> dict[str, Any]:
    """Seconds from starting the server to its first answer, and from the first paint to the first picture; memory."""
    from playwright.sync_api import Error as NotUp
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    browser = next((found for name in names if (found := shutil.which(name))), None)
    if browser is None:
        return {"skipped": "no Chromium or Chrome"}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.address", "localhost", "--server.port", str(PORT)]
    start = time.perf_counter()
    server = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with sync_playwright() as play:
            chrome = play.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
            page = chrome.new_page()
            for _ in range(240):
                try:
                    page.goto(f"http://localhost:{PORT}", timeout=2000)
                    break
                except NotUp:  # ask again
                    time.sleep(0.25)
            page.wait_for_selector("[data-testid=stImage] img", timeout=60_000)
            picture = time.perf_counter() - start
            paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            now = page.evaluate("performance.now()")
            chrome.close()
        return {
            "server_start_to_picture_s": round(picture, 2),
            "first_paint_to_picture_s": round((now - paint) / 1000, 2),
            "server_peak_mb": peak_mb(server.pid),
        }
    finally:
        server.terminate()
        server.wait(10)


def peak_mb(pid: int) -> float | None:
    """Peak resident memory of a process in MB (Linux only)."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
    return round(int(line.split()[1]) / 1024, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="2000,50000")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--no-browser", action="store_true")
    options = parser.parse_args()
    answer: dict[str, Any] = {} if options.no_browser else {"cold_start": cold_start()}
    answer["pages"] = {n: page_times(int(n), options.repeats) for n in options.rows.split(",")}
    print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main()
