"""What is trained and what is not: every parameter has a gradient, an absent modality's encoder has none."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.training import build_module
from tests.methods.made import METHODS, data, hidden, numeric, small

torch = pytest.importorskip("torch", reason="fusions are trained with torch, which is a requirement")
trained = [n for n, m in METHODS.items() if hasattr(m, "combine")]
OBJECTIVES = ["classification", "regression", "contrastive", "reconstruction"]


def gradients(name: str, embeddings, objective: str) -> dict[str, torch.Tensor]:
    """Gradient of one training loss on all rows, by parameter, at freshly drawn weights."""
    from mmexplore.fusion._objectives import Batch, Losses
    from mmexplore.fusion.targets import read_targets

    source = numeric(data()) if objective == "regression" else data()
    fusion = small(name).fit(source, objective=objective, seed=0)
    net = build_module(fusion._build, 1)
    targets = read_targets(numeric(data()) if objective == "regression" else data(), objective)
    keep = embeddings.mask.any(1)
    xs, present = fusion.standard_.tensors(embeddings.take(keep))
    target = torch.as_tensor(targets.encode(0.0, 1.0))[torch.as_tensor(keep)]
    losses = Losses(objective, fusion.standard_.names, 0.5, fusion.unimodal_weight, torch.Generator().manual_seed(0))
    net.train()
    losses(net, Batch(xs, present, target), True)["loss"].backward()
    return {k: p.grad for k, p in net.named_parameters()}


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("name", trained)
def test_every_parameter_receives_a_gradient(name, objective):
    found = gradients(name, data(), objective)
    assert found
    dead = [k for k, g in found.items() if g is None or not np.isfinite(g.numpy()).all() or not g.any()]
    assert not dead


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("name", trained)
def test_the_encoder_of_an_absent_modality_gets_zero_gradient(name, objective):
    found = gradients(name, hidden(data(), "sound"), objective)
    place = sorted(data().modalities).index("sound")
    for kind in ("weight", "bias"):
        grad = found[f"projections.{place}.{kind}"]
        assert grad is None or not grad.any()
        assert found[f"projections.{(place + 1) % 3}.{kind}"].any()


def test_the_curve_of_a_modality_is_the_loss_when_only_it_is_shown():
    from mmexplore.fusion._objectives import Batch, Losses, predictive_loss
    from mmexplore.fusion.targets import read_targets

    fusion, embeddings = small("attention").fit(data(), seed=0), data(seed=1)
    target = torch.as_tensor(read_targets(embeddings, "classification").codes)
    net, names = fusion.net_, fusion.standard_.names
    xs, present = fusion.standard_.tensors(embeddings)
    with torch.no_grad():
        curves = Losses("classification", names, 0.5, 0.0, torch.Generator())(net, Batch(xs, present, target), False)
        for name in names:
            keep = np.flatnonzero(embeddings.present[name])
            lone, shown = fusion.standard_.tensors(embeddings.only([name]).take(keep))
            fused = net(lone, shown).fused
            own = predictive_loss("classification", net.head, fused, Batch(lone, shown, target[keep]))
            assert float(curves[f"loss/{name}"]) == pytest.approx(float(own.mean()), rel=1e-5)


def test_every_parameter_of_the_network_over_experts_receives_a_gradient():
    fusion = small("late-network").fit(data(), seed=0)
    said, present = fusion.said(data())
    net = build_module(fusion._build, 1)
    fusion.net_ = net
    answer = fusion._forward(torch.as_tensor(fusion._evidence(said, present)), torch.as_tensor(present))
    torch.nn.functional.cross_entropy(answer, torch.arange(len(answer)) % 3).backward()
    assert [k for k, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []
