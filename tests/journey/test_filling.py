"""What fills in an absent modality is judged by the place of the true item among real ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.embeddings import Embeddings, draw_split
from mmexplore.errors import UserError
from mmexplore.journey.filling import nearest_real, real_items
from mmexplore.robustness.ridge_fill import RidgeFill
from mmexplore.workspace import Workspace
from tests.methods.made import data

ROWS = 200


class Oracle:
    """Fills in what is really there (`shift` places further on), whatever it is given."""

    def __init__(self, whole: Embeddings, shift: int = 0) -> None:
        self.whole, self.shift = whole, shift
        self.position = {str(i): row for row, i in enumerate(whole.ids)}

    def reconstruct(self, embeddings):
        rows = np.array([self.position[str(i)] for i in embeddings.ids])
        return {m: np.roll(v, -self.shift, axis=0)[rows] for m, v in self.whole.vectors.items()}


@pytest.fixture(scope="module")
def linear() -> Workspace:
    """Two modalities of one another by a noisy linear map, a third that is noise and there for three rows only."""
    random = np.random.default_rng(0)
    a = random.normal(size=(ROWS, 12)).astype(np.float32)
    b = (a @ random.normal(size=(12, 20)) + 0.05 * random.normal(size=(ROWS, 20)) + 3).astype(np.float32)
    rare = np.zeros((ROWS, 4), np.float32)
    rare[:3] = random.normal(size=(3, 4))
    ids = np.array([f"i{i}" for i in range(ROWS)], object)
    present = {"a": np.ones(ROWS, bool), "b": np.ones(ROWS, bool), "rare": np.arange(ROWS) < 3}
    present["b"][10:20] = False
    b[10:20] = 0
    embeddings = Embeddings({"a": a, "b": b, "rare": rare}, present, ids, ids, dict.fromkeys("ab", "x") | {"rare": "y"})
    workspace = Workspace()
    workspace.set_embeddings(embeddings.with_splits(draw_split(embeddings)), {})
    return workspace


def test_a_perfect_filling_comes_first_and_a_wrong_one_does_not(linear: Workspace):
    found = nearest_real(linear, Oracle(linear.embeddings), np.arange(ROWS), ["a"])["b"]
    assert np.all(found.rank[found.known] == 1) and found.recall(1) == 1
    assert np.array_equal(found.rows[found.known, 0], np.flatnonzero(found.known))
    assert not found.known[10:20].any()  # no true item to compare with
    wrong = nearest_real(linear, Oracle(linear.embeddings, shift=1), np.arange(ROWS), ["a"])["b"]
    assert wrong.recall(1) == 0


def test_chance_is_what_strangers_get(linear: Workspace):
    whole = linear.embeddings
    random = np.random.default_rng(1)
    strangers = {m: v[random.permutation(ROWS)] for m, v in whole.vectors.items()}
    found = nearest_real(linear, Oracle(whole.with_vectors(strangers, whole.spaces)), np.arange(ROWS), ["a"])["b"]
    assert found.chance_recall(10) == pytest.approx(10 / found.n_items)
    assert found.chance_rank == pytest.approx((found.n_items + 1) / 2, abs=1)
    assert abs(found.median_rank - found.chance_rank) < 25
    assert abs(found.recall(10) - found.chance_recall(10)) < 0.06


def test_ridge_maps_find_the_true_item_and_say_nothing_of_what_they_could_not_learn(linear: Workspace):
    fill = RidgeFill(ridge=0.01).fit(linear.embeddings)
    assert ("a", "b") in fill.maps_ and ("a", "rare") not in fill.maps_
    held_out = np.flatnonzero(linear.embeddings.in_split("test"))
    found = nearest_real(linear, fill, held_out, ["a"])["b"]
    assert found.recall(1) > 0.95
    filled = fill.reconstruct(linear.embeddings.only(["a"]))
    assert np.allclose(filled["a"], linear.embeddings.vectors["a"])  # what is given is itself
    assert np.allclose(filled["rare"], fill.means_["rare"], atol=1e-6)


def test_a_ridge_map_is_the_least_squares_solution():
    """One map against the normal equations written out, in the modality's own units."""
    whole = data(90, holes=0.0)
    fill = RidgeFill(ridge=0.0).fit(whole)
    train = whole.in_split("train")
    x, y = whole.vectors["image"], whole.vectors["sound"]
    design = np.column_stack([np.ones(train.sum()), x[train]])
    solution = np.linalg.lstsq(design, y[train], rcond=None)[0]
    want = np.column_stack([np.ones(len(x)), x]) @ solution
    got = fill.reconstruct(whole.only(["image"]))["sound"]
    rows = whole.present["image"]
    assert np.allclose(got[rows], want[rows], atol=1e-3)


def test_a_row_without_anything_given_is_not_judged(linear: Workspace):
    found = nearest_real(linear, RidgeFill().fit(linear.embeddings), np.arange(25), ["b"])["a"]
    assert not found.known[10:20].any() and found.known[:10].all()


def test_a_generative_method_fills_in_from_the_workspace():
    workspace = Workspace()
    workspace.set_embeddings(replace(data(90)), {})
    fitted = journey.fuse(workspace, "autoencoder", {"epochs": 3})
    found = nearest_real(workspace, fitted, [0, 1, 2], ["image"], k=3, real=real_items(workspace))
    assert set(found) == {"sound", "image", "text"}
    assert found["sound"].rows.shape == (3, 3)
    assert np.all(np.diff(found["sound"].scores, axis=1) <= 0)


def test_what_cannot_be_done_is_one_sentence(linear: Workspace):
    workspace = Workspace()
    workspace.set_embeddings(replace(data(60)), {})
    concat = journey.fuse(workspace, "concat")
    with pytest.raises(UserError, match="cannot fill in"):
        nearest_real(workspace, concat, [0], ["image"])
    for given in ([], ["smell"]):
        with pytest.raises(UserError):
            nearest_real(linear, RidgeFill().fit(linear.embeddings), [0], given)
