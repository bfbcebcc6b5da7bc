"""A workspace as the Python that recreates it: seed, encoders, parameters, versions and a hash of the data."""

from __future__ import annotations

import hashlib
import importlib.metadata

from mmexplore import __version__
from mmexplore.workspace import FittedFusion, Workspace

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


def recipe(workspace: Workspace, pairs: str = "PAIRS") -> str:
    """A script that reads the pairs, encodes, aligns and fuses as this workspace did.

    Args:
        pairs: the path to read; a placeholder where the pairs were uploaded.
    """
    lines = [f"# Recreates a workspace of mmexplore {__version__}.", *(f"# {line}" for line in versions_lines())]
    if workspace.dataset is not None:
        lines.append(f"# Data: {len(workspace.dataset)} rows, SHA-256 of their content {data_hash(workspace)}")
    lines += [
        "from pathlib import Path",
        "",
        "from mmexplore import journey",
        "from mmexplore.pairs.read import read_pairs",
        "from mmexplore.workspace import Workspace",
        "",
        f"workspace = Workspace(seed={workspace.seed})",
        f'workspace.set_dataset(read_pairs(Path({pairs!r}), workdir=Path("unpacked")))',
    ]
    if workspace.embeddings is not None:
        lines += [
            f"encoders = {workspace.encoders!r}",
            "workspace.set_embeddings(journey.encode(workspace, encoders).embeddings, encoders)",
        ]
    if workspace.alignment is not None:
        call = _call("align", workspace.alignment.name, workspace.alignment.get_params(), "")
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
    return _call("fuse", fitted.method, fitted.fusion.get_params(), f"{rest}, seed={fitted.seed}")


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


def data_hash(workspace: Workspace) -> str:
    """SHA-256 over the content keys of every cell, in order: equal for equal data."""
    digest = hashlib.sha256()
    source = workspace.embeddings or workspace.dataset
    if source is not None:
        for modality in source.modalities:
            digest.update(modality.encode() + b"\0" + "\n".join(source.content[modality]).encode())
    return digest.hexdigest()
