"""The bounds against what is known exactly: linear-Gaussian models, brute force and Monte Carlo."""

import itertools

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal, norm

from mmexplore.models.generative._variational import Mixture, cubature_axes
from mmexplore.models.generative.mmvae import MMVAE, log_ratio
from mmexplore.models.generative.mopoe import MoPoE, stratified_choice, subsets
from mmexplore.models.generative.mvae import MVAE
from mmexplore.models.generative.poe import log_density, product_of_experts
from mmexplore.runtime import rng
from tests.models.generative.factors import embeddings_of, planted_factors

LATENT = 3
WIDTHS = {"a": 7, "b": 4, "c": 5}
NOISE = {"a": 0.5, "b": 1.5, "c": 0.8}  # variances


def linear_gaussian(method, widths=WIDTHS, prior_in_expert=False):
    """A linear model whose encoders are exact, and its W_m (orthogonal columns, so that its posterior is diagonal).

    prior_in_expert: the only expert is the posterior itself (for MMVAE, where the prior takes no part).
    """
    random = rng(5)
    data = embeddings_of({m: random.standard_normal((40, d)) for m, d in widths.items()})
    model = method(latent=LATENT, hidden=0, epochs=1, objective="reconstruction").fit(data)
    loadings = {}
    for j, (m, d) in enumerate(widths.items()):
        model.standard_.mean[j][:], model.standard_.spread[j][:] = 0, 1
        w = np.linalg.qr(random.standard_normal((d, LATENT)))[0] * random.uniform(0.5, 2, LATENT)
        precision = (w**2).sum(0) / NOISE[m] + (1 if prior_in_expert else 0)
        encoder, decoder = model.net_.encoders[j], model.net_.decoders[j]
        with torch.no_grad():
            decoder.weight[:], decoder.bias[:] = torch.tensor(w), 0
            encoder.weight[:] = torch.tensor(np.vstack([w.T / NOISE[m] / precision[:, None], np.zeros((LATENT, d))]))
            encoder.bias[:] = torch.tensor(np.concatenate([np.zeros(LATENT), -np.log(precision)]))
            model.net_.log_noise[j] = np.log(NOISE[m])
        loadings[m] = w
    x = embeddings_of({m: 2 * random.standard_normal((30, d)) for m, d in widths.items()})
    return model, loadings, x


def marginal(loadings, x, given) -> np.ndarray:
    """log N(x; 0, W W^T + noise) of the modalities `given`, [N]."""
    w = np.vstack([loadings[m] for m in given])
    noise = np.concatenate([np.full(len(loadings[m]), NOISE[m]) for m in given])
    together = np.hstack([x.vectors[m] for m in given]).astype(float)
    return multivariate_normal(np.zeros(len(w)), w @ w.T + np.diag(noise)).logpdf(together)


SUBSETS = [s for r in (1, 2, 3) for s in itertools.combinations(WIDTHS, r)]


@pytest.mark.parametrize("given", SUBSETS)
def test_mvae_elbo_at_the_exact_posterior_is_the_marginal_log_likelihood(given):
    model, loadings, x = linear_gaussian(MVAE)
    np.testing.assert_allclose(model.elbo(x.only(given)), marginal(loadings, x, given), rtol=1e-4, atol=1e-3)


def test_a_wrong_posterior_gives_a_lower_bound():
    model, loadings, x = linear_gaussian(MVAE)
    with torch.no_grad():
        model.net_.encoders[0].bias[:LATENT] += 0.5
    assert (model.elbo(x) < marginal(loadings, x, list(WIDTHS)) - 1e-2).all()


@pytest.mark.parametrize("method", [MMVAE, MoPoE])
def test_a_mixture_is_below_the_marginal_log_likelihood(method):
    model, loadings, x = linear_gaussian(method)
    assert model.elbo(x).mean() < marginal(loadings, x, list(WIDTHS)).mean() - 0.1


@pytest.mark.parametrize("method", [MVAE, MMVAE, MoPoE])
def test_with_one_modality_each_is_a_plain_vae_and_tight(method):
    model, loadings, x = linear_gaussian(method, {"a": 7}, prior_in_expert=method is MMVAE)
    np.testing.assert_allclose(model.elbo(x), marginal(loadings, x, ["a"]), rtol=1e-4, atol=1e-3)
    mean, variance = model.posterior(x)
    w, s = loadings["a"], NOISE["a"]
    np.testing.assert_allclose(variance, np.tile(1 / (1 + (w**2).sum(0) / s), (len(x), 1)), rtol=1e-4)
    np.testing.assert_allclose(mean, x.vectors["a"] @ w / s * variance, rtol=1e-3, atol=1e-4)


def test_mopoe_with_one_modality_trains_as_mvae_does():
    data = planted_factors(60, widths={"sight": 5})
    one = MVAE(latent=2, hidden=8, epochs=1, objective="reconstruction").fit(data)
    other = MoPoE(latent=2, hidden=8, epochs=1, draws=1, objective="reconstruction").fit(data)
    other.net_.load_state_dict(one.net_.state_dict())
    x, there = torch.randn(4000, 5), torch.ones(4000, 1, dtype=torch.bool)
    losses = [m.losses([x], there, None, torch.Generator().manual_seed(0))["loss"].item() for m in (one, other)]
    assert losses[0] == pytest.approx(losses[1], rel=0.01)  # the noise is drawn in another order
    np.testing.assert_array_equal(one.elbo(data), other.elbo(data))


def test_cubature_is_exact_for_quadratics():
    axes = cubature_axes(5)
    points = np.vstack([axes, -axes])
    np.testing.assert_allclose(points.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(points.T @ points / len(points), np.eye(5), atol=1e-12)


def test_cubature_is_close_to_monte_carlo_with_a_bent_decoder():
    data = planted_factors(200)
    model = MVAE(latent=4, hidden=32, epochs=15, objective="reconstruction").fit(data)
    test = data.take(np.arange(10))
    xs, present = model.standard_.tensors(test)
    with torch.no_grad():
        mu, log_var = product_of_experts(*model.net_.experts(xs), present)
        z = mu + (0.5 * log_var).exp() * torch.randn(4000, 10, 4, generator=torch.Generator().manual_seed(1))
        there = present.expand(4000, *present.shape)
        ratio = log_density(z, mu, log_var) - log_density(z, torch.zeros(4), torch.zeros(4))
        sampled = model.log_likelihood(model.net_.errors(z, xs, there), there).sum(-1) - ratio
    error = sampled.std(0) / 4000**0.5
    assert ((torch.tensor(model.elbo(test)) - sampled.mean(0)).abs() < 3 * error + 0.05).all()


def test_mixture_density_against_scipy():
    random = rng(0)
    mu, sd, z = (
        random.standard_normal((2, 4, 3)),
        random.uniform(0.5, 2, (2, 4, 3)),
        random.standard_normal((5, 4, 3)),
    )
    weight = np.array([[0.5, 1.0, 0.0, 0.0], [0.5, 0.0, 1.0, 0.0]])  # both, the first, the second, none
    q = Mixture(*(torch.tensor(a) for a in (mu, 2 * np.log(sd), weight)))
    density = (weight[:, None] * norm.pdf(z, mu[:, None], sd[:, None]).prod(-1)).sum(0)
    want = np.log(density[:, :3]) - norm.logpdf(z).sum(-1)[:, :3]
    got = log_ratio(q, torch.tensor(z)).numpy()
    np.testing.assert_allclose(got[:, :3], want)
    assert not got[:, 3].any()


def test_mopoe_mixes_the_products_of_all_subsets_of_what_is_present():
    model = MoPoE()
    mu, log_var = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    present = torch.tensor([[True, False, True], [True, True, True]])
    q = model.mixture(mu, log_var, present)
    torch.testing.assert_close(q.weight.sum(0), torch.ones(2))
    for row, available in enumerate([(0, 2), (0, 1, 2)]):
        means = []
        for r in range(1, len(available) + 1):
            for s in itertools.combinations(available, r):
                precision = np.exp(-log_var[row, list(s)].numpy())
                means.append((precision * mu[row, list(s)].numpy()).sum(0) / (1 + precision.sum(0)))
        assert (q.weight[:, row] > 0).sum() == len(means) == 2 ** len(available) - 1
        got = (q.weight[:, row, None] * q.mu[:, row]).sum(0)
        np.testing.assert_allclose(got, np.mean(means, 0), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("m", [1, 2, 7, 8, 20])
def test_subsets_are_distinct_not_empty_and_hold_each_alone_and_all(m):
    found = {tuple(s) for s in subsets(m)}
    assert len(found) == len(subsets(m)) <= 127
    assert len(found) == 2**m - 1 or m > 7
    assert tuple([False] * m) not in found
    assert {tuple(e) for e in np.eye(m, dtype=bool)} | {tuple([True] * m)} <= found


def test_components_are_chosen_evenly_in_every_stretch_of_the_batch():
    allowed = torch.ones(4, 400, dtype=torch.bool)
    allowed[0, ::2] = False
    chosen = stratified_choice(allowed, 2, torch.Generator().manual_seed(0))
    assert allowed.gather(0, chosen).all()
    odd = torch.bincount(chosen[:, 1::2].flatten(), minlength=4)
    assert ((odd - 100).abs() < 30).all()
    for stretch in chosen[0].split(100):  # no stretch of the batch has a single component
        assert len(stretch.unique()) == 4
    even = stratified_choice(torch.ones(4, 400, dtype=torch.bool), 1, torch.Generator().manual_seed(0))
    assert torch.bincount(even.flatten()).tolist() == [100] * 4
