"""One place for seeds, for the device and threads, and for where files are kept."""

from __future__ import annotations

import os
import random
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from mmexplore import settings
from mmexplore.errors import UserError

#: what scikit-learn takes as `random_state`
RandomState = int | np.random.RandomState | np.random.Generator | None


def cpu_count() -> int:
    """Processors this process may use (respects affinity), at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def threads() -> int:
    """Threads one computation may use: ``MMEXPLORE_THREADS``, else every processor."""
    return settings.number("MMEXPLORE_THREADS") or cpu_count()


def cache_dir(*parts: str) -> Path:
    """A folder under the user's cache directory (``MMEXPLORE_CACHE`` overrides it), made if absent."""
    root = settings.given("MMEXPLORE_CACHE") or platformdirs.user_cache_dir("mmexplore", appauthor=False)
    path = Path(root, *parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def rng(seed: int) -> np.random.Generator:
    """The generator every random choice in mmexplore comes from."""
    return np.random.default_rng(seed)


def seed_of(random_state: RandomState) -> int:
    """The int that a fit draws from (0 to 2^32 - 1).

    Args:
        random_state: an int, taken as it is; None, a fresh one each time; a numpy RandomState or Generator, from which
            it is drawn.

    Raises:
        UserError: something else, or an int out of range.
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31 - 1))
    if not isinstance(random_state, int | np.integer) or not 0 <= random_state < 2**32:
        raise UserError(
            f"cannot be {random_state!r}", "random_state", "give a whole number from 0 to 4,294,967,295, or None"
        )
    return int(random_state)


class WhileUsed:
    """A context shared by all threads: entered with the first that uses it, left with the last.

    For settings of the whole process that two fits side by side both need: were each to put them back for itself, the
    one that began first would put them back while the other runs, and the other would put back what the first had set.
    """

    def __init__(self, make: Callable[[], AbstractContextManager[Any]]) -> None:
        self._make, self._lock, self._users = make, threading.Lock(), 0
        self._context: AbstractContextManager[Any] | None = None

    def __enter__(self) -> None:
        with self._lock:
            if self._users == 0:
                context = self._make()
                context.__enter__()
                self._context = context
            self._users += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0 and self._context is not None:
                self._context.__exit__(None, None, None)


@contextmanager
def _deterministic_torch() -> Iterator[None]:
    import torch

    before = torch.get_deterministic_debug_mode()
    torch.set_deterministic_debug_mode("warn")  # as `use_deterministic_algorithms`, which imports torch's compiler
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(before)


@contextmanager
def _no_convergence_warnings() -> Iterator[None]:
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():  # the filters are the process's own, too
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


_DETERMINISTIC = WhileUsed(_deterministic_torch)
NOT_CONVERGED = WhileUsed(_no_convergence_warnings)  # silences scikit-learn where few steps are enough


@contextmanager
def repeatable_torch(n_threads: int | None = None) -> Iterator[None]:
    """torch with deterministic operations and this many threads (None: `threads()`); afterwards both are as before."""
    with _DETERMINISTIC, _torch_threads(n_threads or threads()):
        yield


_THREADS = threading.Lock()
_threads_before = 0  # what torch's count was when the first of those that are inside came
_inside = 0
_mine = threading.local()  # .depth: how often this thread is inside


@contextmanager
def _torch_threads(n: int) -> Iterator[None]:
    """torch keeps the count for each thread, and the last one set for threads that come later: both are put back."""
    import torch

    global _threads_before, _inside
    depth = getattr(_mine, "depth", 0)
    with _THREADS:
        if _inside == 0:
            _threads_before = torch.get_num_threads()
        before = torch.get_num_threads() if depth else _threads_before
        _inside, _mine.depth = _inside + 1, depth + 1
        torch.set_num_threads(n)
    try:
        yield
    finally:
        with _THREADS:
            _inside, _mine.depth = _inside - 1, depth
            torch.set_num_threads(before)


@contextmanager
def seeded_torch(seed: int) -> Iterator[None]:
    """torch's own generator with this seed, for what can draw from no other; afterwards it stands where it stood.

    One thread at a time: the generator is one for the whole process.
    """
    import torch

    with _SEEDED:
        kept = torch.get_rng_state()
        torch.default_generator.manual_seed(seed)  # of the CPU alone: modules are built there, then moved
        try:
            yield
        finally:
            torch.set_rng_state(kept)


_SEEDED = threading.RLock()


_seen_before: set[type] = set()


@contextmanager
def first_time(what: type) -> Iterator[None]:
    """What libraries do to the process when they are first imported is undone: draws from `random`, warning filters.

    Only the first time for each `what`: afterwards there is nothing left to be imported.
    """
    if what in _seen_before:
        yield
        return
    drawn, filters = random.getstate(), list(warnings.filters)
    try:
        yield
    finally:
        _seen_before.add(what)
        random.setstate(drawn)
        warnings.filters[:] = filters  # type: ignore[index]  # it is a list; the stubs call it a sequence


def device() -> str:
    """``cuda``, ``mps`` or ``cpu``: the fastest present (``MMEXPLORE_DEVICE`` overrides it).

    Does not import torch when only a CPU can be meant, so that the first page stays light.
    """
    chosen = settings.given("MMEXPLORE_DEVICE")
    if chosen:
        return chosen
    nvidia = Path("/proc/driver/nvidia/version").exists() or sys.platform == "win32"
    if not (nvidia or sys.platform == "darwin"):
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
