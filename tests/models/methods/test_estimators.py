"""What every method must hold as an estimator of scikit-learn, over all that are found, alignments too."""

from __future__ import annotations

import json
import pickle
import random
import re
import threading
import warnings
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import draw_split
from mmexplore.errors import Cancelled, UserError
from mmexplore.models.estimator import load_estimator
from mmexplore.models.measured_rows import Score, rows_to_measure
from mmexplore.models.methods import all_methods
from mmexplore.runtime import seed_of
from tests.models.alignment.test_bridge import ALL as COVERED
from tests.models.alignment.test_bridge import made
from tests.models.methods.made import FAST, METHODS, data, numeric

torch = pytest.importorskip("torch", reason="methods are trained with torch, which is a requirement")
EVERY = all_methods()
every = pytest.mark.parametrize("name", EVERY)
fusions = pytest.mark.parametrize("name", METHODS)
FITTED = {n: m for n, m in EVERY.items() if not m.fitted_in_advance}
with_fit = pytest.mark.parametrize("name", FITTED)
QUICK = FAST | {"epochs": 2, "hidden": 16, "n_components": 4, "steps": 4, "chase": 1}


def quick(name: str, **options):
    known = EVERY[name]().get_params()
    return EVERY[name](**{k: v for k, v in (QUICK | options).items() if k in known})


def given(name: str) -> Embeddings:
    return made(COVERED, n=90) if EVERY[name].fitted_in_advance else data()


@cache
def fitted(name: str):
    """One fit a method for all tests that only read it."""
    return quick(name).fit(given(name))


def said(method, embeddings: Embeddings) -> list[np.ndarray]:
    """The numbers that a method gives, whichever kind it is."""
    answer = method.transform(embeddings)
    return list(answer.vectors.values()) if isinstance(answer, Embeddings) else [answer]


def same(one, other, embeddings: Embeddings) -> None:
    for a, b in zip(said(one, embeddings), said(other, embeddings), strict=True):
        np.testing.assert_array_equal(a, b)


# -- parameters ------------------------------------------------------------------------------------
@every
def test_parameters_go_round_and_a_clone_is_unfitted(name):
    method = fitted(name)
    assert isinstance(method, BaseEstimator)
    params = method.get_params()
    assert params["random_state"] == 0 and ("objective" in params) == (name in METHODS)
    assert set(method.own_params()) == set(params) - {"random_state", "objective"}
    assert json.loads(json.dumps(params)) == params
    copy = clone(method)
    assert copy.get_params() == params and not hasattr(copy, "modalities_") and not hasattr(copy, "seed_")
    assert copy.set_params(random_state=5) is copy and copy.random_state == 5 and method.random_state == 0
    with pytest.raises(ValueError, match="Invalid parameter"):
        copy.set_params(no_such_parameter=1)
    with pytest.raises(TypeError):
        EVERY[name](*range(30))


@every
def test_the_repr_names_what_is_not_the_default(name):
    method = EVERY[name](random_state=7)
    assert repr(EVERY[name]()) == f"{EVERY[name].__name__}()"
    assert repr(method) == f"{EVERY[name].__name__}(random_state=7)"


@with_fit
def test_the_seed_tells_how_to_do_it_again(name):
    """With the default, and where the seed was drawn at the fit."""
    same(quick(name).fit(data()), fitted(name), data(seed=1))
    assert fitted(name).seed_ == 0
    method = quick(name, random_state=None).fit(data())
    same(method, quick(name, random_state=method.seed_).fit(data()), data(seed=1))


def test_a_random_state_is_an_int_or_gives_one():
    assert [seed_of(s) for s in (0, 7, np.int64(9), 2**32 - 1)] == [0, 7, 9, 2**32 - 1]
    assert len({seed_of(None) for _ in range(20)}) == 20
    for make in (np.random.RandomState, np.random.default_rng):
        one, two = make(3), make(3)
        assert [seed_of(one) for _ in range(3)] == [seed_of(two) for _ in range(3)]
        assert seed_of(one) != seed_of(one)


@pytest.mark.parametrize("wrong", [-1, 2**32, 1.5, "0"])
def test_a_random_state_that_is_none_is_said(wrong):
    with pytest.raises(UserError, match="random_state"):
        quick("concat", random_state=wrong).fit(data())


@every
def test_what_are_no_embeddings_is_said(name):
    vectors = data().vectors
    for wrong in ([*vectors.values()], vectors, vectors["image"], pd.DataFrame(vectors["image"])):
        with pytest.raises(UserError, match=r"Embeddings\.of"):
            quick(name).fit(wrong)


@every
def test_a_fit_survives_pickle(name):
    same(pickle.loads(pickle.dumps(fitted(name))), fitted(name), given(name))


# -- what the fit has seen -------------------------------------------------------------------------
def split_in_three(embeddings: Embeddings) -> Embeddings:
    splits = np.array(["train", "train", "val", "test"], object)[np.arange(len(embeddings)) % 4]
    return embeddings.with_splits(splits)


@with_fit
def test_it_remembers_the_ids_it_has_seen(name):
    embeddings = split_in_three(data())
    method = quick(name).fit(embeddings)
    seen = embeddings.in_split("train", "val") if method.stops_early else embeddings.in_split("train")
    np.testing.assert_array_equal(method.fitted_ids_, embeddings.ids[seen])
    np.testing.assert_array_equal(method.seen(embeddings), seen)
    np.testing.assert_array_equal(method.seen(embeddings.with_splits(None).take([2, 0, 3])), seen[[2, 0, 3]])
    whole = quick(name).fit(data().with_splits(None))
    assert whole.seen(data()).all() and len(whole.fitted_ids_) == len(data())


@with_fit
def test_what_it_has_not_seen_does_not_matter(name):
    """`fitted_ids_` is no mere label: the other rows can be anything."""
    embeddings = split_in_three(data())
    method = quick(name).fit(embeddings)
    unseen = ~method.seen(embeddings)
    vectors = {m: np.where(unseen[:, None], 9 - 50 * v, v).astype(np.float32) for m, v in embeddings.vectors.items()}
    spoiled = replace(embeddings, vectors=vectors, labels=np.where(unseen, "class 0", embeddings.labels).astype(object))
    same(method, quick(name).fit(spoiled), data(seed=1))


@pytest.mark.parametrize("name", sorted(set(EVERY) - set(FITTED)))
def test_what_is_fitted_in_advance_has_seen_none(name):
    method, embeddings = fitted(name), given(name)
    assert len(method.fitted_ids_) == 0 and not method.seen(embeddings).any()
    assert rows_to_measure(method, embeddings, strict=True)[1] == "90 items"


@with_fit
def test_a_part_is_held_out_when_asked(name):
    embeddings = data().with_splits(None)
    method = quick(name, random_state=4).fit(embeddings, holdout=0.3)
    drawn = draw_split(embeddings, 0.3, seed=4)
    np.testing.assert_array_equal(method.seen(embeddings), drawn == "train")
    same(method, quick(name, random_state=4).fit(embeddings.with_splits(drawn)), data(seed=1))
    for share in (0, 1, -0.2, 20):
        with pytest.raises(UserError, match="share between 0 and 1"):
            quick(name).fit(embeddings, holdout=share)
    with pytest.raises(UserError, match="splits already"):
        quick(name).fit(data(), holdout=0.3)


def test_a_holdout_parts_no_group():
    embeddings = replace(data().with_splits(None), groups=(np.arange(90) // 3).astype(str).astype(object))
    seen = quick("concat").fit(embeddings, holdout=0.2).seen(embeddings).reshape(30, 3)
    np.testing.assert_array_equal(seen.any(axis=1), seen.all(axis=1))
    assert (~seen[:, 0]).sum() == 6


@every
def test_saved_with_what_it_is_and_what_it_has_seen(name, tmp_path):
    method = fitted(name)
    method.save(tmp_path / "saved")
    again = load_estimator(tmp_path / "saved", EVERY)
    assert again.get_params() == method.get_params() and again.seed_ == method.seed_
    np.testing.assert_array_equal(again.fitted_ids_, method.fitted_ids_)
    assert again.n_parameters() == method.n_parameters()
    again.save(tmp_path / "again")
    for end in (".json", ".safetensors"):
        assert (tmp_path / f"again{end}").read_bytes() == (tmp_path / f"saved{end}").read_bytes()


@with_fit
def test_a_file_of_an_older_version_opens(name, tmp_path):
    """Without the parameters that every method has now, and without the ids: it is judged by the splits."""
    from safetensors.numpy import load_file, save_file

    method = fitted(name)
    method.save(tmp_path / "old")
    content = json.loads((tmp_path / "old.json").read_text())
    content["params"], content["state"] = method.own_params(), content["state"]
    content["state"].pop("class_type", None)
    del content["seed"]
    (tmp_path / "old.json").write_text(json.dumps(content))
    arrays = load_file(tmp_path / "old.safetensors")
    save_file({k: v for k, v in arrays.items() if not k.startswith("fitted.")}, tmp_path / "old.safetensors")
    again = load_estimator(tmp_path / "old", EVERY)
    same(method, again, data(seed=1))
    assert again.fitted_ids_ is None and again.seed_ is None
    np.testing.assert_array_equal(again.seen(data()), data().in_split("train"))
    assert again.seen(data().with_splits(None)).all()


def test_a_file_whose_numbers_do_not_fit_its_settings_says_so_and_can_be_saved_again(tmp_path):
    """Opening does not wait for torch, so it comes out when the network is first asked."""
    quick("attention").fit(data()).save(tmp_path / "saved")
    file = tmp_path / "saved.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"params": content["params"] | {"width": 5}}))
    misfit = load_estimator(tmp_path / "saved", EVERY)
    with pytest.raises(UserError, match="do not fit its settings"):
        misfit.transform(data())
    misfit.save(tmp_path / "again")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "saved.safetensors").read_bytes()
    file.write_text(json.dumps(content | {"params": content["params"] | {"width": "abc"}}))
    with pytest.raises(UserError, match="width is 'abc'"):
        load_estimator(tmp_path / "saved", EVERY)


def test_ids_of_any_letters_survive_a_file_and_a_generator_is_saved_as_its_seed(tmp_path):
    ids = np.array([f"é\n{i}\t\U0001f600" for i in range(90)], object)
    method = quick("late-sum", random_state=np.random.default_rng(1)).fit(replace(data(), ids=ids))
    method.save(tmp_path / "saved")
    again = load_estimator(tmp_path / "saved", EVERY)
    np.testing.assert_array_equal(again.fitted_ids_, method.fitted_ids_)
    assert again.random_state == again.seed_ == method.seed_


# -- answers ---------------------------------------------------------------------------------------
NAMED = {
    "text": np.array(["b", "a", "c"]),
    "objects": np.array(["b", "a", "c"], object),
    "ints": np.array([10, 9, -3]),
    "booleans": np.array([True, False, True]),
}


@pytest.mark.parametrize(("name", "kind"), [*((n, "ints") for n in METHODS), *(("concat", kind) for kind in NAMED)])
def test_classes_come_back_as_they_were_given(name, kind, tmp_path):
    embeddings = data()
    labels = NAMED[kind][np.arange(len(embeddings)) % 3]
    method = quick(name).fit(embeddings.with_labels(labels))
    np.testing.assert_array_equal(method.classes_, np.unique(labels))
    assert method.classes_.dtype == labels.dtype
    answer, probabilities = method.predict(embeddings), method.predict_proba(embeddings)
    assert answer.dtype == labels.dtype and probabilities.shape == (len(embeddings), len(method.classes_))
    np.testing.assert_array_equal(answer, method.classes_[probabilities.argmax(axis=1)])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    method.save(tmp_path / "saved")
    again = load_estimator(tmp_path / "saved", METHODS)
    assert again.classes_.dtype == labels.dtype
    np.testing.assert_array_equal(again.predict(embeddings), answer)


@pytest.mark.parametrize("labels", [[3, 1, 2], [True, False, True]])
def test_numbers_among_objects_are_answered_as_numbers(labels):
    """`Embeddings.of` keeps classes as objects; scikit-learn's measures take them only as what they are."""
    from sklearn.metrics import accuracy_score

    known = np.resize(np.array(labels, object), len(data()))
    answer = quick("concat").fit(data().with_labels(known)).predict(data())
    assert answer.dtype == np.array(labels).dtype and 0 <= accuracy_score(known.tolist(), answer) <= 1


@pytest.mark.parametrize("unknown", ["", None])
def test_unknown_labels_are_no_class(unknown):
    labels = data().labels.copy()
    labels[:12] = unknown
    method = quick("concat").fit(data().with_labels(labels))
    assert list(method.classes_) == ["class 0", "class 1", "class 2"]
    scored = method.score(data().with_labels(labels))
    assert scored.n == (data().in_split("test") & (np.arange(90) >= 12)).sum()


@fusions
def test_what_was_not_asked_for_is_not_answered(name):
    numbers = quick(name).fit(numeric(data()))
    assert numbers.predict(data()).dtype.kind == "f" and numbers.classes_ is None
    with pytest.raises(UserError, match="no probabilities"):
        numbers.predict_proba(data())
    if METHODS[name].needs_labels:
        return
    method = quick(name, objective="reconstruction").fit(data())
    for ask in ("predict", "predict_proba", "score"):
        with pytest.raises(UserError, match=f"{ask}.*predicts nothing"):
            getattr(method, ask)(data())


@fusions
def test_weights_are_a_table(name):
    method, embeddings = fitted(name), data(seed=1)
    if method.gives_weights:
        weights = method.weights(embeddings)
        assert list(weights.columns) == embeddings.modalities and list(weights.index) == list(embeddings.ids)
        np.testing.assert_array_equal(weights.to_numpy(), method.modality_weights(embeddings))
    else:
        with pytest.raises(UserError, match="shapley"):
            method.weights(embeddings)


@every
def test_fitted_and_used_in_one_call(name):
    embeddings = given(name)
    answer = quick(name).fit_transform(embeddings)
    answers = list(answer.vectors.values()) if isinstance(answer, Embeddings) else [answer]
    for a, b in zip(answers, said(fitted(name), embeddings), strict=True):
        np.testing.assert_array_equal(a, b)


@fusions
def test_a_score_says_its_rows(name):
    embeddings, method = data(), fitted(name)
    test = embeddings.in_split("test")
    score = method.score(embeddings)
    assert isinstance(score, Score) and (score.n, score.rows) == (test.sum(), f"{test.sum()} held-out items")
    assert score == pytest.approx((method.predict(embeddings)[test] == embeddings.labels[test]).mean())
    assert score == method.score(embeddings.take(test)) == method.score(embeddings, strict=True)
    assert str(score.rows) in repr(score)
    copy = pickle.loads(pickle.dumps(score))
    assert (copy, copy.rows, copy.n) == (score, score.rows, score.n)
    train = embeddings.take(~test)
    assert method.score(train).rows == f"{len(train)} fitted items"
    with pytest.raises(UserError, match="seen all of these"):
        method.score(train, strict=True)
    with pytest.raises(UserError, match="no labels"):
        method.score(embeddings.with_labels(None))


@fusions
def test_the_score_of_numbers_is_r2(name):
    from sklearn.metrics import r2_score

    embeddings = numeric(data())
    test, method = embeddings.in_split("test"), quick(name).fit(embeddings)
    expected = r2_score(embeddings.labels[test], method.predict(embeddings)[test])
    assert method.score(embeddings) == pytest.approx(expected, abs=1e-5)


def test_one_item_is_one_item():
    assert fitted("late-sum").score(data().take([3])).rows == "1 held-out item"
    train = data().take(data().in_split("train"))
    rows, how = rows_to_measure(fitted("late-sum"), train)
    assert how == f"{len(train)} fitted items" and list(rows) == list(range(len(train)))
    with pytest.raises(UserError, match="no item"):
        fitted("late-sum").score(data().take([]))


# -- the process -----------------------------------------------------------------------------------
def state_of_the_process() -> dict:
    return {
        "torch": torch.get_rng_state().tolist(),
        "torch's seed": torch.initial_seed(),
        "determinism": torch.get_deterministic_debug_mode(),
        "threads": torch.get_num_threads(),
        "random": random.getstate(),
        "numpy": [part.tolist() if isinstance(part, np.ndarray) else part for part in np.random.get_state()],  # noqa: NPY002
        "warnings": list(warnings.filters),
        "gradients": torch.is_grad_enabled(),
        "type": torch.get_default_dtype(),
    }


@every
def test_a_fit_leaves_the_process_as_it_was(name, tmp_path):
    torch.manual_seed(5)
    random.seed(6)
    before = state_of_the_process()
    method = quick(name, random_state=3).fit(given(name))
    said(method, given(name))
    method.save(tmp_path / "saved")
    said(load_estimator(tmp_path / "saved", EVERY), given(name))
    assert state_of_the_process() == before


def test_what_is_heard_during_a_fit_is_the_process_as_it_was():
    """`on_epoch` is other people's code: it finds their settings, and what it draws is not the fit's business."""
    before, heard = state_of_the_process(), []

    def hear(epoch, epochs, values):
        heard.append(state_of_the_process() == before)
        torch.rand(3)
        torch.set_rng_state(torch.tensor(before["torch"], dtype=torch.uint8))

    quick("attention").fit(data(), hear)
    assert heard and all(heard)


def test_a_stopped_fit_leaves_the_process_as_it_was():
    def stop(epoch, epochs, values):
        raise Cancelled

    before = state_of_the_process()
    for name in ("concat", "late-network", "mvae", "contrastive-mlp", "adversarial"):
        with pytest.raises(Cancelled):
            quick(name).fit(data(), stop)
    assert state_of_the_process() == before


@pytest.mark.parametrize(
    "pair", [("attention", "attention"), ("bottleneck", "mopoe"), ("late-network", "adversarial"), ("deep-cca", "mvae")]
)
def test_two_fits_side_by_side_are_two_fits_one_after_the_other(pair):
    """Bit for bit, and the shorter one does not take the settings from the longer one; the process is as it was."""
    wish = [(pair[0], {"random_state": 1, "epochs": 3}), (pair[1], {"random_state": 2, "epochs": 9, "patience": 9})]
    alone = [quick(name, **options).fit(data()) for name, options in wish]
    before, found = state_of_the_process(), {}
    meet = threading.Barrier(2, timeout=60)

    def fit(j: int) -> None:
        name, options = wish[j]
        meet.wait()
        found[j] = quick(name, **options).fit(data())

    threads = [threading.Thread(target=fit, args=(j,)) for j in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state_of_the_process() == before
    for j in range(2):
        same(found[j], alone[j], data(seed=1))


def test_names_in_reprs_are_short():
    assert all(len(repr(quick(name))) < 200 and re.match(r"\w+\(", repr(quick(name))) for name in EVERY)
