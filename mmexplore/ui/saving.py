"""Taking the whole workspace away as one ZIP, and opening it again."""

from __future__ import annotations

import os
import shutil
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from mmexplore.errors import UserError
from mmexplore.jobs import Progress
from mmexplore.serving import demo, in_words
from mmexplore.ui import bring, jobs_view, session, take_away
from mmexplore.ui.widgets import one_line, say_error, section
from mmexplore.workspace import Workspace

FILE = "mmexplore-workspace.zip"
SAVED = "result.saved"  # in the session's state; another workspace clears it


@dataclass(frozen=True)
class Saved:
    """A ZIP on the disk that waits to be taken away.

    Attributes:
        path: of the ZIP.  size: bytes.
        what: what it holds, in words.
    """

    path: Path
    size: int
    what: str


def panel(workspace: Workspace) -> None:
    """Save, report and reopen."""
    if workspace.dataset is not None or workspace.embeddings is not None:
        section(
            "Save",
            "Pairs with their media, vectors, fits and selection in one ZIP. The shell reads it too, once "
            "unpacked: `mmexplore weights RUN`.",
        )
        if st.button("Save the workspace", key="save-workspace", disabled=jobs_view.busy("save")):
            _save(workspace)
        _offer()
        section("Report", "Everything found so far on one page that opens anywhere, offline.")
        st.download_button(
            "Make the report",
            lambda: _report(workspace),
            "mmexplore-report.html",
            "text/html",
            key="report",
            on_click="ignore",
        )
        st.download_button(
            "Make the Python script", lambda: _script(workspace), "mmexplore-run.py", "text/x-python", key="script",
            on_click="ignore", help="The steps from your files to these results, to run without the app.",
        )  # fmt: skip
    if demo():
        return
    section("Reopen", "A ZIP that was saved here.")
    file = st.file_uploader("Workspace ZIP", type="zip", key=f"reopen-{st.session_state.get('upload.generation', 0)}")
    if file is not None and st.button("Open it", type="primary", key="reopen", disabled=jobs_view.busy("reopen")):
        folder = session.folder(f"reopened-{uuid.uuid4().hex[:8]}")
        path = bring.keep_uploads([file], folder)[0]
        st.session_state["upload.generation"] = st.session_state.get("upload.generation", 0) + 1
        _reopen(path, folder, path.name)
    if session.local_paths_allowed():
        _path_form()


# -- saving ----------------------------------------------------------------------
def _save(workspace: Workspace) -> None:
    """Write the ZIP, as a job; an earlier one goes first, so that it does not stand in the way of the quota."""
    home = session.folder("saved")
    st.session_state.pop(SAVED, None)
    shutil.rmtree(home, ignore_errors=True)
    folder = home / uuid.uuid4().hex[:8]
    as_it_is = replace(workspace, fusions=dict(workspace.fusions))  # the page may go on fitting meanwhile
    source = workspace.dataset if workspace.dataset is not None else workspace.embeddings
    assert source is not None
    name = "" if workspace.dataset is None else f"{one_line(workspace.dataset.name, 60)}, "
    what = f"{name}{len(source):,} rows"

    def work(progress: Progress) -> Saved:
        from mmexplore.workspace_files import save_zip

        path = folder / FILE
        try:
            folder.mkdir(parents=True)
            save_zip(as_it_is, path, folder, progress)
            progress.check()
            return Saved(path, path.stat().st_size, what)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def take_up(saved: Saved) -> str:
        st.session_state[SAVED] = saved
        return f"The workspace is saved ({in_words(saved.size)}). Download it on the Data page."

    jobs_view.submit("Save the workspace", work, take_up, "save", patience=1.0, sentence=True)


def _offer() -> None:
    """The ZIP that was saved last, to be downloaded; nothing where there is none."""
    saved: Saved | None = st.session_state.get(SAVED)
    if saved is None or jobs_view.busy("save"):
        return
    if not saved.path.exists():
        del st.session_state[SAVED]
        return
    with st.container(border=True, key="saved"):
        st.text(f"{saved.what}, as they were when you saved.")
        st.link_button(f"Download the ZIP ({in_words(saved.size)})", take_away.address(saved.path), type="primary")
        limit = st.get_option("server.maxUploadSize") << 20
        if saved.size > limit and not demo():
            way = "by its path, below" if session.local_paths_allowed() else "with mmexplore on your own machine"
            st.caption(f"An upload may have {in_words(limit)} here, so this one can be opened again only {way}.")
        st.caption("It stays until you save again, open something else or leave.")


# -- reopening -------------------------------------------------------------------
def _path_form() -> None:
    with st.form("reopen-path-form", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input("Or a path on this computer", placeholder="a saved ZIP", key="reopen-path")
        if st.form_submit_button("Open the path", disabled=jobs_view.busy("reopen")):
            path = Path(os.path.expandvars(typed.strip())).expanduser()
            if not typed.strip() or not path.is_file():
                say_error(UserError("there is no such file", typed.strip() or "path", "check the spelling"))
                return
            _reopen(path, session.folder(f"reopened-{uuid.uuid4().hex[:8]}"), path.name)


def _reopen(path: Path, folder: Path, name: str) -> None:
    """Unpack and read, as a job, into a folder of the session; nothing of it stays where that fails or is cancelled."""

    def work(progress: Progress) -> Workspace:
        from mmexplore.workspace_files import open_zip

        try:
            opened = open_zip(path, folder, progress)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        if opened.dataset is not None:
            _ = opened.dataset.content  # reads every file: here, not on the page
        if path.is_relative_to(folder):
            path.unlink()  # what was uploaded is unpacked: it need not be there twice
        return opened

    def take_up(opened: Workspace) -> str:
        try:
            session.set_workspace(opened)
        except UserError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return f"{one_line(name, 60)} is open."

    jobs_view.submit(f"Open {name}", work, take_up, "reopen", patience=1.0, sentence=True)


# -- report ----------------------------------------------------------------------
def _report(workspace: Workspace) -> bytes:
    from mmexplore.report import report

    return report(workspace).encode()


def _script(workspace: Workspace) -> bytes:
    from mmexplore.recipe import recipe

    return recipe(workspace).encode()
