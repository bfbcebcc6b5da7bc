"""Fusions on one table of features, as scikit-learn's tools use them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from mmexplore.errors import UserError
from mmexplore.library.multiview import FusionClassifier, FusionRegressor
from mmexplore.models.methods import fusion_methods

METHODS = fusion_methods()
VIEWS = {"image": slice(0, 4), "text": [4, 5, 6]}


def small(name: str, **params):
    return METHODS[name](**{"width": 16, "epochs": 20} | params)


def table(n: int = 90, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """X [n, 7] whose two views both know the class 0, 1 or 2."""
    random = np.random.default_rng(seed)
    y = np.arange(n) % 3
    return random.normal(size=(3, 7))[y] * 2 + random.normal(size=(n, 7)), y


@parametrize_with_checks(
    [
        FusionClassifier(small("concat")),
        FusionRegressor(small("concat")),
        FusionClassifier(small("attention", width=8, epochs=8, lr=2e-2)),
        FusionRegressor(small("attention", width=8, epochs=8, lr=2e-2)),
    ]
)
def test_they_pass_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("given", ["concat", METHODS["concat"], METHODS["concat"](width=8)])
def test_a_method_is_given_by_name_by_class_or_by_example(given):
    x, y = table()
    fitted = FusionClassifier(given, VIEWS).fit(x, y)
    assert isinstance(fitted.fusion_, METHODS["concat"]) and fitted.fusion_ is not given
    assert fitted.fusion_.width == (8 if isinstance(given, METHODS["concat"]) else 64)
    assert fitted.score(x, y) > 0.9
    with pytest.raises(UserError, match="no fusion is called"):
        FusionClassifier("nobody").fit(x, y)


@pytest.mark.parametrize("names", [np.array(["one", "two", "three"]), np.array([7, 2, 30]), np.array([True, False])])
def test_classes_come_back_as_they_were_given(names):
    x, y = table()
    y = names[y % len(names)]
    fitted = FusionClassifier(small("concat"), VIEWS).fit(x, y)
    np.testing.assert_array_equal(fitted.classes_, np.unique(names))
    said = fitted.predict(x)
    assert said.dtype == y.dtype and set(said) <= set(names)
    np.testing.assert_array_equal(said, fitted.classes_[fitted.predict_proba(x).argmax(1)])
    assert fitted.score(x, y) == (said == y).mean()


def test_views_by_slice_position_mask_and_column_name_are_the_same():
    x, y = table()
    frame = pd.DataFrame(x, columns=list("abcdefg"), index=np.arange(90) + 500)
    expected = FusionClassifier(small("attention"), VIEWS).fit(x, y)
    mask = np.arange(7) < 4
    by_mask = FusionClassifier(small("attention"), {"image": mask, "text": ~mask}).fit(x, y)
    by_name = FusionClassifier(small("attention"), {"image": list("abcd"), "text": list("efg")}).fit(frame, y)
    np.testing.assert_array_equal(by_mask.predict_proba(x), expected.predict_proba(x))
    np.testing.assert_array_equal(by_name.predict_proba(frame), expected.predict_proba(x))
    weights = by_name.weights(frame)
    assert list(weights.columns) == ["image", "text"] and list(weights.index) == list(frame.index)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
    assert by_name.transform(frame).shape == (90, len(by_name.get_feature_names_out()))


NO_COLUMNS = ([7], [-1], [], ["b"], [0.5], [True], slice(9, 12))


@pytest.mark.parametrize("views", [{}, ["a"], *({"a": columns} for columns in NO_COLUMNS)])
def test_views_that_are_none_are_said(views):
    with pytest.raises(ValueError, match="view"):
        FusionClassifier(small("concat"), views).fit(*table())


def test_a_view_that_is_nan_throughout_is_absent():
    x, y = table()
    holes = x.copy()
    holes[::3, 4:] = np.nan
    holes[1] = np.nan
    fitted = FusionClassifier(small("attention"), VIEWS).fit(holes, y)
    weights = fitted.weights(holes).to_numpy()
    assert not weights[::3, 1].any() and not weights[1].any()
    assert np.isfinite(fitted.predict_proba(holes)).all()
    partly = holes.copy()
    partly[5, 5] = np.nan
    with pytest.raises(ValueError, match="NaN in row 5, view 'text'"):
        fitted.predict(partly)
    with pytest.raises(ValueError, match="NaN"):
        FusionClassifier(small("attention")).fit(holes, y)


def test_a_method_without_weights_says_what_to_use():
    fitted = FusionClassifier(small("concat"), VIEWS).fit(*table())
    with pytest.raises(UserError, match="shapley"):
        fitted.weights(table()[0])


def test_nothing_is_answered_before_the_fit():
    for ask in ("predict", "predict_proba", "transform", "weights"):
        with pytest.raises(NotFittedError):
            getattr(FusionClassifier(), ask)(table()[0])


def test_numbers_are_predicted_in_their_own_units():
    x, _ = table(150)
    y = 1000 + 50 * x[:, 0] + 20 * x[:, 5]
    assert FusionRegressor(small("concat", epochs=60), VIEWS).fit(x, y).score(x, y) > 0.8


def test_the_random_state_decides():
    x, y = table()
    one, two, other = (FusionClassifier(small("concat"), VIEWS, r).fit(x, y).predict_proba(x) for r in (3, 3, 4))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


# -- with scikit-learn's tools -------------------------------------------------------------------
def test_parameters_of_the_method_and_views_can_be_searched():
    x, y = table()
    wish = {"method__width": [2, 16], "views": [VIEWS, None]}
    search = GridSearchCV(FusionClassifier(small("concat")), wish, cv=3).fit(x, y)
    assert len(search.cv_results_["params"]) == 4 and search.best_score_ > 0.8
    assert search.best_estimator_.fusion_.width == search.best_params_["method__width"]


def test_it_ends_a_pipeline_and_begins_one():
    x, y = table()
    assert cross_val_score(make_pipeline(StandardScaler(), FusionClassifier(small("concat"), VIEWS)), x, y).mean() > 0.8
    fused = make_pipeline(FusionClassifier(small("concat"), VIEWS), StandardScaler()).fit_transform(x, y)
    assert fused.shape == (90, 64)


def test_folds_by_group_and_in_other_processes():
    x, y = table()
    groups = np.arange(90) // 3
    estimator = FusionClassifier(small("attention", epochs=5), VIEWS)
    here, there = (cross_val_score(estimator, x, y, groups=groups, cv=GroupKFold(3), n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(here, there)


def test_a_clone_is_unfitted_and_short_to_read():
    fitted = FusionClassifier(small("concat"), VIEWS).fit(*table())
    copy = clone(fitted)
    assert not hasattr(copy, "fusion_") and copy.get_params()["method__width"] == 16
    assert repr(FusionClassifier()) == "FusionClassifier()"
    assert repr(FusionClassifier("concat", random_state=1)) == "FusionClassifier(method='concat', random_state=1)"
