"""Series: MiniRocket against aeon's, catch22 against pycatch22, unequal lengths, several channels, bad cells."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.encoders import registry
from mmexplore.encoders.sequence.catch22 import Catch22
from mmexplore.encoders.sequence.minirocket import (
    FEATURES,
    TAPS,
    Kernels,
    MiniRocket,
    dilations_of,
    draw_kernels,
    transform,
)
from mmexplore.encoders.sequence.scaling import Scale
from mmexplore.errors import UserError

ENCODERS = [MiniRocket, Catch22]


@pytest.fixture(scope="module")
def motions():
    """(train X [40, 6, 100], train y, test X, test y) that aeon ships."""
    from aeon.datasets import load_basic_motions

    return *load_basic_motions(split="train"), *load_basic_motions(split="test")


def _waves(n: int, channels: int = 2, seed: int = 0) -> list[np.ndarray]:
    """Series of different lengths, [T, C]."""
    random = np.random.default_rng(seed)
    return [random.normal(size=(int(t), channels)).cumsum(axis=0) for t in random.integers(12, 90, n)]


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_linear_probe_tells_motions_apart(encoder, motions) -> None:
    from sklearn.linear_model import LogisticRegression

    x, y, x_test, y_test = motions
    fitted = encoder().fit(list(x))
    probe = LogisticRegression(max_iter=1000).fit(fitted.encode(list(x)), y)
    assert probe.score(fitted.encode(list(x_test)), y_test) >= 0.95


@pytest.mark.parametrize("channels", [1, 6])
def test_the_transform_is_that_of_aeon(motions, channels: int) -> None:
    """aeon draws the kernels; given them, both count the same shares but for ties in the last bit."""
    from aeon.transformations.collection.convolution_based import MiniRocket as Theirs

    x = motions[0][:8, :channels]
    theirs = Theirs(n_kernels=FEATURES, random_state=0)
    expected = theirs.fit_transform(x)
    seen_each, seen, dilations, counts, biases = theirs.parameters
    ours, our_counts = dilations_of(x.shape[2], FEATURES)
    np.testing.assert_array_equal(ours, dilations)
    np.testing.assert_array_equal(our_counts, counts)
    weights, cut, at, combination = [], [], 0, 0
    for count in counts:
        w = np.full((84, 9, channels), -1.0, np.float32)
        w[np.arange(84)[:, None], TAPS] = 2
        mask = np.zeros((84, channels), np.float32)
        for k in range(84):
            mask[k, seen[at : at + seen_each[combination]]] = 1
            at, combination = at + seen_each[combination], combination + 1
        weights.append((w * mask[:, None]).reshape(84, -1))
        cut.append(biases[: 84 * count].reshape(84, count))
        biases = biases[84 * count :]
    kernels = Kernels(ours, tuple(weights), tuple(cut))
    found = np.stack([transform(s.T.astype(np.float32), kernels) for s in x])
    difference = np.abs(found - expected)
    assert difference.max() <= 1.01 / 4 and (difference > 1e-6).mean() < 1e-3


@pytest.mark.parametrize("length", [9, 50, 100, 1000])
def test_dilations_are_those_of_aeon(length: int) -> None:
    from aeon.transformations.collection.convolution_based._minirocket import _fit_dilations

    for n in (84, FEATURES, 2520):
        for ours, theirs in zip(dilations_of(length, n), _fit_dilations(length, n, 32), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_biases_are_quantiles_of_the_outputs() -> None:
    """On one train series, a feature's share is one minus its quantile, for kernels that count every point."""
    series = _waves(1)
    kernels = draw_kernels(series)
    shares = transform(series[0], kernels)[: 84 * kernels.biases[0].shape[1]].reshape(84, -1)
    n = kernels.biases[0].shape[1]
    quantile = ((np.arange(1, 84 * n + 1) * (np.sqrt(5) + 1) / 2) % 1).reshape(84, n)
    assert np.abs(shares[::2] - (1 - quantile[::2])).max() < 2 / len(series[0])


def test_catch22_is_that_of_the_package() -> None:
    import pycatch22

    series = _waves(1, channels=3)[0].astype(np.float32)
    expected = [pycatch22.catch22_all(c.tolist(), catch24=True)["values"] for c in series.T]
    np.testing.assert_allclose(Catch22().features(series), np.nan_to_num(np.concatenate(expected)), rtol=1e-6)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_unequal_lengths_give_unit_vectors_of_one_width_the_same_each_time(encoder) -> None:
    series = [*_waves(12), np.zeros((3, 2)), np.ones((40, 2)), _waves(1)[0][:1]]
    fitted = encoder().fit(series[:10])
    vectors = fitted.encode(series)
    assert vectors.dtype == np.float32 and len(vectors) == len(series) and np.isfinite(vectors).all()
    assert fitted.card.dim in (None, vectors.shape[1])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(vectors, encoder().fit(series[:10]).encode(series))


@pytest.mark.parametrize("encoder", ENCODERS)
def test_other_channels_and_cells_that_are_no_series_are_listed(encoder) -> None:
    fitted = encoder().fit(_waves(8))
    answers = fitted.encode_each([_waves(1)[0], _waves(1, channels=3)[0], "words", np.array([np.nan, 1.0])])
    assert [isinstance(a, UserError) for a in answers] == [False, True, True, True]
    assert "3 channels where most have 2" in answers[1].what


def test_an_encoder_that_is_not_fitted_says_so() -> None:
    with pytest.raises(UserError, match="fitted"):
        registry.load("minirocket").encode(_waves(1))


def test_the_scale_is_that_of_the_train_rows() -> None:
    features = np.random.default_rng(0).normal(3, 2, size=(200, 5))
    features[:, 4] = 7  # constant
    vectors = Scale.of(features).vectors(features)
    z = vectors[:, :5] / vectors[:, 5:]
    np.testing.assert_allclose(z[:, :4].mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(z[:, :4].std(axis=0), 1, atol=0.02)
    np.testing.assert_allclose(z[:, 4], 0, atol=1e-6)
    far = Scale.of(features).vectors(features + 1e9)
    np.testing.assert_allclose(far[:, :4] / far[:, 5:], 5, rtol=1e-5)
