"""How a server is to be run, as its environment says: quotas, and the read-only demo."""

from __future__ import annotations

from dataclasses import dataclass

from mmexplore import settings
from mmexplore.errors import UserError


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

    MMEXPLORE_SESSION_BYTES, MMEXPLORE_SERVER_BYTES, MMEXPLORE_SESSION_ITEMS and MMEXPLORE_SERVER_ITEMS; 0 = none.
    `alone`: the app is served to its own machine only, where nothing is limited unless one of these is set.

    Raises:
        UserError: one of them is not a size or a number.
    """
    default = "0" if alone else None
    return Quotas(
        settings.size("MMEXPLORE_SESSION_BYTES", default),
        settings.size("MMEXPLORE_SERVER_BYTES", default),
        settings.number("MMEXPLORE_SESSION_ITEMS", default),
        settings.number("MMEXPLORE_SERVER_ITEMS", default),
    )


def demo() -> bool:
    """Is this a read-only demo (MMEXPLORE_DEMO=1): built-in examples only, no uploads, no paths, no downloads?"""
    return settings.given("MMEXPLORE_DEMO") == "1"


def not_in_demo(what: str) -> None:
    """Called by the code that does what a demo does not.

    Raises:
        UserError: this is a demo; the sentence says how to get the whole app.
    """
    if demo():
        raise UserError("this is a demo with built-in examples only", what, "run mmexplore on your own machine for it")


def in_words(n_bytes: float) -> str:
    """340 KB, 2.0 GB (powers of 1024)."""
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if n_bytes < 1024 or unit == "TB":
            return f"{n_bytes:.0f} {unit}" if unit in ("bytes", "KB") else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1024
    raise AssertionError("the loop returns")
