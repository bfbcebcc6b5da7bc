"""Deep CCA: its loss against matrices, its linear net against CCA."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmexplore.data.embeddings import concatenate
from mmexplore.models.alignment.cca import RidgeCCA
from mmexplore.models.alignment.deep_cca import DeepCCA, ey_loss
from tests.models.alignment.made import embed, planted

torch = pytest.importorskip("torch")


def linear(k: int, **params) -> DeepCCA:
    return DeepCCA(k, hidden=0, dropout=0, ridge=1e-8, weight_decay=0, **params)


def test_loss_is_its_formula():
    random = np.random.default_rng(0)
    a, b, c = (random.normal(size=(30, 4)) for _ in range(3))
    agreement = sum(np.cov(x.T, y.T)[:4, 4:] for x, y in ((a, b), (b, a), (a, c), (c, a), (b, c), (c, b)))
    variance = sum(np.cov(x.T) for x in (a, b, c))
    expected = -2 * np.trace(agreement) + np.sum(variance**2)
    ours = ey_loss([torch.tensor(x) for x in (a, b, c)], torch.ones(30, 3, dtype=torch.bool), independent=False)
    assert float(ours) == pytest.approx(expected, abs=1e-9)


def test_missing_rows_leave_the_covariances_they_lack():
    random = np.random.default_rng(0)
    a, b = (random.normal(size=(30, 4)) for _ in range(2))
    present = np.ones((30, 2), bool)
    present[20:, 1] = False
    expected = -4 * np.trace(np.cov(a[:20].T, b[:20].T)[:4, 4:]) + np.sum((np.cov(a.T) + np.cov(b[:20].T)) ** 2)
    spoiled = b.copy()
    spoiled[20:] = 1e6  # what stands in an absent cell cannot matter
    ours = ey_loss([torch.tensor(a), torch.tensor(spoiled)], torch.tensor(present), independent=False)
    assert float(ours) == pytest.approx(expected, abs=1e-9)


def test_at_the_solution_of_cca_the_loss_is_minus_the_sum_of_squared_correlations():
    data = planted(200, {"a": 6, "b": 5}, noise=0.5, test=0)
    fitted = RidgeCCA(3, ridge=0.0, scale=False).fit(data)
    rho = fitted.train_correlations_
    z = [(data.vectors[m] - fitted.means_[m]) @ fitted.maps_[m] for m in "ab"]
    # U' B U = diag(lambda): both views' unit-variance components, times sqrt(lambda / 2) each
    z = [torch.tensor(v / v.std(0, ddof=1) * np.sqrt(rho / 2)) for v in z]
    loss = ey_loss(z, torch.ones(200, 2, dtype=torch.bool), independent=False)
    assert float(loss) == pytest.approx(-(rho**2).sum(), abs=1e-4)


def test_linear_net_reaches_the_correlations_of_cca():
    data = planted(400, {"a": 8, "b": 6}, factors=3, noise=0.5, test=0)
    # the same rows to fit and to stop on: it is to minimise the loss here, not to generalise
    again = replace(data, ids=np.array([f"again {i}" for i in data.ids], object))
    data = concatenate([data, again]).with_splits(np.repeat(["train", "val"], 400).astype(object))
    expected = RidgeCCA(3, ridge=0.0).fit(data).train_correlations_
    fitted = linear(3, epochs=300, lr=1e-2, batch_size=200, patience=300).fit(data)
    np.testing.assert_allclose(fitted.train_correlations_, expected, atol=5e-3)


def test_bent_relation_needs_the_network():
    """b is the square of a's factor: no linear correlation at all."""
    random = np.random.default_rng(0)
    factor = random.uniform(-1, 1, size=600)
    data = embed(
        {"a": np.c_[factor, random.normal(size=600)], "b": np.c_[factor**2, random.normal(size=600)]},
        splits=np.where(np.arange(600) < 480, "train", "test").astype(object),
    )
    straight = RidgeCCA(1, ridge=0.0).fit(data)
    bent = DeepCCA(1, hidden=32, dropout=0, epochs=60, lr=1e-2, batch_size=128).fit(data)
    assert abs(straight.correlations_[0]) < 0.3 and bent.correlations_[0] > 0.8
