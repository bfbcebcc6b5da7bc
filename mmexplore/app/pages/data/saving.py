"""Taking the whole workspace away as one ZIP, and opening it again."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from mmexplore.app.kit.widgets import one_line, say_error, section
from mmexplore.app.panels import bring
from mmexplore.app.shell import jobs_view, take_away
from mmexplore.app.state import session
from mmexplore.errors import UserError
from mmexplore.server.jobs import Progress
from mmexplore.server.serving import demo, in_words
from mmexplore.workspace.state import Workspace

MADE = "result.made"  # in the session's state, name -> Made; another workspace clears it


@dataclass(frozen=True)
class Made:
    """A file on the disk that waits to be taken away.

    Attributes:
        path, size: of the file, in bytes.
        what: what it was made of, in words.
    """

    path: Path
    size: int
    what: str


def _zip(workspace: Workspace, path: Path, progress: Progress) -> None:
    from mmexplore.workspace.zip import save_zip

    save_zip(workspace, path, path.parent, progress)


def _page(workspace: Workspace, path: Path, progress: Progress) -> None:
    from mmexplore.export.report import report

    path.write_text(report(workspace, progress), encoding="utf-8")


@dataclass(frozen=True)
class Makes:
    """What can be made of a workspace: the button, the job, the file and what it is called in a sentence."""

    button: str
    file: str
    called: str
    write: Callable[[Workspace, Path, Progress], None]


MAKES = {
    "save": Makes("Save the workspace", "mmexplore-workspace.zip", "ZIP", _zip),
    "report": Makes("Make the report", "mmexplore-report.html", "report", _page),
}


def panel(workspace: Workspace) -> None:
    """Save, report and reopen."""
    if workspace.dataset is not None or workspace.embeddings is not None:
        section(
            "Save",
            "Pairs with their media, vectors, fits and selection in one ZIP. The shell reads it too, once "
            "unpacked: `mmexplore weights RUN`.",
        )
        _make("save", workspace)
        section("Report", "Everything found so far on one page that opens anywhere, offline.")
        _make("report", workspace)
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
def _make(name: str, workspace: Workspace) -> None:
    """The button, and below it what was made last, to be downloaded."""
    if st.button(MAKES[name].button, key=f"make-{name}", disabled=jobs_view.busy(name)):
        _submit(name, workspace)
    made: Made | None = st.session_state.get(MADE, {}).get(name)
    if made is None or jobs_view.busy(name):
        return
    if not made.path.exists():
        del st.session_state[MADE][name]
        return
    with st.container(border=True, key=f"made-{name}"):
        st.text(f"{made.what}, as they were when you pressed the button.")
        label = f"Download the {MAKES[name].called} ({in_words(made.size)})"
        st.link_button(label, take_away.address(made.path), type="primary")
        limit = st.get_option("server.maxUploadSize") << 20
        if name == "save" and made.size > limit and not demo():
            way = "by its path, below" if session.local_paths_allowed() else "with mmexplore on your own machine"
            st.caption(f"An upload may have {in_words(limit)} here, so this one can be opened again only {way}.")
        st.caption("It stays until you make it again, open something else or leave.")


def _submit(name: str, workspace: Workspace) -> None:
    """Write the file, as a job; an earlier one goes first, so that it does not stand in the way of the quota."""
    home = session.folder("made", name)
    st.session_state.setdefault(MADE, {}).pop(name, None)
    shutil.rmtree(home, ignore_errors=True)
    path = home / uuid.uuid4().hex[:8] / MAKES[name].file
    as_it_is = workspace.snapshot()  # the page may go on fitting meanwhile
    source = workspace.dataset if workspace.dataset is not None else workspace.embeddings
    assert source is not None
    of = "" if workspace.dataset is None else f"{one_line(workspace.dataset.name, 60)}, "
    what = f"{of}{len(source):,} rows"

    def work(progress: Progress) -> Made:
        try:
            path.parent.mkdir(parents=True)
            MAKES[name].write(as_it_is, path, progress)
            progress.check()
            return Made(path, path.stat().st_size, what)
        except BaseException:
            shutil.rmtree(path.parent, ignore_errors=True)
            raise

    def take_up(made: Made) -> str:
        st.session_state.setdefault(MADE, {})[name] = made
        return f"The {MAKES[name].called} is ready ({in_words(made.size)}). Download it on the Data page."

    jobs_view.submit(MAKES[name].button, work, take_up, name, patience=1.0, sentence=True)


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
        from mmexplore.workspace.zip import open_zip

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
        if opened.notices:
            st.session_state["notice"] = " ".join(opened.notices)
        return f"{one_line(name, 60)} is open."

    jobs_view.submit(f"Open {name}", work, take_up, "reopen", patience=1.0, sentence=True)


def _script(workspace: Workspace) -> bytes:
    from mmexplore.export.recipe import recipe

    return recipe(workspace).encode()
