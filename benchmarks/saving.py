"""Saving, downloading and reopening a workspace of many megabytes in a browser: seconds, and the server's memory.

    python benchmarks/saving.py [--mb 300]

Peaks are those of the server's process (Linux: VmHWM, which the system lets one set back), less what it had before the
step. Prints one JSON document on stdout.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from benchmarks.load import HOST, free_port, start_server  # noqa: E402

PIXELS = 600  # noise does not compress: about 1.1 MB a picture


def make_pairs(folder: Path, megabytes: int) -> int:
    """Pictures of noise with a caption each; how many bytes."""
    folder.mkdir()
    rng, size, i = np.random.default_rng(0), 0, 0
    while size < megabytes * 1e6:
        picture = folder / f"{i:04}.png"
        Image.fromarray(rng.integers(0, 255, (PIXELS, PIXELS, 3), dtype=np.uint8)).save(picture, compress_level=1)
        picture.with_suffix(".txt").write_text(f"noise number {i}")
        size, i = size + picture.stat().st_size, i + 1
    return size


def memory(pid: int, what: str) -> float:
    """VmRSS, VmHWM, RssAnon ... in MB."""
    found = re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 / 1e6 if found else float("nan")


def measured(pid: int, step: Callable[[], None]) -> dict[str, float]:
    """Seconds of a step, and the most memory the server held meanwhile beyond what it had, MB."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    before, start = memory(pid, "VmRSS"), time.perf_counter()
    step()
    seconds = time.perf_counter() - start
    return {
        "seconds": round(seconds, 1),
        "peak_mb": round(memory(pid, "VmHWM") - before),
        "after_mb": round(memory(pid, "VmRSS") - before),
    }


def settle(page: Page) -> None:
    page.wait_for_timeout(300)
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')?.getAttribute('data-test-script-state') !== 'running'"
    )
    page.wait_for_function("() => !document.querySelector('[class*=\"st-key-job-\"]')")
    page.wait_for_timeout(300)


def run(megabytes: int, folder: Path, address: str, pid: int) -> dict[str, object]:
    answer: dict[str, object] = {"media_mb": round(make_pairs(folder / "pairs", megabytes) / 1e6)}
    with sync_playwright() as playwright:
        system = "/usr/bin/chromium"
        browser = playwright.chromium.launch(executable_path=system if Path(system).exists() else None)
        page = browser.new_page()
        page.set_default_timeout(300_000)
        page.goto(address)
        settle(page)
        page.get_by_text("Bring your own", exact=True).first.click()
        page.get_by_label("Or a path on this computer").fill(str(folder / "pairs"))
        page.get_by_role("button", name="Look at the path").click()
        page.get_by_role("button", name="Read pairs").click()
        page.get_by_role("heading", name="The pairs").wait_for()
        settle(page)
        page.get_by_text("Save and reopen", exact=True).first.click()
        settle(page)

        def save() -> None:
            page.get_by_role("button", name="Save the workspace").click()
            page.get_by_role("link", name="Download the ZIP").wait_for()

        def download() -> None:
            with page.expect_download() as found:
                page.get_by_role("link", name="Download the ZIP").click()
            found.value.save_as(folder / "saved.zip")

        def reopen() -> None:
            page.get_by_label("Or a path on this computer").fill(str(folder / "saved.zip"))
            page.get_by_role("button", name="Open the path").click()
            page.get_by_role("link", name="Download the ZIP").wait_for(state="detached")
            settle(page)

        for step in (save, download, reopen):
            answer[step.__name__] = measured(pid, step)
        answer["zip_mb"] = round((folder / "saved.zip").stat().st_size / 1e6)
        browser.close()
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=int, default=300)
    megabytes = parser.parse_args().mb
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        server = start_server(port, Path(folder, "log"))
        try:
            print(json.dumps(run(megabytes, Path(folder), f"http://{HOST}:{port}", server.pid), indent=1))
        finally:
            server.terminate()
            server.wait(20)


if __name__ == "__main__":
    main()
