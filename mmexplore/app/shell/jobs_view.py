"""Long work as the person sees it: submitted here, shown on every page, its result taken up wherever they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from mmexplore.app.kit.widgets import one_line, plain, say_error
from mmexplore.app.state import session
from mmexplore.errors import UserError
from mmexplore.server.jobs import Job, Progress, pool


@dataclass(frozen=True)
class Waiting:
    """A job of this session and what to do with its result, or once it is cancelled (in the session's own thread)."""

    job: Job[Any]
    take_up: Callable[[Any], str | None]
    kind: str
    left: Callable[[], None]


def submit(
    title: str,
    work: Callable[[Progress], Any],
    take_up: Callable[[Any], str | None],
    kind: str,
    patience: float = 0.0,
    left: Callable[[], None] = lambda: None,
    sentence: bool = False,
) -> None:
    """Queue `work(progress)`; once it is done, `take_up(result)` runs in this session, whatever page is shown.

    Args:
        title: what the person reads ("Encode 519 pairs").
        take_up: keeps the result in the workspace; may return a sentence to show.
        kind: "encode", "fuse", "read" ...: a new job of a kind replaces a failed one on display.
        patience: seconds to wait here for work that is mostly over at once, before its strip is shown.
        left: keeps what there is of a job that was cancelled.
        sentence: a UserError of `work` is no fault of ours: one sentence to read, not a failed job with a traceback.
    """
    try:
        job = pool().submit(title, _answering(work) if sentence else work, session.owner())
    except UserError as error:
        say_error(error)
        return
    _waiting()[:] = [w for w in _waiting() if w.kind != kind or not w.job.finished]
    _waiting().append(Waiting(job, take_up, kind, left))
    job.wait(patience)
    st.rerun()


def _answering(work: Callable[[Progress], Any]) -> Callable[[Progress], Any]:
    """The same work, whose UserError is its answer; `collect` says it."""

    def answer(progress: Progress) -> Any:
        try:
            return work(progress)
        except UserError as error:
            return error

    return answer


def _waiting() -> list[Waiting]:
    return st.session_state.setdefault("jobs", [])


def busy(kind: str) -> bool:
    """Is a job of this kind queued or running for this session?"""
    return any(w.kind == kind and not w.job.finished for w in _waiting())


def known(kind: str) -> bool:
    """Has a job of this kind been started and not yet been taken up? Also where it failed or was cancelled."""
    return any(w.kind == kind for w in _waiting()) or kind in _cancelled()


def _stopped(kind: str) -> bool:
    """Was the job of this kind cancelled, or did it fail? One that has just ended well is about to be taken up."""
    return kind in _cancelled() or any(w.kind == kind and w.job.state == "failed" for w in _waiting())


def forget(kind: str) -> None:
    """Let a failed or cancelled job of this kind be started again."""
    _cancelled().discard(kind)
    _waiting()[:] = [w for w in _waiting() if w.kind != kind or not w.job.finished]


def cancel_others(beginning: str) -> None:
    """Cancel the jobs whose kind begins so: a newer one makes them pointless."""
    for waiting in list(_waiting()):
        if waiting.kind.startswith(beginning):
            pool().forget(waiting.job)
            _waiting().remove(waiting)


def result_of(
    key: tuple, work: Callable[[Progress], Any], title: str, kind: str, at_once: bool, again: str
) -> Any | None:
    """What `work` gave for this key in this session; None (and words about it) while a job is at it.

    Args:
        at_once: it takes a moment: no job is needed.
        kind: of the job; a newer one whose kind begins alike (up to the first dot) makes it pointless.
        again: the button that starts a failed or cancelled job once more.
    """
    if (known_result := session.recall(key)) is not None:
        return known_result
    if at_once:
        with st.spinner(title):
            return session.remember(key, lambda: work(Progress()))
    name, run = f"{kind}.{hash(key)}", session.once(key)
    if not known(name):
        cancel_others(f"{kind}.")
        submit(title, lambda progress: run(lambda: work(progress)), lambda result: session.keep(key, result), name)
    elif _stopped(name) and st.button(again, key=f"again-{kind}"):
        forget(name)
        st.rerun()
    else:
        st.caption("It appears here when it is done.")
    return None


def _cancelled() -> set[str]:
    return st.session_state.setdefault("jobs.cancelled", set())


def collect() -> None:
    """Take up what has finished since the last run. Called by app.py before the page is drawn."""
    for waiting in list(_waiting()):
        if waiting.job.state == "done":
            _waiting().remove(waiting)
            try:
                answer = waiting.job.take()
                if isinstance(answer, UserError):
                    raise answer
                st.session_state["notice.done"] = waiting.take_up(answer) or ""
            except UserError as error:
                st.session_state["notice"] = str(error)
        elif waiting.job.state == "cancelled":
            _waiting().remove(waiting)
            _cancelled().add(waiting.kind)
            waiting.left()
            st.session_state["notice.done"] = f"{waiting.job.title}: cancelled."


def show() -> None:
    """Notices, failed jobs, and a strip for each job that is queued or running. Nothing when there is nothing."""
    if notice := st.session_state.pop("notice", None):
        say_error(notice)
    if done := st.session_state.pop("notice.done", None):
        st.toast(plain(done))
    failed = [w for w in _waiting() if w.job.state == "failed"]
    for waiting in failed:
        _show_failed(waiting)
    # Also one that ended since `collect`: its strip asks for the run that takes it up, or nobody would.
    if len(_waiting()) > len(failed):
        with st.container(key="jobs"):  # style.css keeps it in sight while the page is scrolled
            st.fragment(_show_running, run_every=1.0)(frozenset(w.job.id for w in failed))


def _show_failed(waiting: Waiting) -> None:
    with st.container(border=True, key=f"failed-{waiting.job.id}"):
        st.text(f"{waiting.job.title} did not finish.")
        say_error(waiting.job.error, waiting.job.traceback)
        if st.button("Close", key=f"close-{waiting.job.id}"):
            pool().forget(waiting.job)
            _waiting().remove(waiting)
            st.rerun()


def _show_running(told: frozenset[str]) -> None:
    """A strip a job, but for those whose failure the page tells already."""
    running = [w for w in _waiting() if w.job.id not in told]
    if any(w.job.finished for w in running):
        st.rerun(scope="app")
    for waiting in running:
        job = waiting.job
        with st.container(border=True, key=f"job-{job.id}"):
            left, right = st.columns([5, 1], vertical_alignment="center")
            left.text(one_line(job.title))
            if right.button("Cancel", key=f"cancel-{job.id}", width="stretch"):
                job.cancel()
                st.rerun(scope="fragment")
            st.progress(job.progress.fraction, text=plain(describe(job)))


def describe(job: Job[Any]) -> str:
    """Where a job stands, in words: "120 of 519 · 38 a second · 10 s left"."""
    if job.state == "queued":
        return "Next in the queue." if job.position <= 1 else f"Number {job.position} in the queue."
    if job.progress.cancelled:
        return "Stopping at the next safe point."
    parts = []
    if job.total:
        parts.append(f"{job.done:,.0f} of {job.total:,.0f}")
    if job.throughput:
        parts.append(f"{job.throughput:,.0f} a second" if job.throughput >= 10 else f"{job.throughput:.1f} a second")
    if job.seconds_left is not None:
        parts.append(f"{duration(job.seconds_left)} left")
    elif job.elapsed >= 3:
        parts.append(f"{duration(job.elapsed)} so far")
    if job.message:
        parts.append(one_line(job.message, 90))
    return " · ".join(parts) or "Starting."


def duration(seconds: float) -> str:
    """4 s, 2 min 10 s, 1 h 5 min."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{max(1, seconds)} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
