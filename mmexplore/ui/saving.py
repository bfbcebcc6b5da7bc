"""Taking the whole workspace away as one ZIP, and opening it again."""

from __future__ import annotations

import shutil
import uuid

import streamlit as st

from mmexplore.errors import UserError
from mmexplore.serving import demo
from mmexplore.ui import bring, session
from mmexplore.ui.widgets import say_error, section
from mmexplore.workspace import Workspace


def panel(workspace: Workspace) -> None:
    """Save, report and reopen."""
    if workspace.dataset is not None or workspace.embeddings is not None:
        section(
            "Save",
            "Pairs with their media, vectors, fits and selection in one ZIP. The shell reads it too, once "
            "unpacked: `mmexplore weights RUN`.",
        )
        st.download_button(
            "Save the workspace",
            lambda: _zip(workspace),
            "mmexplore-workspace.zip",
            "application/zip",
            key="save-workspace",
            on_click="ignore",
        )
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
    if file is not None and st.button("Open it", type="primary", key="reopen"):
        from mmexplore.workspace_files import open_zip

        folder = session.folder(f"reopened-{uuid.uuid4().hex[:8]}")
        try:
            session.set_workspace(open_zip(bring.keep_uploads([file], folder)[0], folder))
        except UserError as error:
            shutil.rmtree(folder, ignore_errors=True)
            say_error(error)
            return
        st.session_state["upload.generation"] = st.session_state.get("upload.generation", 0) + 1
        st.rerun()


def _report(workspace: Workspace) -> bytes:
    from mmexplore.report import report

    return report(workspace).encode()


def _script(workspace: Workspace) -> bytes:
    from mmexplore.recipe import recipe

    return recipe(workspace).encode()


def _zip(workspace: Workspace) -> bytes:
    from mmexplore.workspace_files import save_zip

    folder = session.folder(f"saved-{uuid.uuid4().hex[:8]}")
    path = folder / "workspace.zip"
    save_zip(workspace, path, folder)
    content = path.read_bytes()
    path.unlink()
    return content
