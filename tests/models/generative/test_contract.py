"""What every generative method must keep, over all that are found."""

import numpy as np
import pytest
import torch

from mmexplore.errors import UserError
from mmexplore.models import generative
from mmexplore.models.estimator import load_estimator
from mmexplore.models.methods import all_methods, fusion_methods
from mmexplore.models.training import hold_out
from mmexplore.scores.evaluation import evaluate_fusion
from tests.models.generative.factors import planted_factors, with_holes

METHODS = generative.methods()
DATA = planted_factors()
HOLES = with_holes(DATA)
TEST = DATA.take(DATA.in_split("test"))
SMALL = {"latent": 6, "hidden": 32, "epochs": 25, "lr": 5e-3}
every = pytest.mark.parametrize("name", METHODS)


@pytest.fixture(scope="module")
def fitted():
    known = {}

    def fit(name):
        if name not in known:
            known[name] = METHODS[name](**SMALL).fit(HOLES)
        return known[name]

    return fit


def test_the_lists_know_them():
    assert set(METHODS) == {"autoencoder", "mvae", "mmvae", "mopoe"}
    assert set(METHODS) < set(fusion_methods()) < set(all_methods())


@every
def test_description(name):
    about = METHODS[name].describe()
    assert about["reconstructs"]
    assert about["handles_missing"]
    assert not about["needs_labels"]
    assert about["gives_weights"] == (name == "mvae")
    assert all(about["card"].values())


@every
def test_any_subset_rebuilds_every_modality_better_than_the_mean(name, fitted):
    model = fitted(name)
    for given in (["sight"], ["sound"], ["touch"], ["sight", "touch"], None):
        rebuilt = model.reconstruct(TEST, given)
        assert list(rebuilt) == DATA.modalities
        for m, x in rebuilt.items():
            assert x.dtype == np.float32
            assert x.shape == TEST.vectors[m].shape
            mean = DATA.vectors[m][DATA.in_split("train")].mean(0)
            explained = 1 - ((x - TEST.vectors[m]) ** 2).sum() / ((mean - TEST.vectors[m]) ** 2).sum()
            assert explained > 0.5, (given, m)


@every
def test_a_number_that_never_moved_is_rebuilt_as_it_was(name):
    vectors = {m: v.copy() for m, v in DATA.vectors.items()}
    vectors["sight"][:, 1] = 3.0
    model = METHODS[name](**SMALL | {"epochs": 2}).fit(DATA.with_vectors(vectors, DATA.spaces))
    for rebuilt in (model.reconstruct(TEST), model.sample(5)):
        assert all(np.isfinite(x).all() for x in rebuilt.values())
        assert (rebuilt["sight"][:, 1] == 3.0).all()


@every
def test_elbo_tells_true_pairs_from_shuffled_ones(name, fitted):
    model = fitted(name)
    shuffled = TEST.with_vectors({**TEST.vectors, "sight": np.roll(TEST.vectors["sight"], 1, axis=0)}, TEST.spaces)
    lower = model.elbo(shuffled) < model.elbo(TEST)
    assert lower.mean() > 0.9


@every
def test_samples_are_spread_as_the_data_and_follow_the_seed(name, fitted):
    model = fitted(name)
    drawn = model.sample(500, seed=1)
    for m, x in drawn.items():
        assert x.shape == (500, DATA.dims[m])
        ratio = x.std(0).mean() / DATA.vectors[m].std(0).mean()
        assert 0.5 < ratio < 1.5
        assert np.abs(x.mean(0) - DATA.vectors[m].mean(0)).mean() < DATA.vectors[m].std(0).mean()
        np.testing.assert_array_equal(x, model.sample(500, seed=1)[m])
        assert not np.array_equal(x, model.sample(500, seed=2)[m])


@every
def test_labels_are_predicted_from_the_codes(name, fitted):
    model = fitted(name)
    assert model.objective_ == "classification"
    said = model.answers(HOLES)
    np.testing.assert_allclose(said.sum(1), 1, rtol=1e-6)
    score = evaluate_fusion(model, DATA)
    assert score.metric == "accuracy"
    assert score.score > 0.75
    chance = evaluate_fusion(METHODS[name](**SMALL | {"epochs": 2}).fit(shuffle_labels(DATA)), DATA)
    assert chance.score < 0.5


def shuffle_labels(data):
    return data.with_labels(np.random.default_rng(0).permutation(data.labels))


@every
def test_rows_without_a_label_are_learnt_from_too(name):
    few = DATA.labels.copy()
    few[np.flatnonzero(DATA.in_split("train"))[24:]] = ""
    model = METHODS[name](**SMALL).fit(DATA.with_labels(few))
    right = model.classes_[model.answers(TEST).argmax(1)] == TEST.labels
    assert right.mean() > 0.6


@every
def test_numbers_are_predicted(name):
    y = DATA.vectors["sight"][:, 0].astype(float)
    model = METHODS[name](**SMALL).fit(DATA.with_labels(y))
    assert model.objective_ == "regression"
    test = DATA.in_split("test")
    assert np.corrcoef(model.answers(TEST), y[test])[0, 1] > 0.8


@every
@pytest.mark.parametrize("objective", ["contrastive", "reconstruction"])
def test_without_labels(name, objective):
    model = METHODS[name](**SMALL, objective=objective).fit(DATA.with_labels(None))
    assert model.answers(TEST) is None
    score = evaluate_fusion(model, DATA.with_labels(None))
    assert score.score > (5 * score.chance if objective == "contrastive" else 0.5)


@every
def test_dropping_by_mask_is_removing_it(name, fitted):
    model = fitted(name)
    hidden = np.zeros_like(TEST.mask)
    hidden[:, 1] = True
    some = ["sight", "touch"]
    np.testing.assert_array_equal(model.transform(TEST.hide(hidden)), model.transform(TEST.only(some)))
    np.testing.assert_array_equal(model.elbo(TEST.hide(hidden)), model.elbo(TEST.only(some)))
    np.testing.assert_array_equal(model.reconstruct(TEST)["sound"], model.reconstruct(TEST, DATA.modalities)["sound"])


@every
def test_order_of_the_modalities_does_not_matter(name, fitted):
    model, other = fitted(name), METHODS[name](**SMALL).fit(HOLES.only(["touch", "sight", "sound"]))
    np.testing.assert_array_equal(model.transform(TEST), other.transform(TEST.only(["sound", "touch", "sight"])))


@every
def test_row_by_row_is_the_same_as_all_at_once(name, fitted):
    model = fitted(name)
    some = HOLES.take(np.arange(6))
    for ask in (model.transform, model.elbo, lambda e: model.reconstruct(e)["sight"]):
        one_by_one = np.concatenate([ask(some.take([i])) for i in range(6)])
        np.testing.assert_allclose(ask(some), one_by_one, rtol=2e-4, atol=2e-5)


@every
def test_same_seed_same_bits_and_no_stale_state(name, fitted):
    model, again = fitted(name), METHODS[name](**SMALL)
    other = planted_factors(80, seed=9).only(["sound", "sight"])
    again.set_params(objective="reconstruction", random_state=3).fit(other)
    again.set_params(objective=None, random_state=0).fit(HOLES)
    np.testing.assert_array_equal(model.transform(TEST), again.transform(TEST))
    np.testing.assert_array_equal(model.answers(TEST), again.answers(TEST))
    other = METHODS[name](**SMALL, random_state=1).fit(HOLES)
    assert not np.array_equal(model.transform(TEST), other.transform(TEST))


@every
@pytest.mark.parametrize("few", [0, 1000])
def test_few_rows_are_given_back_to_the_fit(name, few, monkeypatch):
    """Without `val` rows the held-out ones choose the epochs; with few rows at all they are then fitted, too."""
    monkeypatch.setattr("mmexplore.models.generative.base.FEW", few)
    data = planted_factors(80).with_splits(None)
    held_out = hold_out(data)[1][0]
    changed = {m: v.copy() for m, v in data.vectors.items()}
    changed["sight"][held_out] += 0.1
    one, other = (
        METHODS[name](latent=2, hidden=8, epochs=2, objective="reconstruction").fit(d).transform(TEST)
        for d in (data, data.with_vectors(changed, data.spaces))
    )
    assert np.array_equal(one, other) == (few == 0)


@every
def test_saved_and_opened_it_gives_the_same_bits(name, fitted, tmp_path):
    model = fitted(name)
    model.save(tmp_path / "model")
    opened = load_estimator(tmp_path / "model", fusion_methods())
    assert opened.get_params() == model.get_params()
    for ask in ("transform", "predict", "elbo", "modality_weights"):
        np.testing.assert_array_equal(getattr(model, ask)(HOLES), getattr(opened, ask)(HOLES))
    for m, x in model.sample(5).items():
        np.testing.assert_array_equal(x, opened.sample(5)[m])
        np.testing.assert_array_equal(model.reconstruct(HOLES)[m], opened.reconstruct(HOLES)[m])


@every
def test_nothing_present_is_the_prior(name, fitted):
    model = fitted(name)
    nothing = HOLES.take([0])
    code = model.transform(nothing)
    assert np.isfinite(code).all()
    assert model.elbo(nothing) == [0]
    if name != "autoencoder":
        mean, variance = model.posterior(nothing)
        np.testing.assert_array_equal(mean, np.zeros((1, 6)))
        np.testing.assert_array_equal(variance, np.ones((1, 6)))
        np.testing.assert_array_equal(code, mean)
    for m, x in model.reconstruct(nothing).items():  # the answer to "nothing is known" lies near the mean
        assert (np.abs(x[0] - DATA.vectors[m].mean(0)) < DATA.vectors[m].std(0)).all()


@every
def test_more_seen_is_surer(name, fitted):
    if name == "autoencoder":
        pytest.skip("an autoencoder says nothing about how sure it is")
    model = fitted(name)
    one, all_of_them = model.posterior(TEST.only(["touch"]))[1], model.posterior(TEST)[1]
    if name == "mvae":  # a product: surer in every number of every code
        assert (all_of_them <= one + 1e-6).all()
    assert all_of_them.mean() < 1


@every
def test_weights(name, fitted):
    model = fitted(name)
    weights = model.modality_weights(HOLES)
    if name != "mvae":
        assert weights is None
        return
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights.sum(1), HOLES.mask.any(1), rtol=1e-5)
    assert not weights[~HOLES.mask].any()
    swapped = model.modality_weights(HOLES.only(["touch", "sight", "sound"]))
    np.testing.assert_array_equal(swapped, weights[:, [2, 0, 1]])


def loss_and_gradients(model, data, seed=0):
    """One training step's loss, and name -> gradient."""
    xs, present = model.standard_.tensors(data)
    return steps(model, xs, present, seed)


def steps(model, xs, present, seed=0):
    model.net_.zero_grad()
    loss = model.losses(xs, present, 1e9, torch.Generator().manual_seed(seed))["loss"]
    loss.backward()
    return loss.item(), {k: p.grad.clone() for k, p in model.net_.named_parameters()}


@every
def test_every_parameter_gets_a_gradient(name, fitted):
    _, gradients = loss_and_gradients(fitted(name), HOLES)
    for parameter, gradient in gradients.items():
        assert torch.isfinite(gradient).all()
        assert gradient.any(), parameter


@every
def test_an_absent_modality_gets_no_gradient_and_cannot_change_the_loss(name, fitted):
    model = fitted(name)
    xs, present = model.standard_.tensors(DATA)
    present[:, 1] = False
    loss, gradients = steps(model, xs, present)
    for parameter, gradient in gradients.items():
        if parameter.startswith(("encoders.1", "decoders.1")):
            assert not gradient.any(), parameter
        elif parameter != "log_noise":
            assert gradient.any(), parameter
    if "log_noise" in gradients:
        assert gradients["log_noise"][1] == 0
    changed, _ = steps(model, [xs[0], 100 * xs[1] + 7, xs[2]], present)
    assert changed == loss


@every
def test_one_modality_two_and_many(name):
    for m in (1, 2, 9):
        data = planted_factors(60)
        wide = {f"m{j}": data.vectors["sight"][:, j : j + 3] for j in range(m)}
        data = type(data)(wide, {k: np.ones(60, bool) for k in wide}, data.ids, data.groups, {k: k for k in wide})
        model = METHODS[name](latent=2, hidden=8, epochs=2, objective="reconstruction").fit(data)
        assert np.isfinite(model.transform(data)).all()
        assert np.isfinite(model.elbo(data)).all()


@every
def test_history_has_curves_of_each_modality(name, fitted):
    history = fitted(name).history_
    assert {"", *DATA.modalities} <= set(history.modality)
    assert {"train loss", "val loss"} <= set(history.part)
    assert np.isfinite(history.value).all()


@every
def test_what_it_cannot_do_is_one_sentence(name, fitted):
    model = fitted(name)
    with pytest.raises(UserError, match="smell"):
        model.reconstruct(TEST, ["smell"])
    with pytest.raises(UserError):
        model.reconstruct(TEST, [])
    with pytest.raises(UserError):
        model.sample(0)
    with pytest.raises(UserError):
        METHODS[name](objective="guess").fit(DATA)
    nameless = DATA.with_labels(np.full(len(DATA), "", object))
    with pytest.raises(UserError):
        METHODS[name](objective="classification").fit(nameless)
