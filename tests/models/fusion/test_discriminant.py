"""Gaussian experts against their densities, scikit-learn, and what they are for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from mmexplore.models.experts import discriminant as _discriminant
from mmexplore.models.experts.discriminant import LINEAR, QUADRATIC, fit_discriminants
from mmexplore.models.experts.experts import log_prior, log_softmax
from mmexplore.models.experts.held_out import fit_held_out
from mmexplore.models.fusion import methods
from tests.models.methods.made import data


def clouds(n: int = 90, width: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three classes with one mean each and a shape of their own: x [N, d], y [N]."""
    random = np.random.default_rng(seed)
    y = np.arange(n) % 3
    shapes = random.normal(size=(3, width, width))
    return random.normal(size=(3, width))[y] + np.einsum("nd,nde->ne", random.normal(size=(n, width)), shapes[y]), y


@pytest.mark.parametrize(("a", "g"), QUADRATIC + LINEAR)
def test_scores_are_the_log_densities_of_friedmans_covariances(a, g):
    x, y = clouds()
    expected = np.empty((len(x), 3))
    scatters = [(x[y == c] - x[y == c].mean(0)).T @ (x[y == c] - x[y == c].mean(0)) for c in range(3)]
    for c, own in enumerate(scatters):
        shared = ((1 - a) * own + a * sum(scatters)) / ((1 - a) * (y == c).sum() + a * len(x))
        covariance = (1 - g) * shared + g * np.trace(shared) / 4 * np.eye(4)
        expected[:, c] = multivariate_normal(x[y == c].mean(0), covariance).logpdf(x) + np.log((y == c).mean())
    got = fit_discriminants(x, y, 3)[a, g]
    np.testing.assert_allclose(log_softmax(got.scores(x)), log_softmax(expected), atol=1e-6)
    np.testing.assert_allclose(got.cooled(0.3).scores(x), 0.3 * got.scores(x), atol=1e-9)


@pytest.mark.parametrize("g", [g for _, g in LINEAR])
def test_all_shared_is_scikit_learns_shrunken_lda(g):
    x, y = clouds()
    oracle = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=g).fit(x, y).predict_log_proba(x)
    np.testing.assert_allclose(log_softmax(fit_discriminants(x, y, 3)[1.0, g].scores(x)), oracle, atol=1e-3)


def test_wide_vectors_go_by_their_principal_axes(monkeypatch):
    """Two axes hold nearly all that moves: along these two the scores are those of the plane."""
    x, y = clouds(width=2)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(9, 9)))[0][:2]
    monkeypatch.setattr(_discriminant, "MOST_AXES", 2)
    plane, wide = (fit_discriminants(v - v.mean(0), y, 3)[QUADRATIC[0]] for v in (x, x @ turn))
    assert plane.axes is None and wide.axes.shape == (9, 2)
    centred = x - x.mean(0)
    np.testing.assert_allclose(log_softmax(wide.scores(centred @ turn)), log_softmax(plane.scores(centred)), atol=1e-6)


def test_too_few_rows_or_too_many_classes():
    x, y = clouds()
    assert fit_discriminants(x[:3], y[:3], 3) == {}  # a row a class: no spread to see
    assert fit_discriminants(x[y == 0], y[y == 0], 3) == {}
    without = fit_discriminants(x[y < 2], y[y < 2], 3)  # a class without a row has no shape
    assert set(without) == set(LINEAR)
    said = np.exp(log_softmax(without[LINEAR[0]].scores(x)))
    assert said[:, 2].max() < 0.01
    many = np.arange(90) % 45
    wide = np.random.default_rng(0).normal(size=(90, 300))
    assert set(fit_discriminants(wide, many, 45)) == {*LINEAR, *QUADRATIC}
    assert set(fit_discriminants(np.tile(wide, (6, 1)), np.arange(540) % 270, 270)) == set(LINEAR)


def test_classes_that_differ_in_shape_only_are_told_apart_and_saved(tmp_path):
    """One mean for all classes: no linear expert can know more than the class shares."""
    random = np.random.default_rng(0)
    y = np.arange(400) % 2
    x = (random.normal(size=(400, 3)) * np.array([1.0, 3.0])[y, None]).astype(np.float32)
    found = fit_held_out([x], np.ones((400, 1), bool), y, np.arange(400).astype(str), 2, 5, 0)
    assert found.experts[0].root is not None
    assert found.errors[0] < 0.5 < np.log(2) - 0.1

    base = data(n=400, holes=0.0, classes=2)
    wide = base.with_vectors(dict.fromkeys(base.modalities, x), base.spaces)
    fusion = methods()["late-product"]().fit(wide)
    assert all(e.root is not None for e in fusion.experts_)
    fusion.save(tmp_path / "late")
    from mmexplore.models.estimator import load_estimator

    again = load_estimator(tmp_path / "late", methods())
    np.testing.assert_array_equal(again.transform(wide), fusion.transform(wide))
    assert log_prior(y, 2).shape == (2,)
