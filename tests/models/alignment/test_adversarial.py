"""The reversal, the discriminator's loss, and what a stranger can still tell."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.data.split import draw_split
from mmexplore.errors import UserError
from mmexplore.models.alignment.adversarial import Adversarial
from mmexplore.models.alignment.adversary import discriminate, reverse_gradient, warm_up
from mmexplore.models.alignment.probe import probe_accuracy
from mmexplore.models.param import check_params
from tests.models.alignment.made import embed, planted, recall

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("strength", [0.0, 0.3, 2.0])
def test_the_reversed_gradient_is_minus_lambda_times_the_gradient(strength):
    w = torch.randn(5, 3, dtype=torch.float64)

    def loss(z):
        return (z @ w).tanh().square().sum()

    plain, turned = (torch.linspace(-1, 1, 20, dtype=torch.float64).reshape(4, 5).requires_grad_() for _ in range(2))
    value = loss(plain)
    value.backward()
    reversed_value = loss(reverse_gradient(turned, strength))
    reversed_value.backward()
    assert float(value.detach()) == float(reversed_value.detach())
    torch.testing.assert_close(turned.grad, -strength * plain.grad)
    assert plain.grad.abs().sum() > 0


def test_warm_up_rises_from_zero_to_one():
    steps = [warm_up(p) for p in np.linspace(0, 1, 11)]
    assert steps[0] == 0 and steps[-1] == pytest.approx(1, abs=1e-3) and np.all(np.diff(steps) > 0)


def test_discriminator_loss_counts_modalities_alike_and_leaves_absent_cells_out():
    random = np.random.default_rng(0)
    net = torch.nn.Linear(4, 3)
    codes = [torch.tensor(random.normal(size=(10, 4)), dtype=torch.float32) for _ in range(3)]
    present = torch.ones(10, 3, dtype=torch.bool)
    present[1:, 0] = False
    loss, accuracy = discriminate(net, codes, present)
    log_p = [net(z).log_softmax(1).detach().numpy() for z in codes]
    own = [-log_p[0][:1, 0].mean(), -log_p[1][:, 1].mean(), -log_p[2][:, 2].mean()]
    hits = [(log_p[0][:1].argmax(1) == 0).mean(), (log_p[1].argmax(1) == 1).mean(), (log_p[2].argmax(1) == 2).mean()]
    assert float(loss.detach()) == pytest.approx(np.mean(own), abs=1e-6)
    assert float(accuracy) == pytest.approx(np.mean(hits), abs=1e-6)


def test_penalty_is_the_squared_slope_at_the_codes():
    net = torch.nn.Linear(4, 2)
    z = [torch.randn(6, 4), torch.randn(6, 4)]
    present = torch.ones(6, 2, dtype=torch.bool)
    bare, _ = discriminate(net, z, present)
    charged, _ = discriminate(net, z, present, penalty=0.8)
    slopes = []
    for m in range(2):  # d log p_m / dz = W_m - sum_c p_c W_c
        p = net(z[m]).softmax(1)
        slopes.append((net.weight[m] - p @ net.weight).square().sum(1).mean())
    assert float((charged - bare).detach()) == pytest.approx(0.4 * float(torch.stack(slopes).mean().detach()), rel=1e-5)


def test_probe_finds_a_gap_and_none():
    random = np.random.default_rng(0)
    same = embed({m: random.normal(size=(300, 5)) for m in "ab"})
    apart = same.with_vectors(same.vectors | {"b": same.vectors["b"] + 1.5}, same.spaces)
    rows = np.ones(300, bool)
    assert probe_accuracy(same, rows) == pytest.approx(0.5, abs=0.08)
    assert probe_accuracy(apart, rows) > 0.9
    three = embed({m: random.normal(size=(300, 5)) for m in "abc"})
    assert probe_accuracy(three, rows) == pytest.approx(1 / 3, abs=0.08)
    ring = {"a": random.normal(size=(300, 2)), "b": random.normal(size=(300, 2)) * 6}  # no line parts them
    assert probe_accuracy(embed(ring), rows) > 0.75
    assert probe_accuracy(same, np.arange(300) < 19) is None


def test_probe_counts_a_rare_modality_as_much():
    random = np.random.default_rng(0)
    rare = np.arange(400) < 60
    data = embed(
        {"a": random.normal(size=(400, 4)), "b": random.normal(size=(400, 4))},
        present={"a": np.ones(400, bool), "b": rare},
    )
    assert probe_accuracy(data, np.ones(400, bool)) == pytest.approx(
        0.5, abs=0.15
    )  # "always a" would be .87 unbalanced


def test_adversary_mixes_the_modalities_and_still_retrieves(shared_data):
    """Real views that contrastive heads leave apart. A fresh probe, not the discriminator of the training, says so."""
    with np.load(shared_data / "uci_mfeat.npz", allow_pickle=False) as file:
        rows = np.random.default_rng(0).permutation(2000)[:1200]
        data = embed({m: file[m][rows] for m in ("fou", "zer")})
    data = data.with_splits(draw_split(data, held_out=0.4))
    test = data.in_split("test")
    widest = {m: np.pad(v, ((0, 0), (0, 76 - v.shape[1]))) for m, v in data.vectors.items()}
    assert probe_accuracy(data.with_vectors(widest, data.spaces), test) > 0.99  # the un-aligned vectors
    small = {"hidden": 64, "n_components": 32, "epochs": 20, "lr": 2e-3, "batch_size": 64}
    off, on = (Adversarial(strength=s, **small).fit(data) for s in (0.0, 1.0))
    assert on.probe_chance_ == 0.5
    assert on.probe_accuracy_ < 0.75 and off.probe_accuracy_ > 0.85, (on.probe_accuracy_, off.probe_accuracy_)
    found, without = (recall(a.transform(data), "fou", "zer", test, k=10) for a in (on, off))
    assert found > 0.3 and found > without - 0.1, (found, without)  # chance is 10 / 480


def test_stored_probe_is_that_of_the_frozen_codes():
    data = planted(300, {"photo": 9, "caption": 7}, test=0.3)
    fitted = Adversarial(epochs=2, hidden=16, n_components=4, random_state=5).fit(data)
    assert fitted.probe_accuracy_ == probe_accuracy(fitted.transform(data), data.in_split("test"), seed=5)


@pytest.mark.parametrize("partner", ["contrastive", "reconstruction", "both"])
def test_partners(partner):
    data = planted(120, missing=0.2)
    fitted = Adversarial(partner, epochs=2, hidden=16, n_components=4).fit(data)
    parts = set(fitted.history_["part"])
    assert ("train contrastive" in parts) == (partner != "reconstruction")
    assert ("train reconstruction" in parts) == (partner != "contrastive")
    assert {"train discriminator", "val discriminator accuracy"} <= parts


def test_unknown_partner():
    with pytest.raises(UserError, match="contrastive, reconstruction, both"):
        check_params(Adversarial(partner="nobody"))
