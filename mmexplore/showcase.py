"""The built-in examples with their results, computed once, so that the app has something real to show at once."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

from mmexplore import __version__, journey, workspace_files
from mmexplore.jobs import Progress
from mmexplore.pairs.examples import load_example
from mmexplore.runtime import cache_dir
from mmexplore.workspace import Workspace


def example_folder(name: str) -> Path:
    """Where the computed example is kept; a new version of mmexplore computes it anew."""
    return cache_dir("examples") / f"{name}-computed-{__version__}"


def is_prepared(name: str) -> bool:
    return (example_folder(name) / "run.json").exists()


def prepare_example(name: str, progress: Progress | None = None) -> None:
    """Encode the example and fit the attention fusion on it, unless that was done before."""
    if is_prepared(name):
        return
    workspace = Workspace()
    workspace.set_dataset(load_example(name))
    encoders = journey.default_encoders(workspace)
    encoded = journey.encode(workspace, encoders, journey.default_store(), progress)
    workspace.set_embeddings(encoded.embeddings, encoders)
    workspace.add_fusion(journey.fuse(workspace, "attention", progress=progress))
    workspace_files.save(workspace, example_folder(name))
    _read.cache_clear()


def open_example(name: str) -> Workspace:
    """A workspace of one's own with the computed example in it; its arrays are shared, read-only, by all who open it.

    Raises:
        UserError: no such example, or it was not prepared (see `prepare_example`).
    """
    shared = _read(name)
    return shared.snapshot()


@cache
def _read(name: str) -> Workspace:
    workspace = workspace_files.open_directory(example_folder(name))
    assert workspace.embeddings is not None
    for array in (*workspace.embeddings.vectors.values(), *workspace.embeddings.present.values()):
        array.setflags(write=False)
    return workspace


def forget_examples() -> None:
    """Delete the computed examples (they are computed again when next asked for)."""
    for folder in cache_dir("examples").glob("*-computed-*"):
        shutil.rmtree(folder, ignore_errors=True)
    _read.cache_clear()
