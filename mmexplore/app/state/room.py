"""A browser session on the server: its name as an owner of jobs, its uploads, and its end.

Streamlit ends a session in silence, keeps it for two minutes in case the browser comes back (a laptop that slept), and
clears every cache of every session when any browser asks for it. So a room stands in the session's own state, and one
thread looks which sessions are still connected: what has been gone for longer than Streamlit would take back is over.
"""

from __future__ import annotations

import gc
import secrets
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mmexplore import settings
from mmexplore.errors import UserError
from mmexplore.server.serving import Quotas, quotas
from mmexplore.server.uploads import Uploads, uploads_root
from mmexplore.workspace.state import Workspace

GRACE = 150
THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})  # addresses that nobody else reaches


class Room:
    """What one session has beside its state; made when first needed.

    Attributes:
        owner: whose jobs these are, a name nobody else can guess.
        account: the folder of its uploads and what they take.
        items: rows of its own pairs.
        over: True once it has ended: its files are gone.
    """

    def __init__(self, building: Building, session_id: str) -> None:
        self.owner, self.session_id = uuid.uuid4().hex, session_id
        self.account = building.uploads.enter()
        self.items = 0
        self.over = False
        self.seen = time.monotonic()
        self.holds: tuple[Any, ...] = ()  # what stands in the session's state and is large
        self.offers: dict[str, Path] = {}  # token -> file that may be taken away by who knows it

    def offer(self, path: Path) -> str:
        """A token that nobody can guess, the same for the same file; files that are gone are offered no longer."""
        self.offers = {token: file for token, file in self.offers.items() if file.exists()}
        for token, file in self.offers.items():
            if file == path:
                return token
        token = secrets.token_urlsafe(32)
        self.offers[token] = path
        return token


class Building:
    """All rooms of this server, and the thread that closes those whose session has gone."""

    def __init__(self, limits: Quotas, grace: float) -> None:
        self.limits, self.grace = limits, grace
        self.uploads = Uploads(uploads_root(), limits.session_bytes, limits.server_bytes)
        self._rooms: list[Room] = []
        self._lock = threading.Lock()
        self.runs = 0  # of pages, since the last collection of garbage
        threading.Thread(target=self._keep, name="mmexplore-rooms", daemon=True).start()

    def enter(self, session_id: str) -> Room:
        room = Room(self, session_id)
        with self._lock:
            self._rooms.append(room)
        return room

    def check_items(self, items: int | None) -> None:
        """Raise UserError where `items` rows (None: not known yet) are more than one session may hold."""
        limit = self.limits.session_items
        if limit and items is not None and items > limit:
            raise UserError(
                f"they have {items:,} rows, and one session may hold {limit:,} here",
                "these pairs",
                "bring a part of them, or run mmexplore on your own machine",
            )

    def take_items(self, room: Room, items: int) -> None:
        """The room holds this many rows of its own from now on.

        Raises:
            UserError: that is more than its quota, or than the server has left; it keeps what it had.
        """
        self.check_items(items)
        with self._lock:
            others = sum(r.items for r in self._rooms if r is not room)
            if self.limits.server_items and others + items > self.limits.server_items:
                raise UserError(
                    f"the rows of all people here would be more than {self.limits.server_items:,}",
                    "this server",
                    "try again later, or bring fewer",
                )
            room.items = items

    def close_gone(self, connected: Callable[[str], bool], now: float) -> list[Room]:
        """End the rooms whose session has not been `connected` for longer than the grace; those that ended."""
        gone = []
        with self._lock:
            for room in self._rooms:
                if connected(room.session_id):
                    room.seen = now
                elif now - room.seen > self.grace:
                    gone.append(room)
        for room in gone:
            self.leave(room)
        self.uploads.tidy()
        return gone

    def leave(self, room: Room) -> None:
        """End a room: its jobs are cancelled, its files deleted, its rows given back, its results let go."""
        from mmexplore.server.jobs import pool

        room.over = True
        with self._lock:
            if room in self._rooms:
                self._rooms.remove(room)
        pool().forget_owner(room.owner)
        self.uploads.leave(room.account)
        room.items = 0
        for held in room.holds:  # Streamlit itself lets go of the state only when the next visitor leaves
            if isinstance(held, Workspace):
                held.__dict__.update(vars(Workspace()))
            elif held is not None:
                held.clear()
        room.holds, room.offers = (), {}

    def offered(self, token: str) -> Path | None:
        """The file that a session offers under this token; None where there is none."""
        with self._lock:
            return next((room.offers[token] for room in self._rooms if token in room.offers), None)

    def _keep(self) -> None:
        while not self.uploads.closed:
            time.sleep(min(15.0, max(0.2, self.grace / 4)))
            if runtime.exists():
                self.close_gone(runtime.get_instance().is_active_session, time.monotonic())
            if self.runs:  # in place of a collection after each of them (mmexplore/app/start/config.toml)
                self.runs = 0
                gc.collect()


def check_items(items: int | None) -> None:
    """As `Building.check_items`, for the one of this server."""
    building().check_items(items)


_building: Building | None = None
_building_lock = threading.Lock()


def building() -> Building:
    """The one of this server; made when first asked for, which also sweeps what dead servers left behind."""
    global _building
    with _building_lock:
        if _building is None:
            _building = Building(quotas(alone=served_alone()), settings.number("MMEXPLORE_SESSION_GRACE"))
        return _building


def room() -> Room:
    """This session's room."""
    found = st.session_state.get("room")
    if found is None or found.over:
        context = get_script_run_ctx()
        found = st.session_state["room"] = building().enter(context.session_id if context else "")
    return found


def forget_uploads(room: Room, used: Iterable[Path]) -> None:
    """Delete the uploads of this session that none of the files in `used` belongs to, unless a job may read them."""
    from mmexplore.server.jobs import pool

    if any(not job.finished for job in pool().jobs_of(room.owner)):
        return
    home = room.account.folder
    depth = len(home.parts)
    kept = {path.parts[depth] for path in used if path.parts[:depth] == home.parts and len(path.parts) > depth}
    for folder in home.iterdir():
        if folder.name not in kept and folder.name.split("-")[0] in ("upload", "path", "reopened", "made"):
            shutil.rmtree(folder, ignore_errors=True)


def served_alone() -> bool:
    """Is the app served to its own machine only?"""
    return (st.get_option("server.address") or "").strip() in THIS_MACHINE
