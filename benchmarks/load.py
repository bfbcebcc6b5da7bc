"""Many people at once on the built-in example: how long a page's answer takes, and what a session costs in memory.

    python benchmarks/load.py [--people 20] [--steps 1,10,20] [--think 2] [--no-fit] [--umap] [--limit MB]

Starts a server of its own on 127.0.0.1 (nothing else is ever asked) and sends visitors (`benchmarks/visitor.py`: they
speak what a browser speaks, so the server does all that it would do for browsers, and the machine is not busy drawing).
Each opens the example, goes to Fuse, fits a fusion there (a job), goes to Weights, Latent space and Retrieval, and
types a query; between two steps they read for --think seconds. The memory is of the server with 1, 10 and 20 sessions
that have all gone the whole way and are still open. "stretch" says how much longer than its processor time a short loop
took beside it: about 1 on a quiet machine. With --limit the kernel gives the server no more memory than that, pages of
files included, as `docker run --memory` does (Linux, as root): what does not fit is killed. Prints one JSON document;
stops after --seconds whatever happens.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from benchmarks.visitor import Visitor  # noqa: E402

HOST = "127.0.0.1"
QUERIES = ("a cat", "something to eat", "a red flower", "rain and thunder", "people dancing", "a fast train")


def start_server(port: int, log: Path, group: Path | None = None, **environment: str) -> subprocess.Popen:
    """The app as it is deployed, in a control group where one is given; waits until it says that it is well."""
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.address", HOST, "--server.port", str(port), "--server.fileWatcherType", "none"]
    with log.open("w") as out:
        server = subprocess.Popen(
            command, cwd=REPOSITORY, stdout=out, stderr=subprocess.STDOUT, env=os.environ | environment
        )
    if group is not None:
        (group / "cgroup.procs").write_text(str(server.pid))
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError(log.read_text()[-2000:])
        try:
            urlopen(f"http://{HOST}:{port}/_stcore/health", timeout=2).close()
            return server
        except (URLError, OSError):
            time.sleep(0.1)
    server.kill()
    raise RuntimeError("the server did not start within a minute")


def cuda_mb(pid: int) -> float:
    """Resident memory of CUDA's own libraries (and triton), which a CPU build of torch does not bring."""
    total, ours = 0.0, False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            ours = re.search(r"cuda|cublas|cudnn|cufft|cusparse|nccl|nvrtc|nvJit|nvshmem|triton", line) is not None
        elif ours and line.startswith("Rss:"):
            total += int(line.split()[1]) / 1024
    return round(total, 1)


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        return free.getsockname()[1]


def memory_mb(pid: int, what: str = "VmRSS") -> float:
    """Memory of a process in MB (Linux): resident now ("VmRSS") or at its highest ("VmHWM"), private ("RssAnon")."""
    lines = [x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith(what)]
    if not lines:
        raise RuntimeError("the server has ended: with --limit that means killed for want of memory")
    return round(int(lines[0].split()[1]) / 1024, 1)


@contextmanager
def memory_group(megabytes: int | None) -> Iterator[Path | None]:
    """A control group whose processes have so much memory together, or None without a limit."""
    if megabytes is None:
        yield None
        return
    old = next((x for x in Path("/proc/self/cgroup").read_text().splitlines() if ":memory:" in x), None)
    if old is not None:
        group, limit = Path("/sys/fs/cgroup/memory" + old.split(":", 2)[2]), "memory.limit_in_bytes"
    else:
        group, limit = Path("/sys/fs/cgroup"), "memory.max"
    group = group / f"mmexplore-{os.getpid()}"
    group.mkdir()
    try:
        (group / limit).write_text(str(megabytes * 1024 * 1024))
        yield group
    finally:
        group.rmdir()


def pressed(group: Path) -> dict[str, int]:
    """How often the limit was met (pages of files were given back), and the most that was held, MB."""
    names = {"memory.failcnt": "times_at_the_limit", "memory.max_usage_in_bytes": "held_mb", "memory.peak": "held_mb"}
    found = {title: int((group / name).read_text()) for name, title in names.items() if (group / name).exists()}
    return {title: n >> 20 if title == "held_mb" else n for title, n in found.items()}


async def journey(visitor: Visitor, query: str, think: float, fit: bool, umap: bool) -> None:
    """The main job, left to right."""

    async def read() -> None:
        await asyncio.sleep(think * random.uniform(0.5, 1.5))

    await read()
    await visitor.open("Fuse")
    if fit:
        await read()
        await visitor.press("Fit")
        await visitor.wait_for_jobs(300)
    for title in ("Weights", "Latent space", "Retrieval"):
        await read()
        await visitor.open(title)
        if umap and title == "Latent space":
            await visitor.choose("Map by", "UMAP")
            await visitor.wait_for_jobs(300)
    await read()
    await visitor.type("Text", query)
    if visitor.errors:
        raise RuntimeError(f"an error was shown: {visitor.errors[0]}")
    if not visitor.media():
        raise RuntimeError("the query found no picture")


async def visit(port: int, number: int, options: argparse.Namespace) -> Visitor:
    """One person who comes a little later than the one before."""
    await asyncio.sleep(options.arrive * random.random())
    visitor = await Visitor.connect(HOST, port)
    await journey(visitor, QUERIES[number % len(QUERIES)], options.think, options.fit, options.umap)
    return visitor


async def crowd(port: int, pid: int, options: argparse.Namespace) -> dict[str, Any]:
    """People come until there are as many as each step says; all stay."""
    people: list[Visitor] = []
    memory: dict[int, float] = {}
    used: dict[int, float] = {}
    failed: list[str] = []
    for step in options.steps:
        done = await asyncio.gather(
            *(visit(port, len(people) + i, options) for i in range(step - len(people))), return_exceptions=True
        )
        failed += [f"{type(d).__name__}: {d}" for d in done if isinstance(d, BaseException)]
        people += [d for d in done if isinstance(d, Visitor)]
        await asyncio.sleep(1.0)
        memory[step], used[step] = memory_mb(pid), round(cpu_seconds(pid), 1)
    answers = [(what, s) for v in people for what, s in v.seconds]
    for visitor in people:
        await visitor.close()
    return {"finished": len(people), "failed": failed, "memory_mb": memory, "cpu_s": used, "answers": answers}


def summary(answers: list[tuple[str, float]]) -> dict[str, dict[str, float]]:
    """p50, p95 and number of each kind of answer, and of all; asking how a job stands is one of its own."""
    kinds: dict[str, list[float]] = {"all pages": [s for what, s in answers if what != "ask for the jobs"]}
    for what, seconds in answers:
        kinds.setdefault(what, []).append(seconds)
    return {
        what: {
            "p50": round(float(np.percentile(s, 50)), 2),
            "p95": round(float(np.percentile(s, 95)), 2),
            "max": round(max(s), 2),
            "n": len(s),
        }
        for what, s in kinds.items()
        if s
    }


async def stretches(found: list[float]) -> None:
    """How much longer than its processor time a short loop takes, again and again: 1 where the machine is quiet."""

    def once() -> float:
        wall, cpu = time.perf_counter(), time.thread_time()
        while time.thread_time() - cpu < 0.03:
            pass
        return (time.perf_counter() - wall) / (time.thread_time() - cpu)

    while True:
        found.append(await asyncio.to_thread(once))
        await asyncio.sleep(2.0)


async def measured(port: int, pid: int, options: argparse.Namespace) -> dict[str, Any]:
    """The crowd, and beside it how busy the machine is with other things."""
    found: list[float] = []
    beside = asyncio.create_task(stretches(found))
    answer = await crowd(port, pid, options)
    beside.cancel()
    return answer | {"stretch": round(float(np.median(found)), 2) if found else None}


def slope(memory: dict[int, float]) -> float | None:
    """MB a further session, by least squares from the second step on (the first pays for what is loaded once)."""
    counts = sorted(memory)
    if len(counts) < 2:
        return None
    return round(float(np.polyfit(counts, [memory[n] for n in counts], 1)[0]), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--steps", default="1,10,20", help="sessions open at which memory is read")
    parser.add_argument("--think", type=float, default=2.0, help="seconds between two steps, on average")
    parser.add_argument("--arrive", type=float, default=5.0, help="seconds over which people arrive")
    parser.add_argument("--no-fit", dest="fit", action="store_false", help="look at the fusion that comes with it")
    parser.add_argument("--umap", action="store_true", help="also draw the maps by UMAP (a job)")
    parser.add_argument("--limit", type=int, help="MB of memory that the server may have")
    parser.add_argument("--seconds", type=float, default=600, help="give up after this long")
    options = parser.parse_args()
    options.steps = sorted({min(int(n), options.people) for n in options.steps.split(",")} | {options.people})
    random.seed(0)
    from mmexplore.journey import showcase

    showcase.prepare_example("emoji")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, memory_group(options.limit) as group:
        log = Path(folder, "log")
        server = start_server(port, log, group)
        try:
            began, load = time.perf_counter(), os.getloadavg()[0]
            idle = memory_mb(server.pid)
            answer = asyncio.run(asyncio.wait_for(measured(port, server.pid, options), options.seconds))
            answer["answers"] = summary(answer["answers"])
            answer |= {
                "load_before": round(load, 2),
                "seconds": round(time.perf_counter() - began, 1),
                "memory_idle_mb": idle,
                "memory_peak_mb": memory_mb(server.pid, "VmHWM"),
                "memory_private_mb": memory_mb(server.pid, "RssAnon"),
                "memory_cuda_mb": cuda_mb(server.pid),
                "mb_a_session": slope(answer["memory_mb"]),
                "tracebacks": log.read_text().count("Traceback"),
                **(pressed(group) if group is not None else {}),
            }
        finally:
            server.terminate()
            server.wait(20)
    print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main()
