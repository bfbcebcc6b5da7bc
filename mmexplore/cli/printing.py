"""What the command prints: JSON or aligned text on stdout, progress on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from mmexplore.server.jobs import Progress


def print_json(document: Any) -> None:
    print(json.dumps(jsonable(document), ensure_ascii=False, indent=1, allow_nan=False))


def jsonable(value: Any) -> Any:
    """Numbers as Python's own; NaN and infinity, which JSON has no words for, as null."""
    if isinstance(value, dict):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(v) for v in value]
    if isinstance(value, np.ndarray):
        return jsonable(value.tolist())
    if isinstance(value, np.generic):
        return jsonable(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def print_table(rows: Iterable[Mapping[Any, Any]], columns: list[str]) -> None:
    """Rows as aligned columns of text."""
    cells = [columns, *[["" if row.get(c) is None else str(row[c]) for c in columns] for row in rows]]
    widths = [max(len(row[j]) for row in cells) for j in range(len(columns))]
    for row in cells:
        print("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())


class StderrLine:
    """Shows progress on stderr: one line redrawn on a terminal, a line every few seconds elsewhere."""

    def __init__(self) -> None:
        self.last = 0.0
        self.through = ""  # the finished stage that was shown

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        terminal = sys.stderr.isatty()
        stage = f"{progress.done}/{progress.total}" if progress.done >= progress.total > 0 else ""
        through = bool(stage) and stage != self.through  # said at once, and once
        if now - self.last < (0.1 if terminal else 5) and not through:
            return
        self.through = stage
        self.last = now
        line = f"{how_far(progress.done, progress.total)} {progress.message}" if progress.total else progress.message
        print(f"\r\033[K{line[:100]}" if terminal else line, end="" if terminal else "\n", file=sys.stderr, flush=True)


def how_far(done: float, total: float) -> str:
    """ "3/48" where things are counted (one that is half done does not count yet), else "35 %"."""
    if total == int(total):
        return f"{int(done)}/{int(total)}"
    return f"{100 * done / total:.0f} %"


def stderr_progress() -> Progress:
    return Progress(on_change=StderrLine())
