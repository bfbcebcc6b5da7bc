"""Cases run in a process of their own, watched from outside: exceptions, crashes, hangs and memory are findings.

    python -m tests.fuzz.harness [--cases 50000] [--first 0] [--workers 1]

Prints one JSON document. `make fuzz` runs it. A finding names its case; `python -m tests.fuzz.harness --only CASE`
runs that one alone, in this process, with its traceback.
"""

from __future__ import annotations

import argparse
import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = 10.0  # of its own time that a case may take
PATIENCE = 60.0  # of the clock: a busy machine gives a case less than the whole of a second
MEMORY = 700 << 20  # bytes above what the process held before
ADDRESSES = 8 << 30  # the process cannot have more, so that a runaway case does not take the machine with it


@dataclass
class Outcome:
    """What became of the cases. `findings`: (case, what happened)."""

    cases: int = 0
    findings: list[tuple[int, str]] = field(default_factory=list)
    longest_seconds: float = 0.0
    longest_case: int = -1
    before_bytes: int = 0
    peak_bytes: int = 0
    per_suffix: Counter = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, other: Outcome) -> None:
        self.cases += other.cases
        self.findings += other.findings
        if other.longest_seconds > self.longest_seconds:
            self.longest_seconds, self.longest_case = other.longest_seconds, other.longest_case
        self.before_bytes = max(self.before_bytes, other.before_bytes)
        self.peak_bytes = max(self.peak_bytes, other.peak_bytes)
        self.per_suffix.update(other.per_suffix)

    def as_dict(self) -> dict:
        return {
            "cases": self.cases,
            "findings": self.findings,
            "longest_case_s": round(self.longest_seconds, 2),
            "longest_case": self.longest_case,
            "memory_before_mb": round(self.before_bytes / 1e6),
            "memory_peak_mb": round(self.peak_bytes / 1e6),
            "per_suffix": dict(self.per_suffix),
            "seconds": round(self.seconds, 1),
        }


def fuzz(first: int, cases: int, target: str = "tests.fuzz.targets:run_case") -> Outcome:
    """Run the cases `first` .. `first + cases - 1`; a process that dies or hangs is replaced and the next case runs."""
    outcome, start, at = Outcome(), time.monotonic(), first
    while at < first + cases:
        part, at = _watch(at, first + cases, target)
        outcome.add(part)
    outcome.seconds = time.monotonic() - start
    return outcome


def _watch(first: int, stop: int, target: str) -> tuple[Outcome, int]:
    """Run one worker until it is through, dies or hangs; what it did, and the case to go on with."""
    outcome, at, died = Outcome(), first, ""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        command = [sys.executable, "-m", "tests.fuzz.worker", str(first), str(stop), folder, target]
        errors = Path(folder, "stderr")
        with errors.open("wb") as log:
            worker = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_pump, args=(worker, lines), daemon=True).start()
        while True:
            try:
                line = lines.get(timeout=PATIENCE)
            except queue.Empty:
                worker.kill()
                died = f"hangs: no answer within {PATIENCE:g} s"
                break
            if not line:
                code = worker.wait()
                died = f"the process died ({code}): {_tail(errors)}" if at < stop else ""
                break
            said = json.loads(line)
            if "ready" in said:
                outcome.before_bytes = outcome.peak_bytes = said["ready"]
                continue
            at = said["case"] + 1
            _note(outcome, said)
        worker.wait()
    if died:
        outcome.cases += 1
        outcome.findings.append((at, died))
        at += 1
    return outcome, at


def _note(outcome: Outcome, said: dict) -> None:
    outcome.cases += 1
    outcome.per_suffix[said["suffix"]] += 1
    if said["seconds"] > outcome.longest_seconds:
        outcome.longest_seconds, outcome.longest_case = said["seconds"], said["case"]
    if said["seconds"] > SECONDS:
        outcome.findings.append((said["case"], f"took {said['seconds']:.1f} s of its own time"))
    if said["peak"] > max(outcome.peak_bytes, outcome.before_bytes + MEMORY):
        outcome.findings.append((said["case"], f"the process holds {said['peak'] / 1e6:.0f} MB"))
    outcome.peak_bytes = max(outcome.peak_bytes, said["peak"])
    if said["problem"]:
        outcome.findings.append((said["case"], said["problem"]))


def _pump(worker: subprocess.Popen, lines: queue.Queue[str]) -> None:
    assert worker.stdout is not None
    for line in worker.stdout:
        lines.put(line)
    lines.put("")


def _tail(log: Path) -> str:
    return " | ".join(log.read_text(errors="replace").splitlines()[-6:])[-600:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", type=int, default=None, help="one case, in this process, with its traceback")
    asked = parser.parse_args()
    if asked.only is not None:
        from tests.fuzz.mutations import case
        from tests.fuzz.targets import run_case

        with tempfile.TemporaryDirectory() as folder:
            run_case(*case(asked.only), Path(folder, "case"))
        return
    outcome = fuzz(asked.first, asked.cases)
    print(json.dumps(outcome.as_dict(), indent=1, ensure_ascii=False))
    raise SystemExit(1 if outcome.findings else 0)


if __name__ == "__main__":
    main()
