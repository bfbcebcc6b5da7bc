"""Long work off the page: a bounded pool of workers, a queue with positions, progress, cancel.

job = pool().submit("Encode 2,000 photos", work, owner=session_id)   # work(progress) -> result
job.state, job.position, job.done, job.total, job.throughput, job.seconds_left
if job.state == "done":
    result = job.take()          # hands the result over and lets go of it
"""

from __future__ import annotations

import secrets
import threading
import time
import traceback as tracebacks
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

from mmexplore import settings
from mmexplore.errors import Cancelled, UserError
from mmexplore.server.progress import Progress

__all__ = ["Cancelled", "Job", "JobPool", "Progress", "pool"]

T = TypeVar("T")
State = Literal["queued", "running", "done", "failed", "cancelled"]

KEEP_SECONDS = 1800.0  # how long a finished job that nobody fetched is kept
QUEUED_PER_OWNER, QUEUED = 8, 100


class Job(Generic[T]):
    """One piece of work; made by `JobPool.submit`, read by the page.

    Attributes:
        id: hard to guess.  title: what the person sees.  owner: whose it is.
        state: "queued", "running", "done", "failed" or "cancelled".
        error: for a failed job, one sentence for the person; else "".
        traceback: for a failed job, the traceback as text (shown on request); else "".
        released: True once the result was handed over (or let go of after its time).
    """

    def __init__(self, title: str, work: Callable[[Progress], T], owner: str, pool: JobPool) -> None:
        self.id = secrets.token_hex(8)
        self.title, self.owner = title, owner
        self.state: State = "queued"
        self.error, self.traceback = "", ""
        self.released = False
        self.progress = Progress(clock=pool._clock)
        self._pool = pool
        self._work: Callable[[Progress], T] | None = work
        self._result: T | None = None
        self._started: float | None = None
        self._ended: float | None = None
        self._over = threading.Event()

    @property
    def done(self) -> float:
        return self.progress.done

    @property
    def total(self) -> float:
        return self.progress.total

    @property
    def message(self) -> str:
        return self.progress.message

    @property
    def throughput(self) -> float | None:
        """Items a second (see `Progress.throughput`)."""
        return self.progress.throughput

    @property
    def seconds_left(self) -> float | None:
        """See `Progress.seconds_left`; None unless running."""
        return self.progress.seconds_left if self.state == "running" else None

    @property
    def position(self) -> int:
        """Place in the queue of the whole server, 1 = next; 0 for a job that is not waiting."""
        return self._pool._position(self)

    @property
    def elapsed(self) -> float:
        """Seconds at work; 0 while queued."""
        if self._started is None:
            return 0.0
        return (self._pool._clock() if self._ended is None else self._ended) - self._started

    @property
    def finished(self) -> bool:
        return self._over.is_set()

    @property
    def result(self) -> T | None:
        """What the work returned, without letting go of it; None unless `state` is "done" and not yet `released`."""
        return self._result

    def take(self) -> T:
        """The result, handed over once: the pool keeps neither it nor the job after this.

        Raises:
            UserError: the job failed (its sentence), is not over, or its result is no longer kept.
            Cancelled: it was cancelled.
        """
        return self._pool._take(self)

    def cancel(self) -> None:
        """Queued: leaves the queue at once. Running: stops at its next check. Over: nothing happens."""
        self._pool._cancel(self)

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the job is over (True), or `timeout` seconds have passed (False). For the shell and tests."""
        return self._over.wait(timeout)


class JobPool:
    """`workers` daemon threads that take jobs in turns: everybody's first as they came, then everybody's second.

    Args:
        workers: how many jobs run at once.
        queued_per_owner: how many jobs of one owner may wait (the running ones not counted).
        queued: how many jobs of all owners may wait.
        keep_seconds: how long a finished job and its result wait to be fetched.
        clock: seconds, monotonic; replaced in tests.
    """

    def __init__(
        self,
        workers: int = 1,
        *,
        queued_per_owner: int = QUEUED_PER_OWNER,
        queued: int = QUEUED,
        keep_seconds: float = KEEP_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if workers < 1:
            raise UserError(f"{workers} workers cannot work", "MMEXPLORE_JOBS", "give 1 or more")
        self.workers, self.queued_per_owner, self.queued = workers, queued_per_owner, queued
        self.keep_seconds = keep_seconds
        self._clock = clock
        self._queue: deque[Job[Any]] = deque()
        self._jobs: dict[str, Job[Any]] = {}  # in the order they came
        self._changed = threading.Condition()
        self._served: dict[str, int] = {}  # owner -> when a job of theirs was last begun: 1, 2, 3 ...
        self._threads: list[threading.Thread] = []
        self._running = 0

    def submit(self, title: str, work: Callable[[Progress], T], owner: str) -> Job[T]:
        """Queue `work(progress) -> result`; it runs in a worker thread and must not touch the page.

        Raises:
            UserError: this owner already has `queued_per_owner` jobs waiting, or all have `queued`.
        """
        with self._changed:
            self._expire()
            if sum(job.owner == owner for job in self._queue) >= self.queued_per_owner:
                raise UserError(
                    f"{self.queued_per_owner} jobs of yours are waiting already",
                    title,
                    "wait for one to finish or cancel one",
                )
            if len(self._queue) >= self.queued:
                raise UserError(
                    f"{self.queued} jobs of all people here are waiting already", title, "try again in some minutes"
                )
            job: Job[T] = Job(title, work, owner, self)
            self._jobs[job.id] = job
            self._queue.append(job)
            if len(self._threads) < self.workers:
                thread = threading.Thread(
                    target=self._run_jobs, name=f"mmexplore-job-{len(self._threads)}", daemon=True
                )
                self._threads.append(thread)
                thread.start()
            self._changed.notify()
        return job

    def jobs_of(self, owner: str) -> list[Job[Any]]:
        """This owner's jobs, oldest first; nobody else's. Fetched and outdated ones are gone."""
        with self._changed:
            self._expire()
            return [job for job in self._jobs.values() if job.owner == owner]

    def find(self, job_id: str, owner: str) -> Job[Any] | None:
        """This owner's job with this id, or None (also where the id is somebody else's)."""
        with self._changed:
            self._expire()
            job = self._jobs.get(job_id)
            return job if job is not None and job.owner == owner else None

    def forget(self, job: Job[Any]) -> None:
        """Cancel the job if it is not over, and keep nothing of it (a person closed its message)."""
        self._cancel(job)
        with self._changed:
            self._release(job)

    def forget_owner(self, owner: str) -> None:
        """Cancel and forget everything of an owner who has left."""
        for job in self.jobs_of(owner):
            self.forget(job)

    @property
    def load(self) -> tuple[int, int]:
        """(jobs running, jobs waiting) on the whole server."""
        with self._changed:
            return self._running, len(self._queue)

    # -- called by Job ---------------------------------------------------------
    def _position(self, job: Job[Any]) -> int:
        with self._changed:
            return self._in_turn().index(job) + 1 if job in self._queue else 0

    def _in_turn(self) -> list[Job[Any]]:
        """The waiting jobs in the order they will run: nobody waits for all that somebody else has queued."""
        ahead: Counter[str] = Counter()
        order = []
        for place, job in enumerate(self._queue):
            order.append((ahead[job.owner], self._served.get(job.owner, 0), place, job))
            ahead[job.owner] += 1
        return [job for *_, job in sorted(order, key=lambda entry: entry[:3])]

    def _cancel(self, job: Job[Any]) -> None:
        with self._changed:
            if job.finished:
                return
            job.progress.cancel()
            if job in self._queue:
                self._queue.remove(job)
                self._end(job, "cancelled")

    def _take(self, job: Job[T]) -> T:
        with self._changed:
            if job.state == "failed":
                raise UserError(job.error.rstrip("."))
            if job.state == "cancelled":
                raise Cancelled
            if job.state != "done":
                raise UserError("it is not finished yet", job.title, "wait for it")
            if job.released:
                raise UserError("its result is no longer kept", job.title, "run it again")
            result = job._result
            self._release(job)
            return result  # type: ignore[return-value]  # a finished job has one

    # -- the workers -----------------------------------------------------------
    def _run_jobs(self) -> None:
        while True:
            with self._changed:
                while not self._queue:
                    self._changed.wait(timeout=self._expire())
                job = self._in_turn()[0]
                self._queue.remove(job)
                if not self._queue:
                    self._served.clear()  # nobody waits: all begin anew
                self._served[job.owner] = max(self._served.values(), default=0) + 1
                work, job._work = job._work, None
                job.state, job._started = "running", self._clock()
                job.progress.restart()
                self._running += 1
            self._run(job, work)
            del job, work  # an idle worker holds on to nothing

    def _run(self, job: Job[Any], work: Callable[[Progress], Any] | None) -> None:
        state: State = "done"
        result, error, text = None, "", ""
        try:
            assert work is not None
            result = work(job.progress)
            if job.progress.cancelled:  # too late to stop it, but the person wants nothing of it
                state, result = "cancelled", None
        except Cancelled:
            state = "cancelled"
        except BaseException as problem:  # noqa: BLE001 - whatever it was, the worker lives and the person is told
            state, error, text = "failed", one_sentence(problem), tracebacks.format_exc()
        with self._changed:
            if job.id in self._jobs:
                job._result, job.error, job.traceback = result, error, text
            self._running -= 1
            self._end(job, state)

    def _end(self, job: Job[Any], state: State) -> None:
        job._work = None
        job._ended = self._clock()
        job.state = state
        job._over.set()

    # -- letting go ------------------------------------------------------------
    def _release(self, job: Job[Any]) -> None:
        job._result, job.released = None, True
        self._jobs.pop(job.id, None)

    def _expire(self) -> float | None:
        """Let go of what was finished `keep_seconds` ago; seconds until the next is due (None: nothing to wait for)."""
        due = [(job._ended + self.keep_seconds, job) for job in self._jobs.values() if job._ended is not None]
        now = self._clock()
        for when, job in due:
            if when <= now:
                self._release(job)
        return min((when - now for when, _ in due if when > now), default=None)


def one_sentence(problem: BaseException) -> str:
    """Why something failed, for a person: a UserError's own sentence, else the type and first line of the message."""
    if isinstance(problem, UserError):
        return str(problem)
    if isinstance(problem, MemoryError):
        return "There was not enough memory for this; try fewer items or a smaller model."
    name = type(problem).__name__
    first = next((line.strip() for line in str(problem).splitlines() if line.strip()), "")
    first = first if len(first) <= 300 else first[:297] + "..."
    return (
        f"Something unexpected happened ({name}: {first.rstrip('.')})."
        if first
        else f"Something unexpected happened ({name})."
    )


_pool: JobPool | None = None
_pool_lock = threading.Lock()


def pool() -> JobPool:
    """The server's one pool: MMEXPLORE_JOBS workers (1 unless set), MMEXPLORE_SESSION_JOBS and MMEXPLORE_SERVER_JOBS
    places in the queue for one session (8) and for all (100).

    Raises:
        UserError: one of them is not a number.
    """
    global _pool
    with _pool_lock:
        if _pool is None:
            _pool = JobPool(
                settings.number("MMEXPLORE_JOBS"),
                queued_per_owner=settings.number("MMEXPLORE_SESSION_JOBS"),
                queued=settings.number("MMEXPLORE_SERVER_JOBS"),
            )
        return _pool
