"""Small workspaces that together have everything a view can be of, saved as `run` in a folder each."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmexplore import journey
from mmexplore.data.dataset import Kind, PairedDataset
from mmexplore.data.examples.planted import planted
from mmexplore.workspace.state import Workspace
from tests.app.pages.small import make_workspace


def photos(folder: Path) -> Workspace:
    """Photos and captions in one space, with holes, labels, columns and two fits."""
    workspace = make_workspace(folder / "pictures")
    workspace.add_fusion(journey.fuse(workspace, "gated", {"epochs": 2, "width": 8}), show=False)
    return workspace


def truthful(folder: Path) -> Workspace:
    """Three planted modalities with their truth, and two fits of one method."""
    workspace = Workspace()
    workspace.set_dataset(planted(120, seed=0, redundant=1.5, unique=(3.0, 0.0, 0.0), synergistic=0.0)[0])
    encoders = journey.default_encoders(workspace)
    workspace.set_embeddings(journey.encode(workspace, encoders).embeddings, encoders)
    for epochs in (2, 3):
        workspace.add_fusion(journey.fuse(workspace, "gated", {"epochs": epochs, "width": 8}))
    return workspace


def houses(folder: Path, n: int = 60) -> Workspace:
    """A table and a vector that tell a label, and two fits."""
    random = np.random.default_rng(0)
    told = random.normal(size=(n, 3))
    ids = np.array([f"house {i}" for i in range(n)], object)
    dataset = PairedDataset(
        name="houses",
        ids=ids,
        kinds={"table": Kind.TABLE, "sensor": Kind.VECTOR},
        cells={"table": tuple(told), "sensor": tuple(random.normal(size=(n, 4)).astype(np.float32))},
        groups=ids,
        labels=np.where(told[:, 0] > 0, "warm", "cold").astype(object),
        parts={"table": ("size", "age", "rooms")},
    )
    workspace = Workspace()
    workspace.set_dataset(dataset)
    encoders = journey.default_encoders(workspace)
    workspace.set_embeddings(journey.encode(workspace, encoders).embeddings, encoders)
    for method in ("concat", "late-sum"):
        workspace.add_fusion(journey.fuse(workspace, method))
    return workspace


def words(folder: Path) -> Workspace:
    """Two texts an item, encoded: what can be asked with a typed text."""
    said = [f"{kind} number {i}" for kind in ("a red card", "a green leaf", "the blue sea") for i in range(8)]
    ids = np.array([f"said {i}" for i in range(len(said))], object)
    dataset = PairedDataset(
        name="words",
        ids=ids,
        kinds={"caption": Kind.TEXT, "remark": Kind.TEXT},
        cells={"caption": tuple(said), "remark": tuple(f"this shows {text}" for text in said)},
        groups=ids,
    )
    workspace = Workspace()
    workspace.set_dataset(dataset)
    encoders = dict.fromkeys(dataset.modalities, "minilm")
    workspace.set_embeddings(journey.encode(workspace, encoders).embeddings, encoders)
    return workspace


def in_steps(folder: Path) -> Workspace:
    """Photos and captions, fused in steps, and by another fit."""
    workspace = make_workspace(folder / "pictures", method="recurrent")
    workspace.add_fusion(journey.fuse(workspace, "recurrent", {"epochs": 2}), show=False)
    return workspace


def aligned(folder: Path) -> Workspace:
    """Photos and captions, aligned, and two generative fits."""
    workspace = make_workspace(folder / "pictures", "vectors")
    workspace.set_alignment(*journey.align(workspace, "ridge-map"))
    for epochs in (2, 3):
        workspace.add_fusion(journey.fuse(workspace, "mvae", {"epochs": epochs}))
    return workspace


MADE = {made.__name__: made for made in (photos, truthful, houses, words, in_steps, aligned)}
