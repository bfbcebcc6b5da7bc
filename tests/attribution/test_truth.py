"""Planted truth: Shapley values of the best possible answer recover it; those of what was really fitted mostly do.

`benchmarks/planted.py` does the same on real fits of several methods over 50 seeds; here real fits are few.
"""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.attribution.shapley import shapley
from mmexplore.attribution.truth import beside_truth, ranking_right, shares, true_shares
from mmexplore.attribution.value import game
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.examples.planted import KINDS, design, planted
from mmexplore.errors import UserError
from mmexplore.models.fusion.base import Fusion
from mmexplore.models.methods import fusion_methods
from mmexplore.workspace.state import Workspace
from tests.data.exact import posterior_of_labels

DIM = 16


class Exact(Fusion):
    """Answers with the true posterior of the labels, given what is present."""

    objective_ = "classification"
    name = "exact"

    def __init__(self, plan, dataset, seed: int) -> None:
        self.plan, self.dataset, self.seed = plan, dataset, seed

    def _fit(self, embeddings, on_epoch, seed):
        raise NotImplementedError

    def transform(self, embeddings):
        raise NotImplementedError

    def state(self):
        raise NotImplementedError

    def restore(self, arrays, about):
        raise NotImplementedError

    def answers(self, embeddings: Embeddings) -> np.ndarray:
        shown = [m for m in embeddings.modalities if embeddings.present[m].all()]
        log2, classes = posterior_of_labels(self.plan, self.dataset, shown, DIM, self.seed)
        self.classes_ = np.array(classes, object)
        return 2.0**log2


def made(kind: str, n: int, seed: int) -> Workspace:
    workspace = Workspace(seed=seed)
    workspace.set_dataset(planted(n, dim=DIM, seed=seed, **KINDS[kind])[0])
    encoders = journey.default_encoders(workspace)
    workspace.set_embeddings(journey.encode(workspace, encoders).embeddings, encoders)
    return workspace


@pytest.mark.parametrize("kind", KINDS)
def test_shapley_recovers_the_planted_ranking_in_95_of_100_seeds(kind):
    right, error = [], []
    for seed in range(50):
        workspace = made(kind, 300, seed)
        embeddings = workspace.embeddings
        found = beside_truth(Exact(design(**KINDS[kind]), workspace.dataset, seed), embeddings, seed)
        assert found.rows == 300 and found.learned is None
        right.append(ranking_right(found.measured, found.truth))
        error.append(np.abs(found.measured - found.truth).mean())
    assert np.mean(right) >= 0.95
    assert np.mean(error) < 0.05


def test_in_bits_the_values_are_the_information_itself():
    """v(S) - v(none) is I(label; S) of the construction, up to the sampling of 3,000 items."""
    from mmexplore.data.examples.planted_truth import truth_of

    plan = design(**KINDS["unique"])
    workspace = made("unique", 3000, 1)
    truth = truth_of(plan)
    found = shapley(game(Exact(plan, workspace.dataset, 1), workspace.embeddings, measure="information"))
    assert (found.full - found.empty).mean() == pytest.approx(truth.information[frozenset(plan.modalities)], abs=0.06)
    bits = np.array(list(truth.weights.values())) * truth.information[frozenset(plan.modalities)]
    assert np.allclose(found.mean(), bits, atol=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_on_a_real_fit_the_ranking_is_recovered_too(kind):
    """Gated fusion, which learns what is known only together; one seed a kind (the benchmark has 50)."""
    workspace = made(kind, 800, 0)
    workspace.ensure_split()
    found, refused = journey.truth_of_methods(workspace, ["gated"])
    assert not refused and found[0].method == "gated" and found[0].rows == 160
    assert ranking_right(found[0].measured, found[0].truth)
    assert found[0].learned.sum() == pytest.approx(1, abs=1e-5)


def test_rankings_and_shares_by_hand():
    assert ranking_right(np.array([0.5, 0.3, 0.2]), np.array([0.6, 0.3, 0.1]))
    assert not ranking_right(np.array([0.3, 0.5, 0.2]), np.array([0.6, 0.3, 0.1]))
    assert ranking_right(np.array([0.2, 0.5, 0.3]), np.array([0.1, 0.45, 0.45])), "true ties have no order"
    assert not ranking_right(np.array([0.4, 0.4, 0.2]), np.array([0.6, 0.3, 0.1])), "a tie is not an order"
    assert np.allclose(shares(np.array([3.0, -1.0, 1.0])), [0.75, 0, 0.25])
    assert np.allclose(shares(np.array([-1.0, -1.0])), 0.5)


def test_data_without_truth_is_refused_in_a_sentence():
    workspace = made("unique", 100, 0)
    embeddings = workspace.embeddings
    assert true_shares(embeddings).sum() == pytest.approx(1)
    hidden = embeddings.only(["sight", "sound"])
    assert true_shares(hidden) is not None, "the truth of those that are left"
    from dataclasses import replace

    bare = replace(embeddings, columns=embeddings.columns[[]])
    assert true_shares(bare) is None
    with pytest.raises(UserError, match="true weights are not known"):
        beside_truth(Exact(design(), workspace.dataset, 0), bare)
    model = fusion_methods()["concat"](epochs=1, width=4, objective="contrastive").fit(embeddings)
    with pytest.raises(UserError, match="the truth is what tells the label"):
        beside_truth(model, embeddings)
