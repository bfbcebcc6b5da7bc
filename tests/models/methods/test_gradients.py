"""What is trained and what is not: every parameter has a gradient, an absent modality's encoder has none."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.models.training import build_module
from tests.models.methods.made import METHODS, data, hidden, numeric, small

torch = pytest.importorskip("torch", reason="fusions are trained with torch, which is a requirement")
trained = [n for n, m in METHODS.items() if hasattr(m, "combine")]
OBJECTIVES = ["classification", "regression", "contrastive", "reconstruction"]


def gradients(name: str, embeddings, objective: str, **options) -> dict[str, torch.Tensor]:
    """Gradient of one training loss on all rows, by parameter, at freshly drawn weights."""
    from mmexplore.models.networks.objectives import Batch, Losses
    from mmexplore.models.targets import read_targets

    source = numeric(data()) if objective == "regression" else data()
    fusion = small(name, epochs=1, **options, objective=objective).fit(source)
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


@pytest.mark.parametrize("name", trained)
def test_any_of_them_can_have_unimodal_losses(name):
    """A cure for lazy modalities: a head of each modality's own, trained with the rest, silent where it is absent."""
    found = gradients(name, data(), "classification", unimodal_weight=0.5)
    heads = [g for k, g in found.items() if k.startswith("unimodal_heads")]
    assert len(heads) == 6
    assert all(g.any() for g in found.values())
    place = sorted(data().modalities).index("sound")
    absent = gradients(name, hidden(data(), "sound"), "classification", unimodal_weight=0.5)
    assert not absent[f"unimodal_heads.{place}.weight"].any()


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
    from mmexplore.models.networks.objectives import Batch, Losses, predictive_loss
    from mmexplore.models.targets import read_targets

    fusion, embeddings = small("attention").fit(data()), data(seed=1)
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


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_a_fit_stops_where_full_and_partly_hidden_rows_are_served(dropout):
    """The held-out loss is the mean over both; without modality dropout it is that of the full rows."""
    from mmexplore.models.networks.net import drop_modalities
    from mmexplore.models.networks.objectives import Batch, Losses, predictive_loss
    from mmexplore.models.targets import read_targets

    fusion, embeddings = small("concat").fit(data()), data(seed=1)
    net = fusion.net_
    xs, present = fusion.standard_.tensors(embeddings)
    batch = Batch(xs, present, torch.as_tensor(read_targets(embeddings, "classification").codes))
    some = drop_modalities(present, 1.0, torch.Generator().manual_seed(0))
    assert (some < present).any()
    with torch.no_grad():
        losses = Losses("classification", fusion.standard_.names, dropout, 0.0, torch.Generator())
        got, again = (float(losses(net, batch, False)["loss"]) for _ in range(2))
        full, partial = (
            float(predictive_loss("classification", net.head, net(xs, shown).fused, batch).mean())
            for shown in (present, some)
        )
    assert got == again == pytest.approx((full + partial) / 2 if dropout else full, rel=1e-5)
    assert abs(full - partial) > 1e-3


def test_an_absent_expert_gets_no_gradient():
    """What the network over experts reads of an absent modality: its columns and its strength stay as they are."""
    fusion, embeddings = small("late-network").fit(data()), hidden(data(), "sound")
    said, present = fusion.said(embeddings)
    fusion.net_.zero_grad()
    answer = fusion._forward(torch.as_tensor(fusion._evidence(said, present)), torch.as_tensor(present))
    torch.nn.functional.cross_entropy(answer, torch.arange(len(answer)) % 3).backward()
    place, classes = sorted(data().modalities).index("sound"), 3
    columns = fusion.net_["reader"][0].weight.grad[:, : 3 * classes].reshape(-1, 3, classes)
    assert not columns[:, place].any()
    assert columns[:, (place + 1) % 3].any()
    assert fusion.net_["strength"]["b"].grad[place] == 0


def test_every_parameter_of_the_network_over_experts_receives_a_gradient():
    fusion = small("late-network").fit(data())
    said, present = fusion.said(data())
    net = build_module(fusion._build, 1)
    fusion.net_ = net
    answer = fusion._forward(torch.as_tensor(fusion._evidence(said, present)), torch.as_tensor(present))
    torch.nn.functional.cross_entropy(answer, torch.arange(len(answer)) % 3).backward()
    assert [k for k, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []
