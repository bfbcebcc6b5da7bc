"""What every fusion must hold, tested over the methods that are found: a new method is tested by existing."""

from __future__ import annotations

import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from sklearn.base import clone

from mmexplore.errors import Cancelled, UserError
from mmexplore.models.estimator import HISTORY_COLUMNS, load_estimator
from mmexplore.models.fusion.base import OBJECTIVES
from tests.models.methods.made import METHODS, data, hidden, numeric, reordered, small, without

every = pytest.mark.parametrize("name", METHODS)
self_supervised = [n for n, m in METHODS.items() if not m.needs_labels]
trained = [n for n, m in METHODS.items() if hasattr(m, "combine")]


@cache
def fitted(name: str, objective: str = "classification"):
    """One fit a method and objective for all tests that only read it."""
    embeddings = numeric(data()) if objective == "regression" else data()
    return small(name, objective=objective).fit(embeddings)


def answers(fusion, embeddings) -> dict[str, np.ndarray]:
    found = {"fused": fusion.transform(embeddings), "predicted": fusion.answers(embeddings)}
    return {k: v for k, v in found.items() if v is not None}


def test_all_the_methods_of_the_field_are_here():
    assert {"attention", "bottleneck", "concat", "gated", "hybrid", "late-network", "late-product", "late-sum",
            "low-rank", "recurrent", "self-attention", "tensor",
            "autoencoder", "mmvae", "mopoe", "mvae"} <= set(METHODS)  # fmt: skip


def test_listing_the_methods_does_not_import_torch():
    code = (
        "import sys; from mmexplore.models.methods import fusion_methods; fusion_methods(); "
        "print([m for m in ('torch', 'cca_zoo', 'umap', 'faiss') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@every
def test_dropping_a_modality_by_mask_is_removing_it(name):
    fusion, embeddings = fitted(name), data(seed=1)
    for gone in embeddings.modalities:
        masked, removed = answers(fusion, hidden(embeddings, gone)), answers(fusion, without(embeddings, gone))
        for key in masked:
            np.testing.assert_array_equal(masked[key], removed[key])
        weights = fusion.modality_weights(hidden(embeddings, gone))
        if weights is not None:
            column = embeddings.modalities.index(gone)
            assert not weights[:, column].any()
            np.testing.assert_allclose(
                np.delete(weights, column, 1), fusion.modality_weights(without(embeddings, gone))
            )


@every
def test_what_was_learnt_of_an_absent_modality_has_no_say(name):
    """Its encoder (its expert) can be anything: it does not speak of a mean item where there is none."""
    fusion, place = deepcopy(fitted(name)), sorted(data().modalities).index("sound")
    absent, whole = hidden(data(seed=1), "sound"), data(seed=1)
    before = [*answers(fusion, absent).values()], fusion.transform(whole)
    if hasattr(fusion, "experts_"):
        old = fusion.experts_[place]
        fusion.experts_[place] = replace(old, weight=3 * old.weight, bias=old.bias + np.arange(len(old.bias)))
    else:
        encoders = fusion.net_.projections if name in trained else fusion.net_.encoders
        for p in encoders[place].parameters():
            p.data += 0.5
    for value, was in zip(answers(fusion, absent).values(), before[0], strict=True):
        np.testing.assert_array_equal(value, was)
    assert not np.array_equal(fusion.transform(whole), before[1])


@every
def test_what_an_absent_cell_holds_does_not_matter(name):
    fusion, embeddings = fitted(name), data(seed=1)
    vectors = {m: np.where(embeddings.present[m][:, None], v, 1e6).astype(np.float32)
               for m, v in embeddings.vectors.items()}  # fmt: skip
    dirty = embeddings.with_vectors(vectors, embeddings.spaces)
    np.testing.assert_array_equal(fusion.transform(dirty), fusion.transform(embeddings))


@every
def test_the_order_of_the_modalities_does_not_matter(name):
    order = ["text", "sound", "image"]
    embeddings = data(seed=1)
    other = small(name, objective="classification").fit(reordered(data(), order))
    np.testing.assert_array_equal(other.transform(embeddings), fitted(name).transform(embeddings))
    fusion = fitted(name)
    np.testing.assert_array_equal(fusion.transform(reordered(embeddings, order)), fusion.transform(embeddings))
    weights = fusion.modality_weights(embeddings)
    if weights is not None:
        again = fusion.modality_weights(reordered(embeddings, order))
        np.testing.assert_array_equal(again, weights[:, [embeddings.modalities.index(m) for m in order]])


@every
def test_refit_leaves_no_stale_state(name):
    other = numeric(data(seed=5, classes=4).only(["image", "text"]))
    fusion = small(name, objective="regression", random_state=3).fit(other)
    fusion.set_params(objective="classification", random_state=0).fit(data())
    for key, value in answers(fitted(name), data(seed=1)).items():
        np.testing.assert_array_equal(answers(fusion, data(seed=1))[key], value)
    assert fusion.history_.equals(fitted(name).history_)


@every
def test_the_batch_does_not_change_an_item(name):
    fusion, embeddings = fitted(name), data(seed=1)
    together = answers(fusion, embeddings)
    for rows in ([7], [3, 50, 7]):
        for key, value in answers(fusion, embeddings.take(rows)).items():
            np.testing.assert_allclose(value, together[key][rows], atol=1e-5, rtol=1e-5)


@every
def test_same_seed_same_bits(name):
    again = small(name, objective="classification").fit(data())
    for key, value in answers(fitted(name), data(seed=1)).items():
        np.testing.assert_array_equal(answers(again, data(seed=1))[key], value)


@every
def test_nothing_present_gives_the_neutral_answer(name):
    """Finite and the same for every such row, whatever else is in the batch."""
    fusion, embeddings = fitted(name), data(seed=1)
    empty = embeddings.take(~embeddings.mask.any(1))
    assert len(empty) >= 2
    for value in answers(fusion, empty).values():
        assert np.isfinite(value).all()
        np.testing.assert_array_equal(value, np.tile(value[:1], (len(value), 1)))
    if name in trained:
        assert not fusion.transform(empty).any()
    elif hasattr(fusion, "prior_"):
        np.testing.assert_allclose(fusion.answers(empty)[0], np.exp(fusion.prior_), rtol=1e-6)
    weights = fusion.modality_weights(empty)
    assert weights is None or not weights.any()


@every
def test_weights_sum_to_one_over_what_is_present(name):
    fusion, embeddings = fitted(name), data(seed=1)
    assert (fusion.modality_weights(embeddings) is not None) == fusion.gives_weights
    for values in (fusion.modality_weights(embeddings), fusion.contribution_norms(embeddings)):
        if values is None:
            continue
        assert values.dtype == np.float32
        assert (values >= 0).all()
        assert not values[~embeddings.mask].any()
        np.testing.assert_allclose(values.sum(1), embeddings.mask.any(1), atol=1e-5)


@every
def test_steps_are_given_where_they_are_promised_and_end_in_the_fused_vector(name):
    fusion, embeddings = fitted(name), data(seed=1)
    steps = fusion.steps(embeddings)
    assert (steps is not None) == fusion.gives_steps
    if steps is not None:
        assert steps.dtype == np.float32
        np.testing.assert_array_equal(steps[-1], fusion.transform(embeddings))


@every
def test_saved_and_loaded_gives_the_same_bits(name, tmp_path):
    for objective in OBJECTIVES if name in self_supervised else OBJECTIVES[:2]:
        fusion, embeddings = fitted(name, objective), data(seed=1)
        fusion.save(tmp_path / "saved")
        again = load_estimator(tmp_path / "saved", METHODS)
        assert again.get_params() == fusion.get_params()
        assert again.objective_ == objective
        for key, value in answers(fusion, embeddings).items():
            np.testing.assert_array_equal(answers(again, embeddings)[key], value)
        for ask in ("modality_weights", "contribution_norms"):
            np.testing.assert_array_equal(getattr(again, ask)(embeddings), getattr(fusion, ask)(embeddings))


@every
def test_parameters_and_clone(name):
    fusion = fitted(name)
    copy = clone(fusion)
    assert copy.get_params() == fusion.get_params()
    assert not hasattr(copy, "modalities_")
    known = next(p for p in ("folds", "width", "latent") if p in fusion.get_params())
    changed = type(fusion)(**(fusion.get_params() | {known: 12}))
    assert changed.get_params() != fusion.get_params()


@every
def test_the_card_is_complete(name):
    described = METHODS[name].describe()
    assert described["name"] == name
    assert all(len(text) > 1 or key == "paper" for key, text in described["card"].items())
    assert "$" not in described["card"]["equation"]
    assert "Nothing present" in described["card"]["missing"]


def test_a_card_has_a_short_name_for_tables():
    short = {name: method.card.short for name, method in METHODS.items()}
    assert (short["mvae"], short["mopoe"], short["gated"]) == ("MVAE", "MoPoE", "GMU")
    assert short["late-sum"] == "Weighted sum of experts (late fusion)" and short["attention"] == "Attention fusion"
    assert len(set(short.values())) == len(short)


@every
def test_history_has_the_agreed_columns_and_a_curve_a_modality(name):
    history = fitted(name).history_
    assert list(history.columns) == HISTORY_COLUMNS
    assert set(data().modalities) <= set(history["modality"])
    assert np.isfinite(history["value"]).all()


@every
def test_on_epoch_is_heard_and_can_cancel(name):
    heard = []

    def stop(epoch, epochs, values):
        heard.append((epoch, epochs, values))
        raise Cancelled

    with pytest.raises(Cancelled):
        small(name, objective="classification").fit(data(), on_epoch=stop)
    epoch, epochs, values = heard[0]
    assert epoch == 1 <= epochs
    assert any(key.startswith("val") for key in values)


@every
def test_it_learns(name):
    """Clearly better than always naming one class, on rows it has not seen."""
    embeddings = data(n=160, holes=0.0)
    fusion = small(name, epochs=40, width=16, objective="classification").fit(embeddings)
    test = embeddings.take(embeddings.in_split("test") & embeddings.mask.any(1))
    right = fusion.classes_[fusion.answers(test).argmax(1)] == test.labels
    np.testing.assert_allclose(fusion.answers(test).sum(1), 1, atol=1e-5)
    assert right.mean() > 0.8


@every
def test_regression_predicts_numbers_in_their_own_units(name):
    embeddings = numeric(data(n=160, holes=0.1))
    moved = embeddings.with_labels(1000 + 50 * embeddings.labels)
    predicted = small(name, epochs=40, patience=10, width=16).fit(moved).predict(moved)
    test = moved.in_split("test") & moved.mask.any(1)
    assert predicted.shape == (len(moved),)
    assert np.corrcoef(predicted[test], moved.labels[test])[0, 1] > 0.6
    assert abs(predicted[test].mean() - moved.labels[test].mean()) < 30


@every
def test_only_train_rows_are_fitted(name):
    """Test rows and their labels can be anything: the fit does not change by a bit."""
    embeddings = data()
    test = embeddings.in_split("test")
    vectors = {m: np.where(test[:, None], v * 100 + 7, v).astype(np.float32) for m, v in embeddings.vectors.items()}
    other = embeddings.with_vectors(vectors, embeddings.spaces)
    other = other.with_labels(np.where(test, "class 0", embeddings.labels).astype(object))
    fusion = small(name, objective="classification").fit(other)
    np.testing.assert_array_equal(fusion.transform(data(seed=1)), fitted(name).transform(data(seed=1)))


@every
def test_an_unknown_modality_or_width_is_said(name):
    embeddings = data()
    wide = embeddings.with_vectors({"image": np.zeros((len(embeddings), 9), np.float32)}, {"image": "image"})
    with pytest.raises(UserError, match="modality image"):
        fitted(name).transform(wide)
    stranger = embeddings.only(["image"])
    stranger = type(stranger)({"smell": stranger.vectors["image"]}, {"smell": stranger.present["image"]}, stranger.ids,
                              stranger.groups, {"smell": "smell"})  # fmt: skip
    with pytest.raises(UserError, match="smell"):
        fitted(name).transform(stranger)


@every
def test_what_cannot_be_fitted_is_said(name):
    embeddings = data()
    with pytest.raises(UserError, match="label"):
        small(name, objective="classification").fit(embeddings.with_labels(None))
    with pytest.raises(UserError, match="1 class"):
        small(name).fit(embeddings.with_labels(np.full(len(embeddings), "same", object)))
    if METHODS[name].needs_labels:
        with pytest.raises(UserError, match="needs labels"):
            small(name).fit(embeddings.with_labels(None))


@every
def test_six_modalities_with_holes_and_two_without(name):
    for count in (2, 6):
        random = np.random.default_rng(count)
        base = data(n=60, holes=0.0)
        vectors = {
            f"m{j}": (base.vectors["image"] @ random.normal(size=(4, 3 + j))).astype(np.float32) for j in range(count)
        }
        many = type(base)(vectors, {m: base.present["image"].copy() for m in vectors}, base.ids, base.groups,
                          {m: m for m in vectors}, labels=base.labels, splits=base.splits)  # fmt: skip
        many = many.hide(random.random((60, count)) < 0.3)
        fusion = small(name, objective="classification").fit(many)
        assert np.isfinite(fusion.transform(many)).all()
        assert len(fusion.transform(many)) == 60


@pytest.mark.parametrize("name", self_supervised)
@pytest.mark.parametrize("objective", ["contrastive", "reconstruction"])
def test_without_labels(name, objective):
    fusion = small(name, epochs=20, patience=20, objective=objective).fit(data())
    assert fusion.answers(data()) is None
    assert fusion.classes_ is None
    history = fusion.history_
    losses = history[(history["part"] == "train loss") & (history["modality"] == "")]["value"].to_numpy()
    assert losses[-4:].mean() < losses[:4].mean()


@pytest.mark.parametrize("name", self_supervised)
def test_reconstruction_is_in_the_units_that_came_in(name):
    embeddings = data(holes=0.0)
    fusion = small(name, epochs=30, width=16, objective="reconstruction").fit(embeddings)
    rebuilt = fusion.reconstruct(embeddings)
    assert set(rebuilt) == set(embeddings.modalities)
    seen = embeddings.mask.any(1)
    for m in embeddings.modalities:
        x, mean = embeddings.vectors[m][seen], embeddings.vectors[m][seen].mean(0)
        assert ((rebuilt[m][seen] - x) ** 2).sum() < ((x - mean) ** 2).sum()
    if not fusion.reconstructs:  # a generative method rebuilds whatever it was fitted to
        with pytest.raises(UserError, match="not fitted to reconstruct"):
            fitted(name).reconstruct(embeddings)
