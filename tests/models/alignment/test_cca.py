"""The CCA family against closed forms, each other and published numbers."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.alignment.cca import RidgeCCA
from mmexplore.models.alignment.gcca import GeneralisedCCA
from mmexplore.models.alignment.mcca import MultisetCCA
from mmexplore.models.alignment.whitening import UNLIKE_UNITS, centre, count_components
from tests.models.alignment.made import embed, planted, recall

FAMILY = [RidgeCCA, MultisetCCA, GeneralisedCCA]
# van Breukelen's UCI Multiple Features, fou x kar, all 2,000 rows: the same from mvlearn, Matlab-style SVD and sklearn
FOU_KAR = [0.92276, 0.89066, 0.84067, 0.80170, 0.71815, 0.70389, 0.63399, 0.58889, 0.56649, 0.51499]


def uci(shared_data, *views: str) -> Embeddings:
    with np.load(shared_data / "uci_mfeat.npz", allow_pickle=False) as file:
        return embed({v: file[v] for v in views})


@pytest.mark.parametrize("method", FAMILY)
def test_uci_correlations_are_the_published_ones(shared_data, method):
    fitted = method(n_components=10, ridge=0.0).fit(uci(shared_data, "fou", "kar"))
    np.testing.assert_allclose(fitted.train_correlations_, FOU_KAR, atol=1e-4)
    assert fitted.correlations_[0] < FOU_KAR[0]  # held-out, of a second fit: lower, and not the fitted ones again


def closed_form(x: np.ndarray, y: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(correlations, projections of x, of y): K = S11^-1/2 S12 S22^-1/2 with S_ii + r tr(S_ii)/d I, in numpy alone."""
    x, y = x - x.mean(0), y - y.mean(0)
    n = len(x)

    def root(s):
        s = s + ridge * np.trace(s) / len(s) * np.eye(len(s))
        values, vectors = np.linalg.eigh(s)
        return vectors / np.sqrt(values) @ vectors.T

    rx, ry = root(x.T @ x / (n - 1)), root(y.T @ y / (n - 1))
    u, s, vt = np.linalg.svd(rx @ (x.T @ y) @ ry / (n - 1))
    k = len(s)
    return s, x @ rx @ u[:, :k], y @ ry @ vt.T[:, :k]


@pytest.mark.parametrize("ridge", [0.0, 0.1, 1.0, 30.0])
def test_ridge_cca_is_its_closed_form(ridge):
    data = planted(150, {"photo": 9, "caption": 7}, noise=0.5, test=0)
    s, zx, zy = closed_form(data.vectors["photo"].astype(float), data.vectors["caption"].astype(float), ridge)
    for method in (RidgeCCA, MultisetCCA):
        out = method(ridge=ridge).fit(data).transform(data)
        for m, z in (("photo", zx), ("caption", zy)):
            expected = z * s  # components scaled by the canonical correlations
            expected /= np.linalg.norm(expected, axis=1, keepdims=True)
            gram = out.vectors[m] @ out.vectors[m].T  # signs are free: compare all cosines
            np.testing.assert_allclose(gram, expected @ expected.T, atol=2e-5)
        cross = (zx * s) @ (zy * s).T / np.outer(np.linalg.norm(zx * s, axis=1), np.linalg.norm(zy * s, axis=1))
        np.testing.assert_allclose(out.vectors["photo"] @ out.vectors["caption"].T, cross, atol=2e-5)


@pytest.mark.parametrize("scale", [True, False])
def test_cca_is_mcca_is_gcca_on_two_views(scale):
    data = planted(150, {"photo": 9, "caption": 7}, noise=0.5)
    outs = [method(ridge=0.0, scale=scale).fit(data).transform(data) for method in FAMILY]
    for other in outs[1:]:
        for a in data.modalities:
            for b in data.modalities:
                np.testing.assert_allclose(
                    other.vectors[a] @ other.vectors[b].T, outs[0].vectors[a] @ outs[0].vectors[b].T, atol=2e-5
                )


@pytest.mark.parametrize("ridge", [0.0, 0.5])
def test_mcca_and_gcca_are_those_of_cca_zoo_with_nothing_missing(ridge):
    from cca_zoo.linear import GCCA, MCCA

    data = planted(150, noise=0.5, test=0)
    names = sorted(data.modalities)
    views = [centre(data.vectors[m], m)[0] for m in names]
    for ours, theirs in ((MultisetCCA, MCCA), (GeneralisedCCA, GCCA)):
        oracle = theirs(n_components=6, shrinkage=ridge / (1 + ridge)).fit(views).transform(views)
        fitted = ours(n_components=6, ridge=ridge, scale=False).fit(data)
        for m, z in zip(names, oracle, strict=True):
            own = (data.vectors[m] - fitted.means_[m]) @ fitted.maps_[m]
            cosine = (own * z).sum(0) / np.linalg.norm(own, axis=0) / np.linalg.norm(z, axis=0)
            np.testing.assert_allclose(np.abs(cosine), 1, atol=1e-4)


def test_cca_of_three_modalities_is_mcca():
    data = planted(120)
    a, b = RidgeCCA().fit(data), MultisetCCA().fit(data)
    for m in data.modalities:
        np.testing.assert_array_equal(a.maps_[m], b.maps_[m])


def test_only_rows_with_both_present_are_fitted():
    data = planted(150, {"photo": 9, "caption": 7}, missing=0.3)
    both = data.mask.all(axis=1)
    a, b = RidgeCCA().fit(data), RidgeCCA().fit(data.take(both))
    np.testing.assert_array_equal(a.maps_["photo"], b.maps_["photo"])


def test_masked_gcca_beats_dropping_incomplete_rows():
    """Five noisy views of three factors, half of the training cells absent: 3 rows in 100 are complete."""
    wins = []
    for seed in range(5):
        full = planted(1200, dict.fromkeys("abcde", 12), factors=3, noise=1.0, seed=seed)
        train = full.in_split("train")
        hidden = (np.random.default_rng(seed).random(full.mask.shape) < 0.5) & train[:, None]
        holes = full.hide(hidden)
        complete = holes.take(holes.mask.all(axis=1))
        assert 10 <= complete.in_split("train").sum() < 50
        masked, dropped, all_known = (GeneralisedCCA(3, 0.1).fit(d).transform(full) for d in (holes, complete, full))
        scores = [
            np.mean([recall(z, a, b, full.in_split("test"), k=10) for a in "abcde" for b in "abcde" if a != b])
            for z in (masked, dropped, all_known)
        ]
        wins.append(scores)
    masked, dropped, all_known = np.mean(wins, axis=0)
    assert masked > dropped + 0.05 and masked > 0.9 * all_known, (masked, dropped, all_known)


def test_gcca_row_with_one_modality_takes_no_part_in_the_shared_variable():
    """... but it does sharpen the covariance of its modality; doubling it up must not change the directions much."""
    data = planted(300, noise=0.3, test=0)
    gone = np.zeros_like(data.mask)
    gone[200:, 1:] = True
    a = GeneralisedCCA(4, 0.1).fit(data.hide(gone)).transform(data)
    b = GeneralisedCCA(4, 0.1).fit(data.take(np.arange(200))).transform(data)
    agreement = a.vectors["photo"] @ a.vectors["caption"].T - b.vectors["photo"] @ b.vectors["caption"].T
    assert np.abs(agreement).mean() < 0.05


def test_ridge_mends_a_sample_that_is_too_small():
    data = planted(120, {"photo": 30, "caption": 30}, noise=1.5, test=0.5)
    plain, ridged = RidgeCCA(10, ridge=1e-8).fit(data), RidgeCCA(10, ridge=1.0).fit(data)
    assert plain.train_correlations_[0] > 0.999  # a perfect fit that means nothing ...
    test = data.in_split("test")
    assert ridged.correlations_[0] > plain.correlations_[0] + 0.1  # ... as the held-out value says
    assert recall(ridged.transform(data), "photo", "caption", test, k=5) > recall(
        plain.transform(data), "photo", "caption", test, k=5
    )


def test_held_out_correlations_are_of_the_test_rows():
    data = planted(200, {"photo": 9, "caption": 7}, noise=0.5)
    fitted = RidgeCCA(3).fit(data)
    test = data.in_split("test")
    a, b = ((data.vectors[m][test] - fitted.means_[m]) @ fitted.maps_[m] for m in data.modalities)
    expected = [np.corrcoef(a[:, k], b[:, k])[0, 1] for k in range(3)]
    np.testing.assert_allclose(fitted.correlations_, expected, atol=1e-10)
    assert (fitted.train_correlations_ > 0).all() and (np.diff(fitted.train_correlations_) < 0).all()


def test_held_out_correlations_of_unrelated_modalities_are_near_zero():
    random = np.random.default_rng(0)
    data = embed({"photo": random.normal(size=(400, 20)), "caption": random.normal(size=(400, 20))})
    fitted = RidgeCCA(5, ridge=0.0).fit(data)
    assert fitted.train_correlations_[0] > 0.3 and abs(fitted.correlations_).max() < 0.3


def test_too_few_held_out_rows_give_no_correlations():
    data = planted(60, test=0.1)
    assert RidgeCCA().fit(data).correlations_ is None


def test_components_default():
    assert count_components(None, [1280, 384], 5000) == 128
    assert count_components(None, [1280, 20], 5000) == 20
    assert count_components(None, [1280, 6, 384], 5000) == 128  # two of three can still carry a component
    assert count_components(None, [1280, 384], 40) == 39
    assert count_components(500, [64, 32], 5000) == 32


def test_unlike_units_are_brought_to_one():
    """Rescaling one column of a table by 10,000 must not hide the others from the ridge."""
    data = planted(200, {"photo": 9, "caption": 7})
    spoiled = data.with_vectors(data.vectors | {"photo": data.vectors["photo"] * np.r_[1e4, np.ones(8)]}, data.spaces)
    test = data.in_split("test")
    before, after = (recall(RidgeCCA().fit(d).transform(d), "photo", "caption", test, k=5) for d in (data, spoiled))
    assert after > before - 0.1
    assert np.ptp(centre(data.vectors["photo"], "")[2]) == 0  # like units: one number, an encoder's shape is kept
    assert centre(spoiled.vectors["photo"], "")[2][0] > UNLIKE_UNITS * centre(spoiled.vectors["photo"], "")[2][1]
