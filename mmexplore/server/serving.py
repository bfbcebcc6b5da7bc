"""How a server is to be run, as its environment says: quotas, and the read-only demo (docs/deploy.md lists them)."""

from __future__ import annotations

import os
from dataclasses import dataclass

from mmexplore.errors import UserError

SESSION_BYTES, SERVER_BYTES = 2 << 30, 20 << 30
SESSION_ITEMS, SERVER_ITEMS = 200_000, 1_000_000


@dataclass(frozen=True)
class Quotas:
    """What people may use; 0 = as much as there is.

    session_bytes, server_bytes: of uploads, unpacked.  session_items, server_items: rows of their own pairs.
    """

    session_bytes: int = 0
    server_bytes: int = 0
    session_items: int = 0
    server_items: int = 0


def quotas(alone: bool = False) -> Quotas:
    """The quotas of this server.

    MMEXPLORE_SESSION_BYTES ("2GiB"), MMEXPLORE_SERVER_BYTES ("20GiB"), MMEXPLORE_SESSION_ITEMS (200,000) and
    MMEXPLORE_SERVER_ITEMS (1,000,000); 0 = none. `alone`: the app is served to its own machine only, where nothing is
    limited unless one of these is set.

    Raises:
        UserError: one of them is not a size or a number.
    """
    some = 0 if alone else 1
    return Quotas(
        size_setting("MMEXPLORE_SESSION_BYTES", some * SESSION_BYTES),
        size_setting("MMEXPLORE_SERVER_BYTES", some * SERVER_BYTES),
        count_setting("MMEXPLORE_SESSION_ITEMS", some * SESSION_ITEMS),
        count_setting("MMEXPLORE_SERVER_ITEMS", some * SERVER_ITEMS),
    )


def demo() -> bool:
    """Is this a read-only demo (MMEXPLORE_DEMO=1): built-in examples only, no uploads, no paths, no downloads?"""
    return os.environ.get("MMEXPLORE_DEMO", "").strip() == "1"


def not_in_demo(what: str) -> None:
    """Called by the code that does what a demo does not.

    Raises:
        UserError: this is a demo; the sentence says how to get the whole app.
    """
    if demo():
        raise UserError("this is a demo with built-in examples only", what, "run mmexplore on your own machine for it")


# -- numbers in the environment ----------------------------------------------------
def size_setting(name: str, default: int) -> int:
    """Bytes that an environment variable names: a number, or one with KB/MB/GB (or KiB/MiB/GiB, all powers of 1024).

    Raises:
        UserError: it is not a size.
    """
    asked = os.environ.get(name, "").strip()
    if not asked:
        return default
    number = asked.lower().removesuffix("b").removesuffix("i")
    power = "kmgt".find(number[-1:]) + 1 if number else 0
    try:
        found = float(number[:-1] if power else number) * 1024**power
        return int(found) if found >= 0 else int("negative")
    except (ValueError, OverflowError):
        raise UserError(f"{asked!r} is not a size", name, 'give bytes, or for example "4GiB"') from None


def count_setting(name: str, default: int) -> int:
    """A whole number that an environment variable holds. Raises UserError when it is not one."""
    asked = os.environ.get(name, "").strip() or str(default)
    if not asked.isdecimal():
        raise UserError(f"{asked!r} is not a number", name, "give 0, 1, 2 ...")
    return int(asked)


def in_words(n_bytes: float) -> str:
    """340 KB, 2.0 GB (powers of 1024)."""
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if n_bytes < 1024 or unit == "TB":
            return f"{n_bytes:.0f} {unit}" if unit in ("bytes", "KB") else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1024
    raise AssertionError("the loop returns")
