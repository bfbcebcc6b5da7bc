"""Workspaces of plain vectors, and parameters with which every method is quick."""

from __future__ import annotations

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.methods import all_methods
from mmexplore.workspace.state import Workspace
from tests.models.methods.made import data

QUICK = {"epochs": 3, "patience": 3, "width": 8, "depth": 1, "latent": 4, "hidden": 16, "n_components": 4, "steps": 20}
QUICK |= {"anchors": 20, "neighbours": 5, "folds": 3, "batch_size": 64}


def quick(*names: str) -> dict[str, dict]:
    """Method -> parameters that make it fast; of all methods where none is named."""
    answer = {}
    for name in names or all_methods():
        known = all_methods()[name]().get_params()
        answer[name] = {k: v for k, v in QUICK.items() if k in known and known[k] is not True}
    return answer


def workspace_of(embeddings: Embeddings, seed: int = 0) -> Workspace:
    workspace = Workspace(seed=seed)
    workspace.set_embeddings(embeddings, dict.fromkeys(embeddings.modalities, "as-is"))
    return workspace


def labelled(n: int = 120) -> Workspace:
    """Three modalities that know the class, with holes, the data's own split."""
    return workspace_of(data(n))


def shared_pairs(n: int = 100, noise: float = 0.3, seed: int = 0) -> Embeddings:
    """Two modalities in one space: an item's own vector, seen twice through noise. No labels, no split."""
    random = np.random.default_rng(seed)
    own = random.normal(size=(n, 24))
    vectors = {m: (own + noise * random.normal(size=(n, 24))).astype(np.float32) for m in ("image", "text")}
    ids = np.array([f"item {i}" for i in range(n)], object)
    return Embeddings(vectors, {m: np.ones(n, bool) for m in vectors}, ids, ids, dict.fromkeys(vectors, "toy"))


def six_views(n: int = 90, seed: int = 0) -> Embeddings:
    """Six modalities of plain vectors with four classes; three cells in ten are missing, a row keeps one."""
    random = np.random.default_rng(seed)
    y, names = np.arange(n) % 4, ["fac", "fou", "kar", "mor", "pix", "zer"]
    item = random.normal(size=(n, 6))
    vectors = {
        m: (random.normal(size=(4, d))[y] + item @ random.normal(size=(6, d)) / 3).astype(np.float32)
        for m, d in zip(names, (12, 7, 6, 4, 14, 5), strict=True)
    }
    holes = random.random((n, 6)) < 0.3
    holes[np.arange(n), random.integers(0, 6, n)] = False
    ids = np.array([f"item {i}" for i in range(n)], object)
    whole = Embeddings(
        vectors,
        {m: np.ones(n, bool) for m in names},
        ids,
        ids,
        {m: f"as-is:{m}" for m in names},
        labels=np.array([f"class {c}" for c in y], object),
    )
    return whole.hide(holes)
