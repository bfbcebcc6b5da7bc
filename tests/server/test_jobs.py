"""Jobs: order, positions, progress, cancel, failures, owners, and that nothing is kept for ever."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from mmexplore.errors import Cancelled, UserError
from mmexplore.server import jobs
from mmexplore.server.jobs import JobPool, one_sentence, pool
from mmexplore.server.progress import Progress

SOON = 10.0  # seconds to wait for what happens at once


class Clock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Gate:
    """Work that says when it has begun and goes on when let."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, progress: Progress) -> str:
        self.begun.set()
        assert self.go.wait(SOON)
        progress.check()
        return "through"


def test_jobs_run_one_at_a_time_in_order_and_know_their_place():
    workers, order, gate = JobPool(), [], Gate()
    first = workers.submit("first", gate, "ann")
    assert gate.begun.wait(SOON)
    waiting = [
        workers.submit(f"job {i}", lambda p, i=i: order.append(i), owner) for i, owner in enumerate(("bob", "ann"))
    ]
    assert (first.state, first.position) == ("running", 0)
    assert [job.state for job in waiting] == ["queued"] * 2
    assert [job.position for job in waiting] == [1, 2]
    assert workers.load == (1, 2)
    gate.go.set()
    assert all(job.wait(SOON) for job in (first, *waiting))
    assert order == [0, 1] and first.take() == "through"
    assert [job.position for job in waiting] == [0, 0] and workers.load == (0, 0)


def test_two_workers_run_two_jobs_at_once():
    workers, gates = JobPool(2), [Gate(), Gate(), Gate()]
    running = [workers.submit("job", gate, "ann") for gate in gates]
    assert gates[0].begun.wait(SOON) and gates[1].begun.wait(SOON)
    assert not gates[2].begun.is_set() and running[2].position == 1
    for gate in gates:
        gate.go.set()
    assert all(job.wait(SOON) for job in running)
    assert sum(t.name.startswith("mmexplore-job") and t in workers._threads for t in threading.enumerate()) == 2
    assert all(t.daemon for t in workers._threads)


def test_cancelling_a_waiting_job_removes_it_at_once():
    workers, gate, ran = JobPool(), Gate(), []
    first = workers.submit("first", gate, "ann")
    assert gate.begun.wait(SOON)
    second = workers.submit("second", ran.append, "ann")
    third = workers.submit("third", lambda p: None, "ann")
    second.cancel()
    assert (second.state, second.finished, third.position) == ("cancelled", True, 1)
    gate.go.set()
    assert third.wait(SOON) and first.wait(SOON)
    assert ran == []
    with pytest.raises(Cancelled):
        second.take()


def test_cancelling_a_running_job_stops_it_at_its_next_check():
    workers, gate = JobPool(), Gate()
    job = workers.submit("job", gate, "ann")
    assert gate.begun.wait(SOON)
    job.cancel()
    assert job.state == "running" and job.progress.cancelled
    gate.go.set()
    assert job.wait(SOON) and job.state == "cancelled" and job.error == ""
    job.cancel()  # over: nothing happens
    assert job.state == "cancelled"


def test_a_loop_that_only_reports_progress_can_be_cancelled():
    workers, begun, go, rounds = JobPool(), threading.Event(), threading.Event(), []

    def work(progress: Progress) -> None:
        for i in range(100):
            progress.update(i, 100)
            rounds.append(i)
            begun.set()
            assert go.wait(SOON)

    job = workers.submit("loop", work, "ann")
    assert begun.wait(SOON)
    job.cancel()
    go.set()
    assert job.wait(SOON) and job.state == "cancelled" and rounds == [0]


def test_work_that_never_checked_is_still_cancelled_and_its_result_let_go():
    workers, begun, go = JobPool(), threading.Event(), threading.Event()
    job = workers.submit("deaf", lambda p: (begun.set(), go.wait(SOON)), "ann")
    assert begun.wait(SOON)
    job.cancel()
    go.set()
    assert job.wait(SOON) and job.state == "cancelled" and job.result is None


def test_a_failed_job_has_one_sentence_and_a_traceback_and_the_worker_lives():
    workers = JobPool()

    def bad_input(progress):
        raise UserError("the image cannot be decoded", "photos/03.jpg", "save it again as PNG")

    def bug(progress):
        raise ValueError("shapes do not match\nsecond line")

    def leaves(progress):
        raise SystemExit(3)

    mine, ours, exits = (workers.submit("job", work, "ann") for work in (bad_input, bug, leaves))
    after = workers.submit("after", lambda p: 7, "ann")
    assert after.wait(SOON) and after.take() == 7
    assert mine.error == "photos/03.jpg: the image cannot be decoded; save it again as PNG."
    assert ours.error == "Something unexpected happened (ValueError: shapes do not match)."
    assert exits.state == "failed"
    assert 'raise ValueError("shapes do not match' in ours.traceback and "in bug" in ours.traceback
    with pytest.raises(UserError) as told:
        mine.take()
    assert str(told.value) == mine.error


def test_one_sentence_is_short_and_one_line():
    assert one_sentence(KeyError()) == "Something unexpected happened (KeyError)."
    assert (
        one_sentence(RuntimeError("\n  deep trouble.\nmore"))
        == "Something unexpected happened (RuntimeError: deep trouble)."
    )
    assert len(one_sentence(RuntimeError("x" * 5000))) < 400
    assert "memory" in one_sentence(MemoryError())


def test_owners_see_only_their_own_jobs():
    workers = JobPool()
    hers, his = workers.submit("hers", lambda p: 1, "ann"), workers.submit("his", lambda p: 2, "bob")
    assert workers.jobs_of("ann") == [hers] and workers.jobs_of("bob") == [his] and workers.jobs_of("eve") == []
    assert workers.find(hers.id, "ann") is hers and workers.find(hers.id, "bob") is None
    assert hers.id != his.id


def test_one_owner_cannot_fill_the_queue():
    workers, gate = JobPool(queued_per_owner=2), Gate()
    jobs_ = [workers.submit("running", gate, "ann")]
    assert gate.begun.wait(SOON)
    jobs_ += [workers.submit("waits", lambda p: None, "ann") for _ in range(2)]
    with pytest.raises(UserError, match="2 jobs of yours are waiting"):
        workers.submit("one too many", lambda p: None, "ann")
    jobs_.append(workers.submit("his", lambda p: None, "bob"))
    jobs_[1].cancel()
    jobs_.append(workers.submit("now there is room", lambda p: None, "ann"))
    gate.go.set()
    assert all(job.wait(SOON) for job in jobs_)


def test_everybody_has_a_turn_before_anybody_has_a_second():
    workers, order, gate = JobPool(), [], Gate()
    first = workers.submit("running", gate, "ann")
    assert gate.begun.wait(SOON)
    jobs_ = {
        name: workers.submit(name, lambda p, name=name: order.append(name), name[:3])
        for name in ("ann1", "ann2", "ann3", "bob1", "bob2", "eve1")
    }
    assert {n: j.position for n, j in jobs_.items()} == {
        "bob1": 1, "eve1": 2, "ann1": 3, "bob2": 4, "ann2": 5, "ann3": 6,
    }  # fmt: skip
    gate.go.set()
    assert all(job.wait(SOON) for job in (first, *jobs_.values()))
    assert order == ["bob1", "eve1", "ann1", "bob2", "ann2", "ann3"]


def test_all_owners_together_cannot_fill_the_queue():
    workers, gate = JobPool(queued_per_owner=2, queued=3), Gate()
    jobs_ = [workers.submit("running", gate, "ann")]
    assert gate.begun.wait(SOON)
    jobs_ += [workers.submit("waits", lambda p: None, owner) for owner in ("ann", "bob", "eve")]
    with pytest.raises(UserError, match="3 jobs of all people here are waiting"):
        workers.submit("one too many", lambda p: None, "dan")
    workers.forget_owner("eve")  # her session ended: her place is free
    jobs_[3] = workers.submit("now there is room", lambda p: None, "dan")
    gate.go.set()
    assert all(job.wait(SOON) for job in jobs_)


class Big:
    """A result that can be watched."""


def test_a_fetched_result_is_let_go():
    workers = JobPool()
    job = workers.submit("big", lambda p: Big(), "ann")
    assert job.wait(SOON)
    watched = weakref.ref(job.take())
    gc.collect()
    assert watched() is None and job.released and workers.jobs_of("ann") == []
    with pytest.raises(UserError, match="no longer kept"):
        job.take()


def test_the_work_and_what_it_holds_are_let_go_when_it_is_over():
    workers, held = JobPool(), Big()
    watched = weakref.ref(held)
    job = workers.submit("holds", lambda p, held=held: None, "ann")
    del held
    assert job.wait(SOON)
    again = workers.submit("next", lambda p: None, "ann")  # the worker has come back for this one
    assert again.wait(SOON)
    gc.collect()
    assert watched() is None


def test_what_nobody_fetches_is_let_go_after_its_time():
    clock = Clock()
    workers = JobPool(keep_seconds=60, clock=clock)
    job = workers.submit("forgotten", lambda p: Big(), "ann")
    assert job.wait(SOON)
    clock.now += 59
    assert workers.jobs_of("ann") == [job] and job.result is not None
    clock.now += 2
    assert workers.jobs_of("ann") == [] and job.result is None and job.released


def test_an_idle_worker_lets_go_on_its_own():
    workers = JobPool(keep_seconds=0.05)
    job = workers.submit("forgotten", lambda p: Big(), "ann")
    assert job.wait(SOON)
    for _ in range(200):
        if job.released:
            break
        threading.Event().wait(0.05)
    assert job.released and job.result is None


def test_forgetting_an_owner_cancels_and_keeps_nothing():
    workers, gate = JobPool(), Gate()
    running = workers.submit("running", gate, "ann")
    assert gate.begun.wait(SOON)
    waiting = workers.submit("waiting", lambda p: 1, "ann")
    his = workers.submit("his", lambda p: 2, "bob")
    workers.forget_owner("ann")
    assert waiting.state == "cancelled" and workers.jobs_of("ann") == [] and his.position == 1
    assert workers.load == (1, 1)  # hers runs until its next check
    gate.go.set()
    assert his.wait(SOON) and his.take() == 2
    assert running.state == "cancelled" and running.result is None


def test_throughput_and_time_left():
    clock = Clock()
    progress = Progress(clock=clock)
    assert progress.throughput is None and progress.seconds_left is None and progress.fraction == 0
    for i in range(1, 11):
        clock.now += 0.5
        progress.update(i * 10, 200, "encoding")
    assert progress.throughput == pytest.approx(20)
    assert progress.seconds_left == pytest.approx(5)
    assert (progress.fraction, progress.message) == (0.5, "encoding")
    clock.now += 1
    assert progress.seconds_left == pytest.approx(4)  # it counts down between reports
    for _ in range(30):  # twice as slow from now on: the estimate follows within seconds
        clock.now += 1
        progress.update(progress.done + 10, 1000)
    assert progress.throughput == pytest.approx(10, rel=0.02)


def test_words_between_long_steps_change_no_speed():
    """Of a race each fit takes minutes, and its epochs are told meanwhile."""
    clock = Clock()
    progress = Progress(clock=clock)
    for step in range(1, 4):
        for _ in range(20):
            clock.now += 3
            progress.update(step - 1, 27, "epoch")
        progress.update(step, 27)
        assert progress.throughput == pytest.approx(1 / 60) and progress.seconds_left == pytest.approx((27 - step) * 60)
    clock.now += 30
    progress.update(3, 27, "epoch")
    assert progress.seconds_left == pytest.approx(24 * 60 - 30)


def test_a_new_stage_starts_afresh():
    clock = Clock()
    progress = Progress(clock=clock)
    clock.now += 1
    progress.update(1000, 1000, "decoding")
    clock.now += 1
    progress.update(0, 50, "fitting")
    assert progress.throughput is None and progress.seconds_left is None
    clock.now += 2
    progress.update(1, 50)
    assert progress.throughput == pytest.approx(0.5) and progress.message == "fitting"


def test_progress_tells_who_listens():
    heard = []
    Progress(on_change=lambda p: heard.append((p.done, p.total, p.message))).update(1, 2, "half")
    assert heard == [(1, 2, "half")]


def test_a_job_shows_the_progress_of_its_work():
    clock, begun, go = Clock(), threading.Event(), threading.Event()
    workers = JobPool(clock=clock)

    def work(progress: Progress) -> None:
        clock.now += 2
        progress.update(10, 40, "photos")
        begun.set()
        assert go.wait(SOON)

    job = workers.submit("job", work, "ann")
    assert begun.wait(SOON)
    assert (job.done, job.total, job.message, job.elapsed) == (10, 40, "photos", 2)
    assert job.throughput == pytest.approx(5) and job.seconds_left == pytest.approx(6)
    go.set()
    assert job.wait(SOON)
    clock.now += 100
    assert job.elapsed == 2 and job.seconds_left is None


def test_the_time_in_the_queue_does_not_slow_the_throughput():
    clock, gate = Clock(), Gate()
    workers = JobPool(clock=clock)
    first = workers.submit("first", gate, "ann")
    assert gate.begun.wait(SOON)

    def work(progress: Progress) -> float | None:
        clock.now += 1
        progress.update(10, 100)
        return progress.throughput

    second = workers.submit("second", work, "ann")
    clock.now += 1000
    gate.go.set()
    assert first.wait(SOON) and second.wait(SOON)
    assert second.take() == pytest.approx(10)


def test_the_size_of_the_pool_is_set_from_outside(monkeypatch):
    monkeypatch.setattr(jobs, "_pool", None)
    monkeypatch.delenv("MMEXPLORE_JOBS", raising=False)
    assert pool() is pool() and pool().workers == 1
    monkeypatch.setattr(jobs, "_pool", None)
    monkeypatch.setenv("MMEXPLORE_JOBS", "3")
    assert pool().workers == 3
    for wrong in ("0", "-1", "many"):
        monkeypatch.setattr(jobs, "_pool", None)
        monkeypatch.setenv("MMEXPLORE_JOBS", wrong)
        with pytest.raises(UserError, match="MMEXPLORE_JOBS"):
            pool()
