"""One item's modalities switched off: only that item moves, and it moves to where the method says."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.data.embeddings import unit
from mmexplore.errors import UserError
from mmexplore.journey.by_hand import by_hand
from mmexplore.latent.projection import fit_plane, pca
from mmexplore.workspace.state import Workspace
from tests.models.methods.made import data


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    made = Workspace()
    made.set_embeddings(data(80), {})
    made.add_fusion(journey.fuse(made, "attention", {"epochs": 5}))
    return made


def test_nothing_switched_off_changes_nothing(workspace: Workspace):
    found = by_hand(workspace, 3, [])
    assert found.cosine == pytest.approx(1, abs=1e-5) and found.kept == 1
    assert np.array_equal(found.full.rows, found.reduced.rows)


def test_a_switched_off_modality_is_as_if_it_were_not_there(workspace: Workspace):
    fitted, embeddings = journey.fitted_input(workspace)
    row = int(np.flatnonzero(embeddings.mask.all(axis=1))[0])
    found = by_hand(workspace, row, ["text"])
    alone = embeddings.only(["sound", "image"]).take([row])
    assert np.allclose(found.reduced.vector, unit(fitted.fusion.transform(alone))[0], atol=1e-5)
    assert np.allclose(found.reduced.answer, fitted.fusion.answers(alone)[0], atol=1e-5)
    assert found.reduced.shown == ["sound", "image"] and len(found.full.shown) == 3
    assert found.reduced.weights[2] == 0 and found.reduced.weights.sum() == pytest.approx(1)


def test_neighbours_are_the_nearest_others_by_brute_force(workspace: Workspace):
    fitted, embeddings = journey.fitted_input(workspace)
    fused = unit(fitted.fusion.transform(embeddings))
    found = by_hand(workspace, 5, ["image"], k=4, fused=fused)
    cosines = fused @ found.reduced.vector
    cosines[5] = -np.inf
    assert set(found.reduced.rows) == set(np.argsort(-cosines)[:4])
    assert 5 not in found.full.rows


def test_everything_switched_off_gives_the_answer_to_nothing(workspace: Workspace):
    found = by_hand(workspace, 3, ["sound", "image", "text"])
    assert found.reduced.shown == [] and np.isfinite(found.reduced.vector).all()
    assert found.reduced.answer.sum() == pytest.approx(1, abs=1e-5)


def test_an_unknown_modality_is_one_sentence(workspace: Workspace):
    with pytest.raises(UserError, match="'smell'"):
        by_hand(workspace, 0, ["smell"])


def test_a_plane_stays_where_it_is():
    """Later points are laid on the axes of the first; the first lie where PCA put them."""
    points = np.random.default_rng(0).normal(size=(50, 7)).astype(np.float32)
    plane = fit_plane(points, 2)
    drawn, explained = pca(points, 2)
    assert np.array_equal(plane.project(points), drawn) and plane.explained == explained
    assert np.allclose(plane.project(points[:3]), drawn[:3], atol=1e-6)
    assert np.allclose(plane.project(plane.mean[None]), 0)
    assert np.allclose(plane.axes.T @ plane.axes, np.eye(2), atol=1e-6)
