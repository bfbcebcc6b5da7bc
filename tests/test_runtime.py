"""Settings of the whole process that fits side by side need: on while one runs, as before when the last one ends."""

from __future__ import annotations

import threading
import warnings

import pytest
from sklearn.exceptions import ConvergenceWarning

from mmexplore.runtime import NOT_CONVERGED, repeatable_torch, seeded_torch

torch = pytest.importorskip("torch", reason="settings of torch are looked at")


class Side(threading.Thread):
    """A thread that enters a context, then leaves it, each when told; what it looked at each time."""

    def __init__(self, context, look) -> None:
        super().__init__(daemon=True)
        self.context, self.look, self.found = context, look, []
        self.go, self.done = threading.Semaphore(0), threading.Semaphore(0)
        self.start()

    def run(self) -> None:
        self.go.acquire()
        with self.context:
            self.found.append(self.look())
            self.done.release()
            self.go.acquire()
            self.found.append(self.look())
        self.found.append(self.look())
        self.done.release()

    def step(self) -> None:
        self.go.release()
        assert self.done.acquire(timeout=30)


def side_by_side(context, look) -> list:
    """The first one ends while the second runs; what the second saw, and what is there when both have ended."""
    first, second = Side(context(), look), Side(context(), look)
    for thread in (first, second, first, second):
        thread.step()
    return second.found


def test_deterministic_operations_stay_on_until_the_last_one_has_ended():
    assert side_by_side(repeatable_torch, torch.get_deterministic_debug_mode) == [1, 1, 0]
    torch.set_deterministic_debug_mode("error")
    try:
        assert side_by_side(repeatable_torch, torch.get_deterministic_debug_mode) == [1, 1, 2]
    finally:
        torch.set_deterministic_debug_mode("default")


def test_the_count_of_threads_is_as_before_in_each_thread_and_in_later_ones():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        assert side_by_side(lambda: repeatable_torch(1), torch.get_num_threads) == [1, 1, 3]
        later = Side(repeatable_torch(2), torch.get_num_threads)
        later.step(), later.step()
        assert later.found == [2, 2, 3] and torch.get_num_threads() == 3
        with repeatable_torch(1):
            with repeatable_torch(2):
                assert torch.get_num_threads() == 2
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_warnings_are_silent_until_the_last_one_has_ended_and_heard_again_afterwards():
    before = list(warnings.filters)

    def silent() -> bool:
        return ("ignore", None, ConvergenceWarning, None, 0) in warnings.filters

    assert side_by_side(lambda: NOT_CONVERGED, silent) == [True, True, False]
    assert warnings.filters == before


def test_a_seed_is_borrowed():
    torch.manual_seed(8)
    expected, _ = torch.rand(2), torch.manual_seed(8)
    with seeded_torch(1):
        one = torch.rand(3)
    with pytest.raises(ZeroDivisionError), seeded_torch(1):
        assert torch.equal(torch.rand(3), one)
        1 / 0  # noqa: B018
    assert torch.equal(torch.rand(2), expected) and torch.initial_seed() == 8


def test_an_error_leaves_everything_as_it_was():
    before = torch.get_num_threads(), torch.get_deterministic_debug_mode(), list(warnings.filters)
    for context in (repeatable_torch(1), NOT_CONVERGED):
        with pytest.raises(ZeroDivisionError), context:
            1 / 0  # noqa: B018
    assert before == (torch.get_num_threads(), torch.get_deterministic_debug_mode(), list(warnings.filters))
