"""The app in the browser, started from the shell."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Annotated

import typer

from mmexplore.errors import UserError

NEEDED = ("streamlit", "plotly")  # what no page is drawn without; both come with the extra `app`


def app(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="PATH", help="Pairs (a table, folder, ZIP ...) or a saved workspace to open."),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="By default 8501, or the next one that is free.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="The address to listen on; 0.0.0.0 serves other machines, too.")
    ] = "localhost",
    demo: Annotated[bool, typer.Option("--demo", help="The built-in examples only: no uploads, no paths.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
) -> None:
    """Open the app in the browser; Ctrl-C ends it."""
    if absent := next((name for name in NEEDED if importlib.util.find_spec(name) is None), None):
        raise UserError(f"{absent} is not installed", "mmexplore app", 'run: pip install "mmexplore[app]"')
    if demo:
        os.environ["MMEXPLORE_DEMO"] = "1"
    from mmexplore.app.start.server import serve

    serve(path, host=host, port=port, browser=not no_browser)
