"""The built-in examples with their results, so that the app has something real to show at once.

The emoji's vectors (float16) and results come with mmexplore, made by scripts/make_examples.py; the results are those
of the vectors as they come. The other examples are computed at first use, and so is every one whose results depend on
something that has changed since: the data, an encoder's version, the code of the method or of its score.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from mmexplore import journey
from mmexplore.data.dataset import content_key
from mmexplore.data.embeddings import Embeddings, unit
from mmexplore.data.examples import EXAMPLES, emoji, emoji_pictures, load_example
from mmexplore.encoders import found
from mmexplore.journey.source import PACKAGE, code_digest
from mmexplore.models.methods import fusion_methods
from mmexplore.runtime import cache_dir
from mmexplore.server.jobs import Progress
from mmexplore.workspace import files as workspace_files
from mmexplore.workspace.state import Workspace

METHOD = "attention"
#: what a fit's score depends on beside the method
SCORING = "mmexplore.scores.evaluation"
#: example -> the folder in the package that has its vectors and results (see `write_shipped`)
SHIPPED = {"emoji": emoji.DATA}
KEPT = 4  # results of other code that stay in the cache, for each example


# -- what they depend on ---------------------------------------------------------
def vectors_key(name: str) -> str:
    """Digest of what an example's vectors depend on: its data and its encoders' versions."""
    if name in SHIPPED:
        rows = hashlib.sha256((SHIPPED[name] / "rows.parquet").read_bytes()).hexdigest()
        data = f"{rows}-{emoji_pictures.PIXELS}-{emoji_pictures.MARGIN}-{emoji_pictures.DRAWING}"
        encoders = list(_about(name)["encoders"].values())
    else:
        data = code_digest([EXAMPLES[name].load.__module__])
        encoders = sorted({encoder for encoder, _ in found.built_in()})
    return _digest({"data": data, "encoders": {e: _encoder_version(e) for e in encoders}})


def results_key(name: str, package: Path = PACKAGE) -> str:
    """Digest of what an example's results depend on: its vectors, the method's parameters, and the code of the method
    and of its score.

    Args:
        package: the folder of mmexplore whose code counts.
    """
    method = fusion_methods()[METHOD]
    code = code_digest([method.__module__, SCORING], package)
    return _digest({"vectors": vectors_key(name), "method": METHOD, "params": method().get_params(), "code": code})


def _encoder_version(name: str) -> str:
    """As its class has it, whatever engine runs it."""
    return next((getattr(cls, "version", "") for (known, _), cls in found.built_in().items() if known == name), "")


def _digest(of: Any) -> str:
    return hashlib.sha256(json.dumps(of, sort_keys=True, default=str).encode()).hexdigest()


def _about(name: str) -> dict[str, Any]:
    return json.loads((SHIPPED[name] / "example.json").read_text(encoding="utf-8"))


def comes_with_results(name: str) -> bool:
    """Do the example's results come with mmexplore, and are they of this code?"""
    return name in SHIPPED and _about(name)["results"] == results_key(name)


# -- made and opened -------------------------------------------------------------
def example_folder(name: str) -> Path:
    """Where the computed results of an example are kept; those of other code are elsewhere."""
    return cache_dir("examples") / f"{name}-computed-{results_key(name)[:16]}"


def is_prepared(name: str) -> bool:
    """Can it be opened at once?"""
    return name in EXAMPLES and (comes_with_results(name) or (example_folder(name) / "run.json").exists())


def prepare_example(name: str, progress: Progress | None = None) -> None:
    """Encode the example and fit the attention fusion on it, unless the results are there; draw its pictures.

    Raises:
        UserError: no such example, or a package that draws or encodes is not installed.
        Cancelled: by `progress`.
    """
    dataset = load_example(name)
    if name in SHIPPED:
        emoji_pictures.draw_missing(list(dataset.columns["character"]), emoji_pictures.picture_folder(), progress)
    if is_prepared(name):
        return
    workspace = shipped_vectors(name) if name in SHIPPED else None
    if workspace is None:
        workspace = Workspace()
        workspace.set_dataset(dataset)
        encoders = journey.default_encoders(workspace)
        encoded = journey.encode(workspace, encoders, journey.default_store(), progress)
        workspace.set_embeddings(encoded.embeddings, encoders)
    workspace.add_fusion(journey.fuse(workspace, METHOD, progress=progress))
    workspace_files.save(workspace, example_folder(name))
    others = sorted(cache_dir("examples").glob(f"{name}-computed-*"), key=lambda f: f.stat().st_mtime)
    for folder in others[: -KEPT - 1]:
        shutil.rmtree(folder, ignore_errors=True)
    _read.cache_clear()


def open_example(name: str) -> Workspace:
    """A workspace of one's own with the example and its results in it; its arrays are shared, read-only, by all who
    open it.

    Raises:
        UserError: no such example, or it was not prepared (see `prepare_example`).
    """
    shared = _read(name)
    return shared.snapshot()


@cache
def _read(name: str) -> Workspace:
    workspace = read_shipped(name) if comes_with_results(name) else workspace_files.open_directory(example_folder(name))
    assert workspace.embeddings is not None
    for array in (*workspace.embeddings.vectors.values(), *workspace.embeddings.present.values()):
        array.setflags(write=False)
    return workspace


# -- what comes with mmexplore ---------------------------------------------------
def shipped_vectors(name: str) -> Workspace | None:
    """The example with its shipped vectors and nothing fitted; None where they are not of these encoders and data."""
    about = _about(name)
    if about["vectors"] != vectors_key(name):
        return None
    workspace = Workspace()
    workspace.set_dataset(load_example(name))
    workspace.set_embeddings(_embeddings(name), about["encoders"])
    return workspace


def read_shipped(name: str) -> Workspace:
    """The example with its shipped vectors and results, whichever code made them."""
    workspace, about = workspace_files.open_directory(SHIPPED[name]), _about(name)
    workspace.dataset = load_example(name)
    splits = np.full(len(workspace.dataset), "train", object)
    splits[about["test"]] = "test"
    workspace.embeddings = _embeddings(name).with_splits(splits)
    return workspace


def _embeddings(name: str) -> Embeddings:
    """Unit vectors, float32, from the shipped float16."""
    from safetensors.numpy import load_file

    dataset, spaces = load_example(name), _about(name)["spaces"]
    stored = load_file(SHIPPED[name] / "vectors.safetensors")
    content = {m: np.array([content_key(c) for c in dataset.cells[m]], object) for m in spaces if m != "picture"}
    return Embeddings(
        vectors={m: unit(stored[m]) for m in spaces},
        present={m: np.ones(len(dataset), bool) for m in spaces},
        ids=dataset.ids,
        groups=dataset.groups,
        spaces=spaces,
        labels=dataset.labels,
        # of the pictures as they were drawn where the vectors were made: none has to be there to be told apart
        content={"picture": emoji.facts()["picture"].to_numpy(object)} | content,
        columns=dataset.columns,
    )


def write_vectors(workspace: Workspace, name: str) -> None:
    """Put the vectors of an encoded example among what comes with mmexplore, as float16."""
    from safetensors.numpy import save_file

    assert workspace.embeddings is not None
    vectors = {m: v.astype(np.float16) for m, v in workspace.embeddings.vectors.items()}
    save_file(vectors, SHIPPED[name] / "vectors.safetensors")
    about = {"encoders": workspace.encoders, "spaces": workspace.embeddings.spaces}
    _write_about(name, about | {"vectors": "", "results": "", "test": []})
    _write_about(name, _about(name) | {"vectors": vectors_key(name)})


def write_results(workspace: Workspace, name: str) -> None:
    """Put the fit of the shipped vectors, with its score and its split, beside them."""
    assert workspace.embeddings is not None
    shutil.rmtree(SHIPPED[name] / "fusions", ignore_errors=True)
    workspace_files.write_parts(
        dataclasses.replace(workspace, dataset=None, embeddings=None), SHIPPED[name], lambda *_: None
    )
    test = np.flatnonzero(workspace.embeddings.in_split("test")).tolist()
    _write_about(name, _about(name) | {"results": results_key(name), "test": test})


def _write_about(name: str, about: dict[str, Any]) -> None:
    (SHIPPED[name] / "example.json").write_text(json.dumps(about, indent=None) + "\n", encoding="utf-8")
