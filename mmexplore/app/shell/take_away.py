"""Files that a session takes away, sent from the disk piece by piece.

`st.download_button` reads a file whole into memory, whatever it is given (an open file, a callable), keeps it there
until two runs later, and copies it once more to send it. So a large file has an address of its own, which only the page
that offers it knows, and which is gone with the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from mmexplore.app.state import room

PREFIX = "saved"
GONE = "This file is no longer there: save again on the Data page."


def address(path: Path) -> str:
    """Where the browser finds this file of the session; relative, so that a proxy's own prefix stays.

    The same file has the same address, nobody can guess it, and it ends with the session or the file.
    """
    return f"{PREFIX}/{room.room().offer(path)}"


def routes() -> Sequence[BaseRoute]:
    """For `st.App`."""
    return [Route(f"/{PREFIX}/{{token}}", _send, methods=["GET"])]


def _send(request: Request) -> Response:
    path = room.building().offered(request.path_params["token"])
    if path is None or not path.is_file():
        return PlainTextResponse(GONE, 404)
    return FileResponse(path, filename=path.name, headers={"Cache-Control": "no-store"})
