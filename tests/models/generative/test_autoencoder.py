"""The autoencoder against PCA, and what its codes are."""

import numpy as np
import pytest

from mmexplore.models.generative.autoencoder import Autoencoder
from mmexplore.runtime import rng
from tests.models.generative.factors import embeddings_of, planted_factors


def test_a_linear_autoencoder_reaches_the_error_of_pca():
    data = planted_factors(160, noise=1.0).with_labels(None)
    rows = np.flatnonzero(data.in_split("train"))
    x = {m: v[rows] for m, v in data.vectors.items()}
    twice = embeddings_of({m: np.vstack([v, v]) for m, v in x.items()}, np.repeat(["train", "val"], len(rows)))
    model = Autoencoder(
        latent=2,
        hidden=0,
        modality_dropout=0,
        epochs=150,
        patience=150,
        lr=0.02,
        weight_decay=0,
        batch_size=60,
        objective="reconstruction",
    ).fit(twice)
    error = -model.elbo(twice.take(np.arange(len(rows)))).mean()
    together = np.hstack([(v - v.mean(0)) / v.std(0) / np.sqrt(v.shape[1]) for v in x.values()])
    values = np.linalg.svd(together, compute_uv=False) ** 2 / len(rows)
    assert values[2:].sum() - 1e-5 <= error < 1.005 * values[2:].sum()
    assert error < 0.9 * values[1:].sum()  # one direction fewer would be told apart


def test_nothing_present_gives_the_mean_code():
    data = planted_factors(120)
    model = Autoencoder(latent=4, hidden=8, epochs=3).fit(data)
    nothing = data.hide(np.ones_like(data.mask))
    fitted = np.flatnonzero(data.in_split("train"))
    assert np.ptp(model.transform(nothing), axis=0).max() == 0
    gap = np.abs(model.transform(nothing)[0] - model.transform(data.take(fitted)).mean(0))
    assert gap.max() < 0.2  # 15 % of the train rows are held out of the fit
    assert not model.elbo(nothing).any()


def test_samples_have_the_mean_and_covariance_of_the_codes():
    data = planted_factors(200)
    model = Autoencoder(latent=4, hidden=8, epochs=5).fit(data)
    drawn = model.draw_codes(20_000, rng(0))
    np.testing.assert_allclose(drawn.mean(0), model.code_mean_, atol=0.1)
    np.testing.assert_allclose(np.cov(drawn.T), model.code_root_ @ model.code_root_.T, rtol=0.1, atol=0.1)
    assert np.trace(model.code_root_ @ model.code_root_.T) > 0.1


def test_loss_counts_each_number_of_a_modality_alike():
    data = planted_factors(60)
    model = Autoencoder(latent=2, hidden=4, epochs=1).fit(data)
    standard, rebuilt = model.standard_, model.reconstruct(data)
    by_hand = sum(
        (((data.vectors[m] - rebuilt[m]) / s) ** 2).mean(1)
        for m, s in zip(standard.names, standard.spread, strict=True)
    )
    assert model.elbo(data) == pytest.approx(-by_hand, rel=1e-3)
