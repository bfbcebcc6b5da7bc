"""The process that cases run in: a line of JSON on stdout after each. Started by `tests.fuzz.harness`."""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import sys
import time
import traceback
from pathlib import Path

from tests.fuzz.harness import ADDRESSES
from tests.fuzz.mutations import case


def main() -> None:
    first, stop, folder, target = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
    module, _, name = target.partition(":")
    run = getattr(importlib.import_module(module), name)
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no answer
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    case(0)
    print(json.dumps({"ready": peak()}), file=out)
    for number in range(first, stop):
        suffix, data = case(number)
        mine, start, problem = folder / "case", time.process_time(), ""
        try:
            run(suffix, data, mine)
        except BaseException as error:  # noqa: BLE001 - that is what is looked for
            last = traceback.extract_tb(error.__traceback__)[-1]
            problem = f"{suffix}: {type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"[:400]
            shutil.rmtree(mine, ignore_errors=True)
        seconds = time.process_time() - start
        said = {"case": number, "suffix": suffix, "seconds": seconds, "peak": peak(), "problem": problem}
        print(json.dumps(said), file=out)


def peak() -> int:
    """The most memory this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage tells of the parent's memory, too, where that was more
        return 1024 * int(status.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
