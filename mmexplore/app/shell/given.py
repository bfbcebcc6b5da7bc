"""What `mmexplore app PATH` was given: pairs or a saved workspace, which sessions then open with."""

from __future__ import annotations

import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from mmexplore.app.kit.widgets import one_line
from mmexplore.app.shell import jobs_view
from mmexplore.app.state import room, session
from mmexplore.errors import UserError
from mmexplore.server.jobs import Progress
from mmexplore.workspace.state import Workspace

_given: Path | None = None


def give(path: Path) -> None:
    """Every session of this server that asks for no example opens this. Called before the server starts."""
    global _given
    _given = path


def path() -> Path | None:
    """What was given; None where the app was started without a path."""
    return _given


def open_path(path: Path, otherwise: Callable[[], None]) -> None:
    """Read it as a job and show it; where it cannot be read, one sentence says why, and `otherwise()` is shown."""
    folder = session.folder(f"path-{uuid.uuid4().hex[:8]}")
    seed = session.workspace().seed

    def work(progress: Progress) -> Workspace | str:
        try:
            return _read(path, folder, seed, progress)
        except UserError as error:
            return str(error)

    def take_up(answer: Workspace | str) -> str | None:
        if isinstance(answer, str):
            st.session_state["notice"] = answer
            otherwise()
            return None
        session.set_workspace(answer)
        step = "" if answer.embeddings is not None else " Next: Encode."
        return f"{one_line(path.name, 60)} is open.{step}"

    jobs_view.submit(f"Open {path.name}", work, take_up, "given", patience=1.0, left=otherwise)


def _read(path: Path, folder: Path, seed: int, progress: Progress) -> Workspace:
    from mmexplore.data.reading.read import read_pairs
    from mmexplore.workspace.files import open_directory
    from mmexplore.workspace.zip import open_zip

    if path.is_dir() and (path / "run.json").is_file():
        workspace = open_directory(path)
    elif _is_workspace_zip(path):
        workspace = open_zip(path, folder, progress)
    else:
        workspace = Workspace(seed=seed)
        workspace.set_dataset(
            read_pairs(path, workdir=folder / "unpacked", progress=progress, check_rows=room.check_items)
        )
    if workspace.dataset is not None:
        _ = workspace.dataset.content  # reads every file: here, not on the page
    return workspace


def _is_workspace_zip(path: Path) -> bool:
    if not path.is_file() or not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(n == "run.json" or (n.count("/") == 1 and n.endswith("/run.json")) for n in archive.namelist())
    except (zipfile.BadZipFile, OSError):  # whoever reads it says what is wrong with it
        return False
