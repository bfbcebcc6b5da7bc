"""Products of Gaussians against closed forms in float64."""

import numpy as np
import pytest
import torch

from mmexplore.models.generative.poe import kl_to_prior, log_density, precision_shares, product_of_experts

EVERYTHING = torch.ones(3, dtype=torch.bool)


def exact(mu: np.ndarray, log_var: np.ndarray, prior: bool) -> tuple[np.ndarray, np.ndarray]:
    """Precisions added up in longdouble, [M, L] -> mean, log variance [L]."""
    precision = np.exp(-log_var.astype(np.longdouble))
    total = precision.sum(0) + (1 if prior else 0)
    return (precision * mu).sum(0) / total, -np.log(total)


@pytest.mark.parametrize("prior", [True, False])
@pytest.mark.parametrize("size", [0, -20, 20, -80, 80, "mixed"])
def test_product_in_float32_is_exact_from_minus_80_to_80(size, prior):
    random = np.random.default_rng(3)
    mu = random.normal(size=(3, 200)).astype(np.float32)
    log_var = random.uniform(-80, 80, mu.shape) if size == "mixed" else size + random.normal(size=mu.shape)
    log_var = np.clip(log_var, -80, 80).astype(np.float32)
    mean, joint = product_of_experts(torch.tensor(mu), torch.tensor(log_var), EVERYTHING, prior=prior)
    want_mean, want_log_var = exact(mu, log_var, prior)
    assert torch.isfinite(mean).all()
    np.testing.assert_allclose(mean.numpy(), want_mean.astype(float), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(joint.numpy(), want_log_var.astype(float), rtol=1e-5, atol=1e-4)


def test_two_sure_experts_where_libraries_that_add_an_epsilon_are_wrong():
    _, joint = product_of_experts(torch.zeros(2, 1), torch.full((2, 1), -20.0), EVERYTHING[:2])
    assert joint.item() == pytest.approx(-20 - np.log(2), abs=1e-4)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_n_copies_of_an_expert_have_its_mean_and_a_variance_n_times_smaller(n):
    mu, log_var = torch.randn(1, 5), 3 * torch.randn(1, 5)
    present = torch.ones(n, dtype=torch.bool)
    mean, joint = product_of_experts(mu.expand(n, 5), log_var.expand(n, 5), present, prior=False)
    torch.testing.assert_close(mean, mu[0])
    torch.testing.assert_close(joint, log_var[0] - np.log(n))


def test_order_of_the_experts_does_not_matter():
    mu, log_var, order = torch.randn(6, 3, 4), torch.randn(6, 3, 4), [2, 0, 1]
    present = torch.rand(6, 3) > 0.4
    one = product_of_experts(mu, log_var, present)
    other = product_of_experts(mu[:, order], log_var[:, order], present[:, order])
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a, b)


def test_an_absent_expert_is_the_same_as_none_and_gets_no_gradient():
    mu, log_var = torch.randn(3, 4, requires_grad=True), torch.randn(3, 4, requires_grad=True)
    mean, joint = product_of_experts(mu, log_var, torch.tensor([True, False, True]))
    want = product_of_experts(mu[[0, 2]], log_var[[0, 2]], EVERYTHING[:2])
    torch.testing.assert_close(mean, want[0])
    torch.testing.assert_close(joint, want[1])
    (mean.sum() + joint.sum()).backward()
    for grad in (mu.grad, log_var.grad):
        assert not grad[1].any()
        assert grad[[0, 2]].all()


def test_nothing_present_is_the_prior():
    mean, joint = product_of_experts(torch.randn(2, 3, 4), torch.randn(2, 3, 4), torch.zeros(2, 3, dtype=torch.bool))
    assert not mean.any()
    assert not joint.any()


def test_the_prior_is_in_the_product_once():
    mean, joint = product_of_experts(torch.ones(3, 1), torch.zeros(3, 1), EVERYTHING)
    assert mean.item() == pytest.approx(3 / 4)
    assert joint.exp().item() == pytest.approx(1 / 4)


def test_kl_against_monte_carlo():
    mu, log_var = torch.tensor([0.7, -1.2, 0.0]), torch.tensor([-1.0, 0.5, 0.0])
    noise = torch.randn(40_000, 3, generator=torch.Generator().manual_seed(0))
    z = mu + (0.5 * log_var).exp() * noise
    ratio = log_density(z, mu, log_var) - log_density(z, torch.zeros(3), torch.zeros(3))
    error = (ratio.std() / len(ratio) ** 0.5).item()
    assert error < 0.02
    assert abs(ratio.mean().item() - kl_to_prior(mu, log_var).item()) < 3 * error


def test_log_density_against_scipy():
    from scipy.stats import norm

    z, mu, log_var = torch.randn(5, 3), torch.randn(3), torch.randn(3)
    want = norm.logpdf(z.numpy(), mu.numpy(), np.exp(log_var.numpy() / 2)).sum(1)
    np.testing.assert_allclose(log_density(z, mu, log_var).numpy(), want, rtol=1e-5)


def test_precision_shares_sum_to_one_over_present():
    log_var = 40 * torch.randn(50, 3, 4)
    present = torch.rand(50, 3, generator=torch.Generator().manual_seed(0)) > 0.5
    shares = precision_shares(log_var, present)
    torch.testing.assert_close(shares.sum(1), present.any(1).float()[:, None].expand(50, 4))
    assert not shares[~present].any()
    even = precision_shares(torch.zeros(1, 2, 1), torch.ones(1, 2, dtype=torch.bool))
    assert even.flatten().tolist() == [0.5, 0.5]
    sure = precision_shares(torch.tensor([[0.0, np.log(3.0)]]).reshape(1, 2, 1), torch.ones(1, 2, dtype=torch.bool))
    assert sure.flatten().tolist() == pytest.approx([0.75, 0.25])
