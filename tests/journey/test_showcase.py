"""What one visitor does with a built-in example changes nothing for the next: its objects are shared and read-only."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmexplore import journey
from mmexplore.app.state import session
from mmexplore.app.state.kept import _walk
from mmexplore.export import report
from mmexplore.journey import showcase
from mmexplore.latent.gap import shift_gap
from mmexplore.latent.projection import project_joint, project_space
from mmexplore.retrieval.mispairs import mispairs
from mmexplore.workspace.state import Workspace

NAME = "digits"


def digest(workspace: Workspace) -> str:
    """Of every array, table and text that the workspace holds, and of what its fusions answer."""
    found = hashlib.sha256()
    _ = workspace.embeddings.mask, workspace.dataset.present, workspace.dataset.content  # made when first asked for

    def visit(one: Any) -> None:
        if isinstance(one, np.ndarray):
            found.update(one.tobytes() if one.dtype != object else repr(one.tolist()).encode())
        elif isinstance(one, pd.DataFrame):
            found.update(one.to_csv().encode())
        elif isinstance(one, str | bytes | int | float | bool | None):
            found.update(repr(one).encode())

    for fitted in workspace.fusions.values():
        visit(fitted.fusion.transform(workspace.embeddings))
    _walk([workspace.dataset, workspace.embeddings, *workspace.fusions.values()], visit)
    return found.hexdigest()


@pytest.fixture(scope="module", autouse=True)
def prepared() -> None:
    showcase.prepare_example(NAME)


def open_one() -> Workspace:
    workspace = showcase.open_example(NAME)
    session.share(workspace)
    return workspace


def test_the_whole_journey_of_one_visitor_leaves_the_example_of_the_next_as_it_was():
    ann, bob = open_one(), open_one()
    assert ann.embeddings is bob.embeddings and ann.dataset is bob.dataset and ann is not bob
    digest(bob)  # builds what is built lazily
    before = digest(bob)

    ann.seed, ann.selection = 7, frozenset(ann.embeddings.ids[:5])
    ann.set_alignment(*journey.align(ann, "cca", {"n_components": 4}))
    for method, params in (("gated", {"epochs": 2}), ("concat", {}), ("attention", {"epochs": 2})):
        ann.add_fusion(journey.fuse(ann, method, params))
    journey.weights(ann)
    journey.shapley_of(ann)
    shared, _ = journey.shared_space(ann)
    journey.retrieval_reports(ann, shared, 200)
    shift_gap(shared, 0.5, shared.modalities[:2], np.ones(len(shared), bool))
    rows = np.arange(len(shared))
    project_joint(shared, shared.modalities, rows, method="pca", dims=2, seed=0)
    for name, vectors in ann.embeddings.vectors.items():
        project_space(vectors, ann.embeddings.present[name], rows, name, method="pca", dims=2, seed=0)
    mispairs(shared, *shared.modalities[:2])
    report.report(ann)
    ann.set_embeddings(replace(ann.embeddings), {})  # as encoding again does

    assert digest(bob) == before == digest(open_one())
    assert (bob.seed, bob.selection, list(bob.fusions), bob.alignment) == (0, frozenset(), ["attention"], None)


def test_whoever_would_change_it_is_told_by_numpy():
    workspace = open_one()
    fusion = workspace.fitted.fusion
    arrays = [
        *workspace.embeddings.vectors.values(), *workspace.embeddings.present.values(),
        workspace.embeddings.ids, workspace.embeddings.groups, workspace.embeddings.labels,
        workspace.embeddings.splits, workspace.dataset.ids, workspace.dataset.labels,
        *(a for a in vars(fusion).values() if isinstance(a, np.ndarray)),
    ]  # fmt: skip
    assert len(arrays) > 8
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[0]
