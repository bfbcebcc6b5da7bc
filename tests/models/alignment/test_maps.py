"""Procrustes and the ridge map against what they must recover."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.errors import UserError
from mmexplore.models.alignment.procrustes import Procrustes
from mmexplore.models.alignment.ridge_map import RidgeMap
from tests.models.alignment.made import embed, planted


def rotation(d: int, random: np.random.Generator) -> np.ndarray:
    return np.linalg.qr(random.normal(size=(d, d)))[0]


def rotated(n: int = 60, d: int = 6, names: str = "abc", seed: int = 0):
    """(data, modality -> rotation): the same cloud, turned, moved and resized for each modality."""
    random = np.random.default_rng(seed)
    cloud = random.normal(size=(n, d)) * np.arange(1, d + 1)
    turns = {m: rotation(d, random) for m in names}
    return embed({m: 3 * (j + 1) * cloud @ turns[m] + 5 * j for j, m in enumerate(names)}), turns


def test_procrustes_recovers_a_planted_rotation_exactly():
    data, turns = rotated(names="ab")
    fitted = Procrustes().fit(data)
    relative = fitted.maps_["a"] @ fitted.maps_["b"].T
    relative /= np.linalg.norm(relative, axis=0)
    np.testing.assert_allclose(relative, turns["a"].T @ turns["b"], atol=1e-6)
    out = fitted.transform(data)
    np.testing.assert_allclose(out.vectors["a"], out.vectors["b"], atol=1e-5)


def test_two_modalities_are_scipys_orthogonal_procrustes():
    from scipy.linalg import orthogonal_procrustes

    data = planted(100, {"a": 7, "b": 7}, noise=0.5, test=0)
    fitted = Procrustes().fit(data)
    x, y = (data.vectors[m].astype(float) - data.vectors[m].mean(0, dtype=float) for m in "ab")
    relative = fitted.maps_["a"] @ fitted.maps_["b"].T
    expected = orthogonal_procrustes(x, y)[0]
    np.testing.assert_allclose(relative / np.linalg.norm(relative, axis=0), expected, atol=1e-6)


def test_generalised_procrustes_recovers_rotations_though_no_row_is_complete():
    data, turns = rotated(90)
    hidden = np.zeros_like(data.mask)
    hidden[np.arange(90), np.arange(90) % 3] = True
    fitted = Procrustes(max_rounds=500).fit(data.hide(hidden))
    for m in "bc":
        relative = fitted.maps_["a"] @ fitted.maps_[m].T
        np.testing.assert_allclose(relative / np.linalg.norm(relative, axis=0), turns["a"].T @ turns[m], atol=1e-3)
    complete = Procrustes().fit(data).transform(data)
    np.testing.assert_allclose(complete.vectors["a"], complete.vectors["c"], atol=1e-4)


@pytest.mark.parametrize("widths", [{"a": 9, "b": 9}, {"a": 9, "b": 4}, {"a": 4, "b": 9, "c": 6}])
def test_maps_are_orthogonal_and_keep_the_shape_of_each_modality(widths):
    data = planted(80, widths, noise=0.5)
    fitted = Procrustes().fit(data)
    for m in widths:
        gram = fitted.maps_[m] @ fitted.maps_[m].T
        np.testing.assert_allclose(gram / gram[0, 0], np.eye(widths[m]), atol=1e-8)
        centred = data.vectors[m] - fitted.means_[m]
        centred /= np.linalg.norm(centred, axis=1, keepdims=True)
        out = fitted.transform(data).vectors[m]
        np.testing.assert_allclose(out @ out.T, centred @ centred.T, atol=1e-5)


def test_ridge_map_is_sklearns_ridge():
    from sklearn.linear_model import Ridge

    data = planted(100, {"photo": 9, "caption": 5}, noise=0.5, test=0)
    x, y = (data.vectors[m].astype(float) for m in ("photo", "caption"))
    variance = x.var(axis=0, ddof=1).mean()
    oracle = Ridge(alpha=0.7 * variance * (len(x) - 1)).fit(x, y)
    fitted = RidgeMap(ridge=0.7).fit(data)  # the narrower is the reference
    expected = oracle.predict(x) - y.mean(0)
    out = fitted.transform(data)
    np.testing.assert_allclose(
        out.vectors["photo"], expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-5
    )
    centred = y - y.mean(0)
    np.testing.assert_allclose(
        out.vectors["caption"], centred / np.linalg.norm(centred, axis=1, keepdims=True), atol=1e-5
    )


def test_ridge_map_reference():
    data = planted(100)
    assert set(RidgeMap(reference="photo").fit(data).transform(data).dims.values()) == {9}
    assert set(RidgeMap().fit(data).transform(data).dims.values()) == {6}  # the narrowest
    gone = np.zeros_like(data.mask)
    gone[:5, 2] = True
    assert set(RidgeMap().fit(data.hide(gone)).transform(data).dims.values()) == {7}  # of those most rows have
    with pytest.raises(UserError, match="smell"):
        RidgeMap(reference="smell").fit(data)
    gone[:, 2], gone[:40, 2], gone[:40, 0] = True, False, True
    with pytest.raises(UserError, match="another reference"):  # photo and sound are linked only through the caption
        RidgeMap(reference="sound").fit(data.hide(gone))
