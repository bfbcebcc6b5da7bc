"""One person's browser session: the Workspace, what else the pages must remember, and the folder of their uploads."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st

from mmexplore import settings
from mmexplore.app.state import room as rooms
from mmexplore.app.state.kept import Common, Kept
from mmexplore.data.fingerprint import fingerprint as fingerprint
from mmexplore.data.identity import uid_of
from mmexplore.server.serving import demo
from mmexplore.workspace.state import Workspace

T = TypeVar("T")

#: session-state keys with this beginning are choices on a page: kept while other pages are shown
CHOICE = "choice."
FORGOTTEN = "choices forgotten"
KEPT_RESULTS, KEPT_BYTES = 24, 512 << 20  # of one session
SHARED_RESULTS = 400  # of the built-in examples, for all; MMEXPLORE_SHARED_RESULTS says how large they may be
AWAY = "You were away for longer than a session is kept, so what you had brought was deleted"


def workspace() -> Workspace:
    """The workspace of this session, empty at first."""
    return st.session_state.setdefault("workspace", Workspace())


def owner() -> str:
    """Whose jobs these are: a name nobody else can guess."""
    return rooms.room().owner


def folder(*parts: str) -> Path:
    """A folder of this session for uploads, made if absent; deleted when the session ends."""
    path = rooms.room().account.folder.joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def start(page: str) -> None:
    """Called by app.py on every run, before the page named `page` is drawn."""
    state = st.session_state
    rooms.building().runs += 1  # the first visit after a start makes it, and sweeps what a crash left behind
    if (ended := state.get("room")) is not None and ended.over:  # away for longer than a session is kept
        for key in list(state):
            del state[key]
        state["started"], state["notice"] = True, AWAY
    for key in [k for k in state if isinstance(k, str) and k.startswith(CHOICE)]:
        state[key] = state[key]  # Streamlit forgets the widgets of a page that is not shown; this keeps them
    if state.get("page") != page:
        state["page"], state["selection.from"] = page, None  # charts are drawn anew: none holds the selection itself
    if "room" in state:
        state["room"].holds = tuple(state.get(k) for k in ("workspace", "results", "last"))
    _write_url()


def set_workspace(new: Workspace, example: str | None = None) -> None:
    """Show this workspace from now on; choices made for another one are forgotten.

    Raises:
        UserError: its rows are more than one session may hold, or than the server has left.
    """
    state = st.session_state
    own = 0 if example else len(new.dataset if new.dataset is not None else new.embeddings or ())
    if own or "room" in state:
        rooms.building().take_items(rooms.room(), own)
    state["workspace"], state["example"], state["selection.from"] = new, example, None
    if "room" in state:
        brought = state["brought"][0].paths if "brought" in state else ()
        rooms.forget_uploads(state["room"], [*brought, *_files(new)])
    for key in [k for k in state if isinstance(k, str) and k.startswith((CHOICE, "result."))]:
        del state[key]
        state[FORGOTTEN] = True


def forgotten() -> bool:
    """Were choices forgotten since this was last asked? Then the page must be drawn twice.

    Streamlit tells the browser of a widget's value only where the code has set it, as `start` does with the choices
    that there are. A widget that stays on the page while its choice is forgotten would go on showing the old one,
    beside a page that follows the default; and to press what it shows does nothing.
    """
    return bool(st.session_state.pop(FORGOTTEN, False))


def _files(workspace: Workspace) -> list[Path]:
    cells = () if workspace.dataset is None else workspace.dataset.cells.values()
    return [cell for column in cells for cell in column if isinstance(cell, Path)]


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

    As MMEXPLORE_LOCAL_PATHS says (1 or 0); unset, only when the app is served to this machine alone. Never in a demo.
    """
    asked = settings.given("MMEXPLORE_LOCAL_PATHS")
    return not demo() and (asked == "1" if asked else rooms.served_alone())


# -- results that are dear to compute ------------------------------------------
_common = Common()
_shared = Kept(SHARED_RESULTS, settings.size("MMEXPLORE_SHARED_RESULTS"), read_only=True)


def share(workspace: Workspace) -> None:
    """What this workspace of a built-in example holds is common to all sessions (they have the very same objects)."""
    _common.add(*_parts(workspace))


def remember(key: tuple, compute: Callable[[], T]) -> T:
    """`compute()` once for this key; the oldest results make room for new ones. Never change what it returns.

    For results that depend on the whole workspace: `key` holds fingerprints and every parameter. Kept for this session;
    where the workspace is an untouched built-in example, for all sessions that show it, which then share the result.
    """
    if (shared := _shared_key(key)) is not None:
        return _shared.once(shared, compute, _others_turn)
    return _own().once(key, compute)


def once(key: tuple, gives: Callable[[Any], tuple] | None = None) -> Callable[[Callable[[], Any]], Any]:
    """For a job, which cannot ask for the session: `run = once(key)` here, `run(compute)` there.

    As `remember` where the workspace is an untouched built-in example, so that one session computes for all; else
    `run(compute)` is `compute()`.

    Args:
        gives: for what is put into the workspace (a fit, vectors): its parts, which are common from then on. Such a
            result depends on the vectors alone, whatever else has been fitted on them.
    """
    shared = _shared_key(key, fits=gives is None)
    if shared is None:
        return lambda compute: compute()

    def run(compute: Callable[[], Any]) -> Any:
        found = _shared.once(shared, compute)
        if gives is not None:
            _common.add(*gives(found))
        return found

    return run


def remember_last(slot: str, key: tuple, compute: Callable[[], T], common: bool = False) -> T:
    """`compute()` again only when `key` differs from last time: for large things of which one is enough (figures).

    common: nothing in it is the person's own choice, so it is shared as by `remember` where that may be.
    """
    if common and (shared := _shared_key((slot, *key))) is not None:
        return _shared.once(shared, compute, _others_turn)
    kept: dict[str, tuple[tuple, Any]] = st.session_state.setdefault("last", {})
    if slot not in kept or kept[slot][0] != key:
        kept[slot] = key, compute()
    return kept[slot][1]


def recall(key: tuple) -> Any | None:
    """What `remember` or `keep` has under this key, or None."""
    found = _own().get(key)
    if found is None and (shared := _shared_key(key)) is not None:
        found = _shared.get(shared)
    return found


def keep(key: tuple, value: Any) -> None:
    """Put a result (of a job) where `recall` finds it."""
    _own().put(key, value)


def _others_turn() -> AbstractContextManager:
    """What a person sees while another session computes the same of this example."""
    return st.spinner("Somebody else has just asked for this, too; it appears as soon as it is computed.")


def _own() -> Kept:
    return st.session_state.setdefault("results", Kept(KEPT_RESULTS, KEPT_BYTES))


def _parts(workspace: Workspace, fits: bool = True) -> tuple[Any, ...]:
    fitted = tuple(f.fusion for f in workspace.fusions.values()) if fits else ()  # a fit under another id is the same
    return workspace.dataset, workspace.embeddings, workspace.alignment, workspace.aligned, *fitted


def _shared_key(key: tuple, fits: bool = True) -> tuple | None:
    """The key among the shared results, where all that it is computed from is common; else None."""
    now = workspace()
    parts = _parts(now, fits)
    if now.dataset is None or not all(map(_common.has, parts)):
        return None
    return tuple(map(uid_of, parts)), now.current if fits else "", now.seed, now.split_source, key
