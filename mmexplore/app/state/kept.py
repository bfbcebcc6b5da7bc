"""Results kept for later: a session's own, and those of the built-in examples that all sessions share.

A result may be shared only where everything it was computed from is `common`: the objects of an untouched built-in
example, and what was fitted on them. Nothing of a person's own data is ever among these. What is shared is read-only.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd

from mmexplore.data.identity import uid_of

_MISSING = object()
PATIENCE = 60.0  # seconds that somebody waits for another's computation before they compute it themselves


class Kept:
    """The newest results, at most `entries` of them and `max_bytes` in all (the newest one always stays).

    Safe to use from several threads; of several who ask for the same result at once, one computes and the others wait.
    """

    def __init__(self, entries: int, max_bytes: int, read_only: bool = False) -> None:
        self.entries, self.max_bytes, self.read_only = entries, max_bytes, read_only
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()  # key -> value, bytes
        self._lock = threading.Lock()
        self._computing: dict[Hashable, threading.Lock] = {}

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def bytes(self) -> int:
        """About how much memory the results take."""
        with self._lock:
            return sum(size for _, size in self._kept.values())

    def get(self, key: Hashable, otherwise: Any = None) -> Any:
        """The result under this key, which becomes the newest."""
        with self._lock:
            if key not in self._kept:
                return otherwise
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def put(self, key: Hashable, value: Any) -> None:
        """Keep a result."""
        if self.read_only:
            freeze(value)
        size = memory_of(value)
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = value, size
            total = sum(s for _, s in self._kept.values())
            while len(self._kept) > 1 and (len(self._kept) > self.entries or total > self.max_bytes):
                total -= self._kept.popitem(last=False)[1][1]

    def once(
        self,
        key: Hashable,
        compute: Callable[[], Any],
        waiting: Callable[[], AbstractContextManager] = nullcontext,
        patience: float = PATIENCE,
    ) -> Any:
        """The result under this key, computed now if it is not kept.

        Args:
            waiting: entered while another computes it: a word to who waits.
            patience: seconds to wait for the other at most; then it is computed here as well.
        """
        if (known := self.get(key, _MISSING)) is not _MISSING:
            return known
        with self._lock:
            alone = self._computing.setdefault(key, threading.Lock())
        mine = alone.acquire(blocking=False)
        if not mine:
            with waiting():
                mine = alone.acquire(timeout=patience)
        try:
            if (known := self.get(key, _MISSING)) is _MISSING:
                known = compute()
                self.put(key, known)
        finally:
            if mine:
                with self._lock:
                    self._computing.pop(key, None)
                alone.release()
        return known

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


class Common:
    """The objects that belong to all sessions: those of the built-in examples, and what was fitted on them alone."""

    def __init__(self) -> None:
        self._known: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()

    def add(self, *things: Any) -> None:
        """These are common from now on, and read-only. None is passed over."""
        for thing in things:
            if thing is not None:
                freeze(thing)
                self._known[uid_of(thing)] = thing

    def has(self, thing: Any) -> bool:
        """Is this very object common? None is."""
        return thing is None or self._known.get(uid_of(thing)) is thing


# -- looking into results ------------------------------------------------------------
def _inside(thing: Any) -> list[Any]:
    """What a container, dataclass or estimator holds; nothing for what cannot hold arrays."""
    if isinstance(thing, dict):
        return [*thing.keys(), *thing.values()]
    if isinstance(thing, list | tuple | set | frozenset):
        return list(thing)
    if is_dataclass(thing) and not isinstance(thing, type):
        return [getattr(thing, f.name) for f in fields(thing)] + list(getattr(thing, "__dict__", {}).values())
    if type(thing).__module__.split(".")[0] in ("mmexplore", "plotly", "_plotly_utils"):
        return list(getattr(thing, "__dict__", {}).values())
    return []


def _walk(thing: Any, visit: Callable[[Any], None]) -> None:
    seen: set[int] = set()
    ahead = [thing]
    while ahead:
        one = ahead.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        visit(one)
        ahead.extend(_inside(one))


def freeze(thing: Any) -> None:
    """Make every array in it read-only: whoever tries to change what is shared is told so by numpy."""

    def visit(one: Any) -> None:
        if isinstance(one, np.ndarray):
            one.setflags(write=False)

    _walk(thing, visit)


def memory_of(thing: Any) -> int:
    """About how many bytes it takes: arrays, tables, texts and what holds them."""
    total = 0

    def visit(one: Any) -> None:
        nonlocal total
        if isinstance(one, np.ndarray):
            total += one.nbytes
        elif isinstance(one, pd.DataFrame | pd.Series):
            total += int(np.sum(one.memory_usage(deep=False)))
        else:
            total += sys.getsizeof(one, 64)

    _walk(thing, visit)
    return total
