"""Kept results are bounded, computed once for all who ask, and read-only where they are shared."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from mmexplore.app.state.kept import Common, Kept, freeze, memory_of


def test_the_oldest_make_room_and_reading_makes_new():
    kept = Kept(entries=2, max_bytes=1 << 20)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c"), len(kept)) == (1, None, 3, 2)


def test_it_holds_no_more_bytes_than_told_but_always_the_newest():
    kept = Kept(entries=100, max_bytes=100_000)
    for i in range(10):
        kept.put(i, np.zeros(30_000, np.uint8))
    assert len(kept) == 3 and kept.bytes <= 100_000
    kept.put("large", np.zeros(300_000, np.uint8))
    assert len(kept) == 1 and kept.get("large") is not None


def test_of_many_who_ask_at_once_one_computes():
    kept, begun, go, computed, got = Kept(10, 1 << 20), threading.Event(), threading.Event(), [], []

    def compute() -> int:
        computed.append(1)
        begun.set()
        assert go.wait(10)
        return 7

    threads = [threading.Thread(target=lambda: got.append(kept.once("k", compute))) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    go.set()
    for thread in threads:
        thread.join(10)
    assert got == [7] * 5 and len(computed) == 1


def test_who_fails_keeps_nothing_and_the_next_computes():
    kept = Kept(10, 1 << 20)
    with pytest.raises(ZeroDivisionError):
        kept.once("k", lambda: 1 / 0)
    assert kept.once("k", lambda: 5) == 5


@dataclass
class Result:
    values: np.ndarray
    more: dict


def test_shared_results_are_read_only():
    kept = Kept(10, 1 << 20, read_only=True)
    kept.put("k", Result(np.zeros(3), {"inner": [np.ones(2)]}))
    found = kept.get("k")
    for array in (found.values, found.more["inner"][0]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9


def test_common_is_a_matter_of_the_object_not_of_its_content():
    one, equal = Result(np.zeros(3), {}), Result(np.zeros(3), {})
    common = Common()
    common.add(one, None)
    assert common.has(one) and common.has(None) and not common.has(equal)
    with pytest.raises(ValueError, match="read-only"):
        one.values[0] = 1
    equal.values[0] = 1


def test_memory_is_that_of_what_is_inside():
    array = np.zeros(100_000, np.float32)
    table = pd.DataFrame({"a": np.zeros(50_000)})
    assert 400_000 <= memory_of([array, array]) < 402_000, "one array, twice named"
    assert 800_000 <= memory_of(Result(array, {"table": table})) < 810_000
    circle: list = []
    circle.append(circle)
    assert memory_of(circle) < 1_000
    freeze(circle)


def test_the_memory_of_a_figure_is_not_overlooked():
    import plotly.graph_objects as go

    figure = go.Figure(go.Scatter(x=np.zeros(50_000), y=np.zeros(50_000)))
    assert memory_of(figure) >= 800_000


def test_who_waits_for_another_is_told_and_does_not_wait_for_ever():
    kept, begun, go, told = Kept(10, 1 << 20), threading.Event(), threading.Event(), []

    class Told:
        def __enter__(self):
            told.append("waiting")

        def __exit__(self, *_):
            told.append("over")

    def slow() -> int:
        begun.set()
        assert go.wait(10)
        return 7

    first = threading.Thread(target=lambda: told.append(kept.once("k", slow, waiting=Told)))
    first.start()
    assert begun.wait(10)
    assert kept.once("k", lambda: 5, waiting=Told, patience=0.01) == 5, "computed here: the other one is not done"
    assert told == ["waiting", "over"]
    go.set()
    first.join(10)
    assert told[2:] == [7], "who computes is not told to wait"
    assert kept.once("k", lambda: 9, waiting=Told) == 7 and not kept._computing
