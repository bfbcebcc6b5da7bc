"""A saved file has an address that only its page knows, is sent piece by piece, and ends with its session."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.requests import Request

from mmexplore.app.shell import take_away
from mmexplore.app.state import room as rooms
from mmexplore.app.state.room import Building
from mmexplore.server.serving import Quotas


@pytest.fixture
def building(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MMEXPLORE_UPLOADS", str(tmp_path / "uploads"))
    made = Building(Quotas(0, 0, 0, 0), grace=100.0)
    monkeypatch.setattr(rooms, "_building", made)
    yield made
    made.uploads.close()


def get(token: str) -> SimpleNamespace:
    """What the server answers: status, headers and the pieces of its body."""
    scope = {"type": "http", "method": "GET", "path": f"/saved/{token}", "headers": [], "path_params": {"token": token}}
    sent: list[dict] = []

    async def receive() -> dict:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message) -> None:
        sent.append(message)

    with ThreadPoolExecutor(1) as aside:  # a browser test before this one may have left its loop in this thread
        aside.submit(lambda: asyncio.run(take_away._send(Request(scope))(scope, receive, send))).result()
    headers = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return SimpleNamespace(status=sent[0]["status"], headers=headers, pieces=[m["body"] for m in sent[1:]])


def test_a_file_is_sent_in_small_pieces_under_its_name(building: Building):
    room = building.enter("ann")
    path = room.account.folder / "mmexplore-workspace.zip"
    path.write_bytes(bytes(range(256)) * 4096)
    found = get(room.offer(path))
    assert found.status == 200 and b"".join(found.pieces) == path.read_bytes()
    assert max(map(len, found.pieces)) <= 1 << 18, "never the whole file at once"
    assert found.headers["content-disposition"] == 'attachment; filename="mmexplore-workspace.zip"'
    assert found.headers["cache-control"] == "no-store"


def test_the_same_file_has_the_same_address_and_another_one_another(building: Building):
    room = building.enter("ann")
    one, two = room.account.folder / "1.zip", room.account.folder / "2.zip"
    for path in (one, two):
        path.write_bytes(b"x")
    token = room.offer(one)
    assert room.offer(one) == token != room.offer(two)
    assert len(token) >= 40, "nobody guesses it"


def test_without_its_token_with_its_file_or_session_gone_there_is_nothing(building: Building):
    room = building.enter("ann")
    path = room.account.folder / "1.zip"
    path.write_bytes(b"x")
    token = room.offer(path)
    for wrong in ("", "1.zip", token[:-1], "../" + token):
        assert get(wrong).status == 404
    path.unlink()
    assert get(token).status == 404
    path.write_bytes(b"x")
    token = room.offer(path)
    building.leave(room)
    assert not path.exists()
    assert get(token).status == 404 and building.offered(token) is None
