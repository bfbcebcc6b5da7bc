"""The server of `mmexplore app`: the same app as `streamlit run app.py`, from any folder and with its own settings."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st

from mmexplore.app.shell import given, take_away
from mmexplore.app.start import settings
from mmexplore.app.state import room
from mmexplore.errors import UserError
from mmexplore.server.serving import not_in_demo
from mmexplore.server.uploads import sweep, uploads_root

SCRIPT = Path(__file__).with_name("script.py")


def serve(path: Path | None = None, *, host: str = "localhost", port: int | None = None, browser: bool = True) -> None:
    """Serve the app until it is stopped.

    Args:
        path: pairs or a saved workspace that sessions open with; only where the app is served to this machine alone.
        host: the address to listen on; "0.0.0.0" for every address of this machine.
        port: None: 8501, or the next one that is free.
        browser: open one at the app, where there is a screen.

    Raises:
        UserError: there is nothing at `path`, or it may not be opened; the address cannot be listened on.
    """
    if path is not None:
        _check(path, host)
        given.give(path.absolute())
    sweep(uploads_root())
    config = settings.behind_a_proxy() | settings.settings()
    config |= {"server.address": host, "server.fileWatcherType": "none"}
    if port is not None:
        config["server.port"] = port
    if not browser:
        config["server.headless"] = True
    try:
        st.App(SCRIPT, routes=take_away.routes(), lifespan=_running).run(config=config)
    except OSError as error:
        where = host if port is None else f"{host}, port {port}"
        raise UserError(f"cannot be listened on ({error.strerror or error})", where, "choose another") from error


def _check(path: Path, host: str) -> None:
    not_in_demo(str(path))
    if host not in room.THIS_MACHINE:
        raise UserError(
            "what others are served begins with the example", str(path), "leave out the path, or --host, and try again"
        )
    if not path.exists():
        raise UserError("does not exist", str(path), "check the path")


@asynccontextmanager
async def _running(app: st.App) -> AsyncIterator[None]:
    """While the server runs; it listens already when this begins."""
    if not st.get_option("server.headless"):
        host, port = st.get_option("server.address"), st.get_option("server.port")
        url = f"http://{'localhost' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104  that is, any of ours
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()  # some wait until it is closed
    yield
