"""How far long work has come, how fast it goes, and how it is cancelled."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from mmexplore.errors import Cancelled

SMOOTHING_SECONDS = 5.0  # how far back the throughput looks


class Progress:
    """How far a piece of work has come, told by the work and read by whoever waits for it.

    Args:
        on_change: called with this object after every `update` (in the working thread).
        clock: seconds, monotonic; replaced in tests.
    """

    def __init__(
        self, on_change: Callable[[Progress], None] | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.done: float = 0
        self.total: float = 0
        self.message = ""
        self._on_change, self._clock = on_change, clock
        self._cancel = threading.Event()
        self._lock = threading.Lock()
        self._items, self._seconds = 0.0, 0.0  # exponentially forgotten sums; their ratio is the throughput
        self._moved = clock()  # when `done` last grew

    def update(self, done: float, total: float, message: str = "") -> None:
        """`done` of `total` items are through; `message` says what is going on ("" keeps the last one).

        Fewer `done` than before, or another `total`, begins a new stage: the throughput starts afresh.

        Raises:
            Cancelled: when the work was cancelled, so a loop that only reports its progress can be cancelled too.
        """
        self.check()
        with self._lock:
            now = self._clock()
            if done < self.done or (total != self.total and self.total):
                self._items, self._seconds, self.done, self._moved = 0.0, 0.0, 0, now
            elif done > self.done:  # words alone say nothing of the speed: a long step would be forgotten by them
                elapsed = now - self._moved
                keep = math.exp(-elapsed / SMOOTHING_SECONDS)
                self._items = self._items * keep + (done - self.done)
                self._seconds = self._seconds * keep + elapsed
                self._moved = now
            self.done, self.total = done, total
            self.message = message or self.message
        if self._on_change is not None:
            self._on_change(self)

    def check(self) -> None:
        """Raise `Cancelled` if the work was cancelled. Cheap: call it in every loop."""
        if self._cancel.is_set():
            raise Cancelled

    def cancel(self) -> None:
        """Ask the work to stop at its next `check` or `update`."""
        self._cancel.set()

    @property
    def cancelled(self) -> bool:
        return self._cancel.is_set()

    @property
    def fraction(self) -> float:
        """0..1 of this stage; 0 while the total is unknown."""
        return min(1.0, max(0.0, self.done / self.total)) if self.total else 0.0

    @property
    def throughput(self) -> float | None:
        """Items a second over about the last 5 seconds; None before anything is through."""
        with self._lock:
            return self._items / self._seconds if self._items > 0 and self._seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until this stage is through at the present throughput; None where that is unknown."""
        rate = self.throughput
        if rate is None or not self.total:
            return None
        return max(0.0, (self.total - self.done) / rate - (self._clock() - self._moved))

    def restart(self) -> None:
        """The clock of the first stage begins when the work does, not when it was queued."""
        self._moved = self._clock()
