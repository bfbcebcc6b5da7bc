"""Everything that an environment variable decides: name, default, bounds and what it is; nothing else reads them.

docs/deploy.md shows this table; a test compares the two.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from mmexplore.errors import UserError

SIZE, NUMBER, SWITCH, FOLDER, DEVICE = "a size", "a whole number", "1 or 0", "a folder", "a device of torch"


@dataclass(frozen=True)
class Setting:
    """One environment variable.

    Attributes:
        kind: `SIZE`, `NUMBER` ...  default: as it would be written; "" where it depends on the machine.
        about: what it is.  low: the least `NUMBER`.  otherwise: the default in words, where it is "".
    """

    kind: str
    default: str
    about: str
    low: int = 0
    otherwise: str = ""

    @property
    def allowed(self) -> str:
        """What may be given, in words."""
        return f"{self.kind} from {self.low}" if self.kind == NUMBER else self.kind


SETTINGS = {
    "MMEXPLORE_DEMO": Setting(SWITCH, "0", "1: a read-only demo (see above)"),
    "MMEXPLORE_LOCAL_PATHS": Setting(
        SWITCH,
        "",
        "may people type a path on the server's disk?",
        otherwise="1 only where `server.address` is this machine",
    ),
    "MMEXPLORE_SESSION_BYTES": Setting(
        SIZE, "2GiB", "what one session may have on the disk: uploads, what they unpack to, and a saved ZIP"
    ),
    "MMEXPLORE_SERVER_BYTES": Setting(SIZE, "20GiB", "what all sessions may have together"),
    "MMEXPLORE_SESSION_ITEMS": Setting(
        NUMBER, "200000", "rows of their own that one session may hold (the examples do not count)"
    ),
    "MMEXPLORE_SERVER_ITEMS": Setting(NUMBER, "1000000", "rows that all sessions may hold together"),
    "MMEXPLORE_SESSION_JOBS": Setting(NUMBER, "8", "jobs that one session may have waiting"),
    "MMEXPLORE_SERVER_JOBS": Setting(NUMBER, "100", "jobs that may wait in all"),
    "MMEXPLORE_JOBS": Setting(NUMBER, "1", "jobs that run at once", low=1),
    "MMEXPLORE_SESSION_GRACE": Setting(
        NUMBER, "150", "seconds a session may be disconnected before its uploads are deleted"
    ),
    "MMEXPLORE_SHARED_RESULTS": Setting(
        SIZE, "96MiB", "memory for the results of the built-in examples that all share"
    ),
    "MMEXPLORE_STORE_CAP": Setting(SIZE, "4GiB", "disk for the store of vectors; the least recently used go first"),
    "MMEXPLORE_CACHE": Setting(
        FOLDER,
        "",
        "where the store, the examples, the exported encoders and the uploads lie",
        otherwise="the user's cache folder",
    ),
    "MMEXPLORE_UPLOADS": Setting(
        FOLDER, "", "where uploads lie, for a disk of their own", otherwise="`uploads` in the cache"
    ),
    "MMEXPLORE_THREADS": Setting(NUMBER, "0", "threads of one computation; 0: every processor"),
    "MMEXPLORE_DEVICE": Setting(DEVICE, "", "where torch computes: `cpu`, `cuda` or `mps`", otherwise="the fastest"),
}


def given(name: str) -> str:
    """What the environment says, without blanks around it; "" where it says nothing."""
    assert name in SETTINGS, name
    return os.environ.get(name, "").strip()


def number(name: str, default: str | None = None) -> int:
    """A whole number.

    Args:
        default: in place of the table's.

    Raises:
        UserError: it is no whole number, or below the least.
    """
    setting, asked = SETTINGS[name], given(name)
    asked = asked or (setting.default if default is None else default)
    if not asked.isdecimal() or int(asked) < setting.low:
        raise UserError(f"{asked!r} is not a number from {setting.low}", name, f"give {setting.low} or more")
    return int(asked)


def size(name: str, default: str | None = None) -> int:
    """Bytes: a number, or one with KB/MB/GB (or KiB/MiB/GiB, all powers of 1024).

    Args:
        default: in place of the table's.

    Raises:
        UserError: it is not a size.
    """
    asked = given(name) or (SETTINGS[name].default if default is None else default)
    digits = asked.lower().removesuffix("b").removesuffix("i")
    power = "kmgt".find(digits[-1:]) + 1 if digits else 0
    try:
        found = float(digits[:-1] if power else digits) * 1024**power
        return int(found) if found >= 0 else int("negative")
    except (ValueError, OverflowError):
        raise UserError(f"{asked!r} is not a size", name, 'give bytes, or for example "4GiB"') from None
