"""Every timing in one go: `make bench`. Each benchmark prints one JSON document; this prints them under their names.

The accuracy tables (uci.py, avdigits.py, generative.py, alignment.py, bridge.py) take longer and are run by hand: see
benchmarks/README.md.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TIMINGS = ("encode", "search", "fit", "app")


def main() -> None:
    folder = Path(__file__).parent
    failed = []
    for name in TIMINGS:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, str(folder / f"{name}.py")], check=False).returncode:
            failed.append(name)
    if failed:
        raise SystemExit(f"did not finish: {', '.join(failed)}")


if __name__ == "__main__":
    main()
