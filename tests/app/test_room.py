"""Rooms end when their session has gone for good, not before; what they used is given back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmexplore.app.state.room import Building
from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.server.serving import Quotas
from mmexplore.workspace.state import Workspace


@pytest.fixture
def building(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MMEXPLORE_UPLOADS", str(tmp_path))
    made = Building(Quotas(session_bytes=1000, session_items=100, server_items=150), grace=150)
    yield made
    made.uploads.close()


def test_a_lost_connection_ends_nothing_until_it_is_lost_for_good(building):
    room = building.enter("session-1")
    photo = room.account.folder / "photo.jpg"
    photo.write_bytes(b"x")
    begun = room.seen
    assert building.close_gone(lambda s: True, begun + 1_000) == []
    assert building.close_gone(lambda s: False, begun + 1_149) == [], "it may come back"
    assert building.close_gone(lambda s: s == "session-1", begun + 1_200) == [], "it did"
    assert building.close_gone(lambda s: False, begun + 1_300) == []
    assert photo.exists() and not room.over
    assert building.close_gone(lambda s: False, begun + 1_351) == [room]
    assert room.over and not room.account.folder.exists()


def test_only_the_room_that_has_gone_is_closed(building):
    ann, bob = building.enter("ann"), building.enter("bob")
    building.close_gone(lambda s: s == "bob", ann.seen + 151)
    assert (ann.over, bob.over) == (True, False) and bob.account.folder.exists()


def test_its_jobs_are_cancelled_and_what_it_held_is_let_go(building):
    import threading

    from mmexplore.app.state.kept import Kept
    from mmexplore.server.jobs import pool

    room, go = building.enter("ann"), threading.Event()
    job = pool().submit("long", lambda p: (go.wait(10), p.check()), room.owner)
    workspace = Workspace(seed=3, encoders={"a": "x"})
    kept = Kept(3, 1000)
    kept.put("k", 1)
    room.holds = (workspace, kept, {"slot": 1}, None)
    building.leave(room)
    assert job.progress.cancelled and pool().jobs_of(room.owner) == []
    assert workspace == Workspace() and len(kept) == 0
    go.set()
    assert job.wait(10)


def test_rows_are_held_against_the_quotas_and_given_back(building):
    ann, bob = building.enter("ann"), building.enter("bob")
    with pytest.raises(UserError, match=r"they have 101 rows, and one session may hold 100 here"):
        building.take_items(ann, 101)
    building.take_items(ann, 100)
    with pytest.raises(UserError, match="the rows of all people here would be more than 150"):
        building.take_items(bob, 51)
    assert bob.items == 0
    building.take_items(ann, 90)  # other pairs instead of the first ones
    building.take_items(bob, 60)
    building.leave(bob)
    building.take_items(ann, 100)


def test_no_quota_is_no_quota(tmp_path, monkeypatch):
    monkeypatch.setenv("MMEXPLORE_UPLOADS", str(tmp_path))
    free = Building(Quotas(), grace=150)
    room = free.enter("ann")
    free.take_items(room, 10**9)
    room.account.spend(10**15, "everything")
    free.check_items(10**9)
    free.uploads.close()


def test_rows_that_are_not_known_yet_are_not_refused(building):
    building.check_items(None)
    building.check_items(100)


def own(n: int) -> Workspace:
    ids = np.array([f"i{i}" for i in range(n)], object)
    workspace = Workspace()
    vectors = {m: np.zeros((n, 2), np.float32) for m in "ab"}
    workspace.set_embeddings(
        Embeddings(vectors, {m: np.ones(n, bool) for m in "ab"}, ids, ids, {"a": "a", "b": "b"}), {}
    )
    return workspace


def test_pairs_above_the_quota_are_refused_and_what_was_shown_stays(monkeypatch):
    from streamlit.testing.v1 import AppTest

    from mmexplore.app.state import room

    monkeypatch.setattr(room, "_building", Building(Quotas(session_items=10), grace=150))
    script = """
import streamlit as st
from mmexplore.errors import UserError
from mmexplore.app.state import session
from tests.app.test_room import own
session.set_workspace(own(5))
try:
    session.set_workspace(own(11))
except UserError as error:
    st.session_state["told"] = str(error)
st.session_state["n"] = len(session.workspace().embeddings)
"""
    state = AppTest.from_string(script).run().session_state
    assert "they have 11 rows" in state["told"] and state["n"] == 5
    assert state["room"].items == 5
    room._building.uploads.close()


def test_uploads_that_no_longer_serve_are_given_back(building, tmp_path):
    from mmexplore.app.state.room import forget_uploads

    room = building.enter("ann")
    for name in ("upload-1", "upload-2", "path-3", "reopened-4", "thumbnails", "queries"):
        (room.account.folder / name / "files").mkdir(parents=True)
        (room.account.folder / name / "files" / "a.jpg").write_bytes(bytes(100))
    forget_uploads(room, [room.account.folder / "upload-2" / "files" / "a.jpg", tmp_path / "elsewhere" / "b.jpg"])
    assert sorted(p.name for p in room.account.folder.iterdir()) == ["queries", "thumbnails", "upload-2"]
    assert room.account.recount() == 300


def test_uploads_stay_while_a_job_may_read_them(building):
    import threading

    from mmexplore.app.state.room import forget_uploads
    from mmexplore.server.jobs import pool

    room, go = building.enter("ann"), threading.Event()
    (room.account.folder / "upload-1").mkdir()
    job = pool().submit("reads", lambda p: go.wait(10), room.owner)
    forget_uploads(room, [])
    assert (room.account.folder / "upload-1").exists()
    go.set()
    assert job.wait(10)
    forget_uploads(room, [])
    assert not (room.account.folder / "upload-1").exists()
