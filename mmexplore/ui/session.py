"""One person's browser session: the Workspace, what else the pages must remember, and the folder of their uploads."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
import uuid
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from mmexplore.embeddings import Embeddings
from mmexplore.workspace import Workspace

T = TypeVar("T")

#: session-state keys with this beginning are choices on a page: kept while other pages are shown
CHOICE = "choice."
KEPT_RESULTS = 24


def workspace() -> Workspace:
    """The workspace of this session, empty at first."""
    return st.session_state.setdefault("workspace", Workspace())


def owner() -> str:
    """Whose jobs these are: a name nobody else can guess."""
    return _room()["owner"]


def folder(*parts: str) -> Path:
    """A folder of this session for uploads, made if absent; deleted when the session ends."""
    path = _room()["folder"].joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def _leave(room: dict[str, Any]) -> None:
    from mmexplore.jobs import pool

    pool().forget_owner(room["owner"])
    shutil.rmtree(room["folder"], ignore_errors=True)


@st.cache_resource(scope="session", on_release=_leave, show_spinner=False)
def _room() -> dict[str, Any]:
    return {"owner": uuid.uuid4().hex, "folder": Path(tempfile.mkdtemp(dir=_uploads()))}


@st.cache_resource(show_spinner=False)
def _uploads() -> Path:
    """Holds the folders of all sessions; deleted when the server ends before they do."""
    path = Path(tempfile.mkdtemp(prefix="mmexplore-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def start(page: str) -> None:
    """Called by app.py on every run, before the page named `page` is drawn."""
    state = st.session_state
    for key in [k for k in state if isinstance(k, str) and k.startswith(CHOICE)]:
        state[key] = state[key]  # Streamlit forgets the widgets of a page that is not shown; this keeps them
    if state.get("page") != page:
        state["page"], state["selection.from"] = page, None  # charts are drawn anew: none holds the selection itself
    _write_url()


def set_workspace(new: Workspace, example: str | None = None) -> None:
    """Show this workspace from now on; choices made for another one are forgotten."""
    state = st.session_state
    state["workspace"], state["example"], state["selection.from"] = new, example, None
    for key in [k for k in state if isinstance(k, str) and k.startswith((CHOICE, "result."))]:
        del state[key]


def example() -> str | None:
    """Name of the built-in example that is shown, or None for the person's own pairs."""
    return st.session_state.get("example")


def _write_url() -> None:
    wanted = {}
    if st.session_state.get("example"):
        wanted["example"] = st.session_state["example"]
    if workspace().seed:
        wanted["seed"] = str(workspace().seed)
    if {k: v for k, v in st.query_params.to_dict().items() if k in ("example", "seed")} != wanted:
        st.query_params.from_dict(wanted)


def local_paths_allowed() -> bool:
    """May the person name a path on the server's disk?

    As MMEXPLORE_LOCAL_PATHS says (1 or 0); unset, only when the app is served to this machine alone.
    """
    asked = os.environ.get("MMEXPLORE_LOCAL_PATHS", "")
    if asked:
        return asked == "1"
    address = (st.get_option("server.address") or "").strip()
    return address in {"localhost", "127.0.0.1", "::1"}


# -- results that are dear to compute ------------------------------------------
def fingerprint(thing: Embeddings | np.ndarray) -> str:
    """A digest of all vectors; computed once for an object and remembered while the object lives."""
    known: dict[int, tuple[Any, str]] = st.session_state.setdefault("fingerprints", {})
    if id(thing) in known and known[id(thing)][0]() is thing:
        return known[id(thing)][1]
    digest = hashlib.blake2b(digest_size=16)
    arrays = {"": thing} if isinstance(thing, np.ndarray) else thing.vectors
    for name, array in arrays.items():
        digest.update(f"{name}\0{array.shape}{array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).data)
        if isinstance(thing, Embeddings):
            digest.update(np.ascontiguousarray(thing.present[name]).data)
    for gone in [k for k, (ref, _) in known.items() if ref() is None]:
        del known[gone]
    known[id(thing)] = (weakref.ref(thing), digest.hexdigest())
    return digest.hexdigest()


def remember(key: tuple, compute: Callable[[], T]) -> T:
    """`compute()` once for this key in this session; the oldest results make room for new ones.

    For results that depend on the whole workspace: `key` holds fingerprints and every parameter.
    """
    kept: dict[tuple, Any] = st.session_state.setdefault("results", {})
    if key in kept:
        kept[key] = kept.pop(key)  # newest last
    else:
        kept[key] = compute()
        while len(kept) > KEPT_RESULTS:
            del kept[next(iter(kept))]
    return kept[key]


def remember_last(slot: str, key: tuple, compute: Callable[[], T]) -> T:
    """`compute()` again only when `key` differs from last time: for large things of which one is enough (figures)."""
    kept: dict[str, tuple[tuple, Any]] = st.session_state.setdefault("last", {})
    if slot not in kept or kept[slot][0] != key:
        kept[slot] = key, compute()
    return kept[slot][1]


def recall(key: tuple) -> Any | None:
    """What `remember` or `keep` has under this key, or None."""
    return st.session_state.get("results", {}).get(key)


def keep(key: tuple, value: Any) -> None:
    """Put a result (of a job) where `recall` finds it."""
    st.session_state.setdefault("results", {}).pop(key, None)
    remember(key, lambda: value)
