"""Bringing one's own pairs: upload or path -> what was recognised, to be corrected -> read as a job."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import streamlit as st

from mmexplore.app.kit.widgets import say_error
from mmexplore.app.panels import role_editor
from mmexplore.app.shell import jobs_view
from mmexplore.app.state import room, session
from mmexplore.app.state.session import CHOICE
from mmexplore.data.dataset import PairedDataset
from mmexplore.data.reading.rows import OnBroken
from mmexplore.errors import Cancelled, UserError
from mmexplore.server.jobs import Progress
from mmexplore.server.serving import demo, not_in_demo
from mmexplore.server.uploads import account_of

FILES, FOLDER = "Files", "A folder"
DEMO = (
    "This is a demo: it shows the built-in examples only, and takes no uploads. Install mmexplore on your own machine "
    "to bring your own pairs; nothing leaves it."
)
FORMS = """
- **A table with its media**: a CSV, TSV, JSON Lines or Parquet file that names the pictures in a column, and the
  pictures themselves, all at once or in one ZIP.
- **A folder or ZIP of pictures** with a `.txt` caption of the same name beside each, or sub-folders named by class.
- **Vectors you already have**: `.npz`, `.npy`, `.safetensors`, or Parquet with list columns; one array a modality.
  Arrays named `id`, `label`, `split`, `group` are taken as that.
"""


@dataclass(frozen=True)
class Brought:
    """What a person brought, on disk: the files to read and a folder that the reader may unpack into."""

    paths: tuple[Path, ...]
    workdir: Path
    name: str


# -- files onto the disk ---------------------------------------------------------
def safe_relative(name: str) -> Path:
    """An uploaded file's name as a path that stays inside the folder it is joined to; sub-folders are kept."""
    parts = [p for p in PurePosixPath(name.replace("\\", "/")).parts if p not in ("", ".", "..", "/")]
    parts = ["".join("_" if c in '<>:"|?*' or ord(c) < 32 else c for c in p)[-150:] for p in parts]
    return Path(*parts) if parts else Path("file")


def keep_uploads(files: Sequence[Any], folder: Path) -> list[Path]:
    """Write uploads (things with `.name` and `.read`) into `folder`; two of one name do not overwrite each other.

    Raises:
        UserError: they are more than the session or the server has left (nothing is written then), or this is a demo.
    """
    not_in_demo("uploads")
    account = account_of(folder)
    if account is not None:
        account.recount()
        account.spend(sum(_size_of(file) for file in files), files[0].name if len(files) == 1 else "these files")
    kept = []
    for file in files:
        path = folder / safe_relative(file.name)
        if path.exists():
            path = path.with_name(f"{path.stem}-{uuid.uuid4().hex[:6]}{path.suffix}")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as out:
            shutil.copyfileobj(file, out)
        kept.append(path)
    return kept


def _size_of(file: Any) -> int:
    """Bytes of an upload that has not been read yet."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return size


def source_of(paths: Sequence[Path]) -> Path | list[Path]:
    """What the reader is given: the one file or folder, or the list."""
    return paths[0] if len(paths) == 1 else list(paths)


def folder_of_uploads(kept: Sequence[Path], folder: Path) -> Path:
    """The one folder that was uploaded into `folder`; `folder` itself where there were several."""
    tops = {path.relative_to(folder).parts[0] for path in kept}
    inner = folder / tops.pop()
    return inner if not tops and inner.is_dir() else folder


# -- the panel -------------------------------------------------------------------
def panel() -> None:
    """Upload (files, a folder, or a path), preview with roles, Read."""
    if demo():
        st.info(DEMO)
        return
    with st.expander("What can I bring?"):
        st.markdown(FORMS)
    generation = st.session_state.setdefault("upload.generation", 0)
    how = st.segmented_control(
        "Upload", [FILES, FOLDER], default=FILES, required=True, key=f"{CHOICE}upload.how",
        label_visibility="collapsed",
    )  # fmt: skip
    whole = how == FOLDER
    files = st.file_uploader(
        "A folder, with everything in it" if whole else "A ZIP, a table with its media, or vectors",
        accept_multiple_files="directory" if whole else True,
        key=f"upload-{how}-{generation}",
        help="Files stay on this server for as long as this browser session; nothing is sent elsewhere. Several "
        "thousand files travel faster as one ZIP.",
    )
    if st.button("Look at the files", type="primary", disabled=not files or jobs_view.busy("look"), key="look"):
        folder = session.folder(f"upload-{uuid.uuid4().hex[:8]}")
        paths = keep_uploads(files, folder / "files")
        if whole:
            paths = [folder_of_uploads(paths, folder / "files")]
        name = paths[0].name if len(paths) == 1 else f"{len(files)} files"
        st.session_state["upload.generation"] = generation + 1  # an uploader that is gone frees its memory
        _look(Brought(tuple(paths), folder / "unpacked", name), folder)
    if session.local_paths_allowed():
        _path_form()
    if "brought" in st.session_state:
        _preview(*st.session_state["brought"])


def _path_form() -> None:
    with st.form("path-form", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input("Or a path on this computer", placeholder="a folder, ZIP or table", key="path")
        if st.form_submit_button("Look at the path"):
            path = Path(os.path.expandvars(typed.strip())).expanduser()
            if not typed.strip() or not path.exists():
                say_error(UserError("there is no such file or folder", typed.strip() or "path", "check the spelling"))
                return
            folder = session.folder(f"path-{uuid.uuid4().hex[:8]}")
            _look(Brought((path,), folder / "unpacked", path.name), folder)


def _look(brought: Brought, folder: Path) -> None:
    """Unpack and recognise, as a job; what was brought goes again where that fails or is cancelled."""
    from mmexplore.data.reading.read import Recognised, recognise

    def work(progress: Progress) -> Recognised:
        try:
            return recognise(source_of(brought.paths), workdir=brought.workdir, progress=progress)
        except (UserError, Cancelled):
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def take_up(found: Recognised) -> None:
        st.session_state["brought"] = (brought, found)

    st.session_state.pop("brought", None)
    jobs_view.submit(f"Look at {brought.name}", work, take_up, "look", patience=1.0, sentence=True)


def _preview(brought: Brought, found: Any) -> None:
    with st.container(border=True, key="preview"):
        rows = "many rows" if found.n_rows is None else f"{found.n_rows:,} rows"
        st.text(f"{brought.name}: {rows}, {len(found.columns)} columns")
        roles = role_editor.edit(brought.workdir.parent.name, found.columns)
        if len(found.preview):
            with st.expander("First rows"):
                st.dataframe(found.preview.astype(str), hide_index=True)
        keep = st.toggle(
            "Keep rows with a broken cell, with that cell empty",
            key="keep-broken",
            help="Off: such a row is left out. Either way it is listed with its reason.",
        )
        with st.container(horizontal=True):
            if st.button("Read pairs", type="primary", key="read", disabled=jobs_view.busy("read")):
                room.check_items(found.n_rows)  # before anything is read, where it is known already
                _read(brought, roles, "blank_cell" if keep else "drop_row")
            if st.button("Cancel", key="read-cancel"):
                del st.session_state["brought"]
                st.rerun()


def _read(brought: Brought, roles: dict[str, str], on_broken: OnBroken) -> None:
    from mmexplore.data.reading.read import read_pairs

    def work(progress: Progress) -> PairedDataset:
        pairs = read_pairs(
            source_of(brought.paths),
            workdir=brought.workdir,
            roles=roles,
            on_broken=on_broken,
            progress=progress,
            check_rows=room.check_items,
        )
        if pairs.origin is not None and brought.paths[0].is_relative_to(brought.workdir.parent):  # an upload
            return replace(pairs, origin=pairs.origin.names_only())
        return pairs

    def take_up(dataset: PairedDataset) -> str:  # only now: with another role it can be tried again
        st.session_state.pop("brought", None)
        show_pairs(dataset)
        return f"{len(dataset):,} rows read. Next: Encode."

    jobs_view.submit(f"Read {brought.name}", work, take_up, "read", sentence=True)


def show_pairs(dataset: PairedDataset) -> None:
    """These pairs from now on; the seed stays."""
    from mmexplore.workspace.state import Workspace

    workspace = Workspace(seed=session.workspace().seed)
    workspace.set_dataset(dataset)
    session.set_workspace(workspace)
