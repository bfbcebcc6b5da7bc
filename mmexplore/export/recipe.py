"""A workspace as the Python that recreates it: seed, encoders, parameters, versions and a hash of the data."""

from __future__ import annotations

import hashlib
import importlib.metadata

from mmexplore import __version__
from mmexplore.data.dataset import PairedDataset
from mmexplore.data.origin import Origin
from mmexplore.errors import UserError
from mmexplore.workspace.state import FittedFusion, Workspace

#: what a result can depend on beside the data
LIBRARIES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "torch",
    "openvino",
    "open_clip_torch",
    "cca-zoo",
    "umap-learn",
    "faiss-cpu",
)


def recipe(workspace: Workspace) -> str:
    """A script that brings the pairs as they were brought (`PairedDataset.origin`), checks that they are the same, and
    encodes, aligns and fuses as this workspace did.

    Uploaded files are named without their folder; where nothing is known of the pairs, the path is a placeholder.
    """
    dataset = workspace.dataset
    origin = dataset.origin if dataset is not None and dataset.origin is not None else Origin(paths=("PAIRS",))
    sha = None if dataset is None else data_hash(dataset)
    lines = [f"# Recreates a workspace of mmexplore {__version__}.", *(f"# {line}" for line in versions_lines())]
    if dataset is not None:
        note = "" if sha else ", not checked: some of their files have gone"
        lines.append(f"# Data: {len(dataset)} rows{note}")
    imports = ["from mmexplore import journey"]
    if origin.example:
        imports.append("from mmexplore.data.examples import load_example")
    else:
        imports = ["from pathlib import Path", "", *imports, "from mmexplore.data.reading.read import read_pairs"]
    if sha:
        imports.append("from mmexplore.export.recipe import check_data")
    lines += [
        *imports,
        "from mmexplore.workspace.state import Workspace",
        "",
        f"workspace = Workspace(seed={workspace.seed})",
        f"workspace.set_dataset({origin.call()})",
    ]
    if sha:
        lines.append(f'check_data(workspace, "{sha}")  # SHA-256 of what is in the pairs')
    if workspace.embeddings is not None:
        lines += [
            f"encoders = {workspace.encoders!r}",
            "workspace.set_embeddings(journey.encode(workspace, encoders).embeddings, encoders)",
        ]
    if workspace.alignment is not None:
        call = _call("align", workspace.alignment.name, workspace.alignment.own_params(), "")
        lines.append(f"workspace.set_alignment(*{call})")
    lines += [f"workspace.add_fusion({_fuse(fitted)}, id={id_!r})" for id_, fitted in workspace.fusions.items()]
    if workspace.current is not None:
        lines.append(f"workspace.current = {workspace.current!r}")
    if workspace.embeddings is not None:
        lines.append("print(journey.evaluate(workspace))")
    return "\n".join(lines) + "\n"


def _fuse(fitted: FittedFusion) -> str:
    rest = f", objective={fitted.fusion.objective_!r}, target={fitted.target or 'none'!r}, source={fitted.source!r}"
    if fitted.labels_per_class is not None:
        rest += f", labels_per_class={fitted.labels_per_class}"
    return _call("fuse", fitted.method, fitted.fusion.own_params(), f"{rest}, seed={fitted.seed}")


def _call(step: str, name: str, params: dict, rest: str) -> str:
    return f"journey.{step}(workspace, {name!r}, {params!r}{rest})"


def versions_lines() -> list[str]:
    """name==version of what a result can depend on, for what is installed."""
    found = []
    for library in LIBRARIES:
        try:
            found.append(f"{library}=={importlib.metadata.version(library)}")
        except importlib.metadata.PackageNotFoundError:
            continue  # an optional engine that is not here did not take part
    return found


def data_hash(pairs: PairedDataset) -> str | None:
    """SHA-256 of what the pairs are: every cell, and ids, groups, labels and splits, in order; equal for equal data.

    None where a file of theirs has gone.
    """
    digest = hashlib.sha256()
    try:
        for modality, keys in pairs.content.items():
            digest.update(f"{modality}\0{pairs.kinds[modality]}\0".encode() + "\n".join(keys).encode())
    except OSError:
        return None
    for name, values in (("id", pairs.ids), ("group", pairs.groups), ("label", pairs.labels), ("split", pairs.splits)):
        if values is not None:
            digest.update(f"\0{name}\0".encode() + "\n".join(map(str, values)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def check_data(workspace: Workspace, expected: str) -> None:
    """Raise UserError where the pairs are not those whose `data_hash` is expected: what follows would differ, too."""
    found = None if workspace.dataset is None else data_hash(workspace.dataset)
    if found != expected:
        name = "pairs" if workspace.dataset is None else workspace.dataset.name
        raise UserError(
            f"the SHA-256 is {found}, and the script was written for {expected}", name, "bring the same files"
        )
