"""Shapley values against their axioms, a closed form and captum; nulls and agreement where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.attribution.agreement import agreement, sentence, spearman
from mmexplore.attribution.null import null_band
from mmexplore.attribution.perceptual import perceptual
from mmexplore.attribution.shapley import shapley
from mmexplore.attribution.value import Game, donors, game
from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.models import fusion

rng = np.random.default_rng(0)


def table_game(m: int, n: int = 5, seed: int = 0) -> tuple[Game, dict[tuple[bool, ...], np.ndarray]]:
    """A game of random worths."""
    random = np.random.default_rng(seed)
    worth = {tuple(bool(c >> j & 1) for j in range(m)): random.normal(size=n) for c in range(2**m)}
    names = [f"m{j}" for j in range(m)]
    return Game(lambda s: worth[tuple(bool(x) for x in s)], names, np.ones((n, m), bool), "worth", "missing"), worth


@pytest.mark.parametrize("m", [1, 2, 3, 5])
def test_efficiency(m):
    found = shapley(table_game(m)[0])
    assert found.error is None
    assert np.allclose(found.residual, 0)


def test_two_players_by_hand():
    played, v = table_game(2)
    phi = shapley(played).values
    a = 0.5 * (v[True, False] - v[False, False]) + 0.5 * (v[True, True] - v[False, True])
    assert np.allclose(phi[:, 0], a)


def test_dummy_and_symmetry():
    def value(s: np.ndarray) -> np.ndarray:
        return np.array([float(s[0]) + float(s[1]) + 3.0 * float(s[0] and s[1])])  # the third does nothing

    phi = shapley(Game(value, ["a", "b", "c"], np.ones((1, 3), bool), "", "missing")).values[0]
    assert phi[2] == 0
    assert phi[0] == phi[1] == pytest.approx(2.5)


def test_captum_agrees():
    torch = pytest.importorskip("torch")
    from captum.attr import ShapleyValues

    played, worth = table_game(3, n=4)
    table = torch.tensor(np.stack([worth[tuple(bool(c >> j & 1) for j in range(3))] for c in range(8)]))

    def forward(x: torch.Tensor) -> torch.Tensor:  # row i asks item i for the set of its ones
        code = (x * torch.tensor([1, 2, 4])).sum(1).long()
        return table[code, torch.arange(len(x))]

    expected = ShapleyValues(forward).attribute(torch.ones(4, 3), baselines=0).numpy()
    assert np.allclose(shapley(played).values, expected, atol=1e-6)


def test_many_players_are_sampled_with_an_error_that_holds():
    weights = np.random.default_rng(1).normal(size=8)
    squared = lambda s: np.array([float((weights * s).sum()) ** 2])  # noqa: E731
    played = Game(squared, [f"m{j}" for j in range(8)], np.ones((1, 8), bool), "", "missing")
    found = shapley(played, orders=400)
    exact = weights * weights.sum()  # of (sum w)^2: w_j^2 + w_j * (the others)
    assert found.error is not None
    assert np.allclose(found.residual, 0)
    assert np.all(np.abs(found.values[0] - exact) <= 4 * found.error[0] + 1e-9)
    assert found.error.max() < 0.2 * np.abs(exact).max()
    assert np.allclose(found.mean_error, found.error[0]), "of one item the mean's error is the item's"


def test_the_error_of_a_sampled_mean_is_not_made_smaller_by_items_that_share_the_orders():
    """All items alike: their mean is as uncertain as each of them."""
    weights = np.random.default_rng(1).normal(size=8)
    same = lambda s: np.full(50, float((weights * s).sum()) ** 2)  # noqa: E731
    found = shapley(Game(same, [f"m{j}" for j in range(8)], np.ones((50, 8), bool), "", "missing"), orders=100)
    assert np.allclose(found.mean_error, found.error[0])


# -- on fitted models ------------------------------------------------------------
def labelled(n: int = 240, seed: int = 0) -> Embeddings:
    """`told` decides the label, `noise` does not; a tenth of `told` is missing."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 2, n)
    told = random.normal(size=(n, 4)) + 2.5 * y[:, None]
    present = {"told": random.random(n) > 0.1, "noise": np.ones(n, bool)}
    return Embeddings(
        vectors={
            "told": np.where(present["told"][:, None], told, 0).astype(np.float32),
            "noise": random.normal(size=(n, 4)).astype(np.float32),
        },
        present=present,
        ids=np.arange(n).astype(str).astype(object),
        groups=np.arange(n).astype(str).astype(object),
        spaces={"told": "a", "noise": "b"},
        labels=np.where(y, "yes", "no").astype(object),
        splits=np.where(np.arange(n) % 4 == 0, "test", "train").astype(object),
    )


@pytest.fixture(scope="module")
def fitted() -> tuple[fusion.Fusion, Embeddings]:
    embeddings = labelled()
    return fusion.methods()["attention"](epochs=15, width=8).fit(embeddings), embeddings


@pytest.mark.parametrize("baseline", ["missing", "mean", "permuted"])
def test_the_informative_modality_gets_the_credit(fitted, baseline):
    model, embeddings = fitted
    found = shapley(game(model, embeddings, baseline))
    assert found.baseline == baseline
    assert np.abs(found.residual).max() < 1e-5
    told, noise = found.mean(embeddings.present["told"])
    assert told > 0.25
    assert abs(noise) < 0.2 * told
    assert not found.values[~embeddings.present["told"], 0].any(), "what is absent contributes nothing"


def test_the_null_band_is_near_zero_and_the_truth_lies_outside(fitted):
    model, embeddings = fitted
    null = null_band(model, embeddings, draws=10)
    assert null.permuted == "labels"
    assert null.low[0] < 0.05 < shapley(game(model, embeddings)).mean()[0]
    assert null.high[0] < shapley(game(model, embeddings)).mean()[0]
    assert np.array_equal(null.values, null_band(model, embeddings, draws=10).values), "same seed, same band"


def test_without_labels_the_pairing_is_permuted():
    embeddings = labelled().with_labels(None)
    model = fusion.methods()["concat"](epochs=3, width=8).fit(embeddings)
    found = shapley(game(model, embeddings))
    assert found.meaning.startswith("cosine")
    assert np.abs(found.residual).max() < 1e-5
    assert null_band(model, embeddings, draws=3).permuted == "pairing"


def test_perceptual_score(fitted):
    model, embeddings = fitted
    found = perceptual(model, embeddings)
    assert found.score > 0.85
    assert found.lost[0] > 0.3
    assert abs(found.lost[1]) < 0.05
    assert found.flips[0] > 2 * found.flips[1]
    with pytest.raises(UserError, match="classifier"):
        perceptual(model, embeddings.with_labels(None))


def test_a_permuted_cell_never_keeps_its_own_vector():
    present = np.array([True, False, True, True])
    for seed in range(20):
        drawn = donors(present, np.random.default_rng(seed))
        assert present[drawn].all()
        assert not (drawn == np.arange(4))[present].any()


def test_agreement_is_one_for_equal_and_near_chance_for_strangers():
    weights = rng.dirichlet([1, 1, 1], size=500)
    present = np.ones((500, 3), bool)
    played, _ = table_game(3, n=500)
    found = shapley(played)
    same = agreement(weights, type(found)(**{**vars(found), "values": weights}), present)
    assert np.allclose(same.per_modality, 1)
    assert same.same_first == 1
    strangers = agreement(weights, found, present)
    assert abs(strangers.per_modality).max() < 0.15
    assert strangers.same_first == pytest.approx(strangers.by_chance, abs=0.08)
    assert "disagree" in sentence(strangers, weights.mean(axis=0), np.array([0.1, 0.2, 0.12]))


def test_spearman_against_scipy():
    from scipy.stats import spearmanr

    a, b = rng.normal(size=50), rng.integers(0, 4, 50).astype(float)
    assert spearman(a, b) == pytest.approx(spearmanr(a, b).statistic)
    assert np.isnan(spearman(np.ones(5), a[:5]))


def test_in_bits_the_value_is_the_log_of_the_probability(fitted):
    model, embeddings = fitted
    shown = np.array([True, False])
    probability = game(model, embeddings).value(shown)
    assert np.allclose(game(model, embeddings, measure="information").value(shown), np.log2(probability), atol=1e-5)


def test_unknown_baseline(fitted):
    with pytest.raises(UserError, match="baseline"):
        game(*fitted, "black")
    with pytest.raises(UserError, match="measure"):
        game(*fitted, measure="colour")
