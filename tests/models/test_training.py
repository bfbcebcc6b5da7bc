"""The training loop: what is kept, when it stops, that it repeats, that it can be cancelled."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import Cancelled, UserError
from mmexplore.models.optimiser import AdamW
from mmexplore.models.training import KEPT, build_module, fit_module, hold_out

torch = pytest.importorskip("torch", reason="training needs torch, which is a requirement")


def regression(n=60, noise=0.0):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n, 3, generator=generator)
    return x, x @ torch.tensor([1.0, -2.0, 0.5]) + noise * torch.randn(n, generator=generator)


def fit(seed=0, on_epoch=None, **options):
    x, y = regression()
    net = build_module(lambda: torch.nn.Linear(3, 1), seed)

    def step(rows, train):
        return {
            "loss": ((net(x[rows])[:, 0] - y[rows]) ** 2).mean(),
            "error/one": (net(x[rows])[:, 0] - y[rows]).abs().mean(),
        }

    defaults = {"epochs": 8, "batch_size": 16, "lr": 0.05, "seed": seed, "on_epoch": on_epoch}
    history = fit_module(net, step, np.arange(45), np.arange(45, 60), **(defaults | options))
    return net, history, step


def test_same_seed_gives_the_same_bits_and_another_seed_does_not():
    (a, first, _), (b, second, _), (c, _, _) = fit(seed=3), fit(seed=3), fit(seed=4)
    assert torch.equal(a.weight, b.weight)
    assert first.equals(second)
    assert not torch.equal(a.weight, c.weight)


def test_a_stray_draw_from_torch_in_between_changes_nothing():
    a = fit(seed=1)[0]
    torch.rand(17)
    assert torch.equal(a.weight, fit(seed=1)[0].weight)


def test_the_best_epoch_is_restored():
    """With a learning rate that overshoots, the last epoch is not the best one."""
    _, history, step = fit(lr=1.5, epochs=11, patience=11)
    losses = history[(history["part"] == "val loss") & (history["modality"] == "")].set_index("epoch")["value"]
    kept = history[history["part"] == KEPT].iloc[0]
    assert kept["epoch"] == losses.idxmin()
    assert kept["epoch"] < losses.index.max()
    with torch.no_grad():
        assert float(step(torch.arange(45, 60), False)["loss"]) == pytest.approx(losses.min(), rel=1e-6)


def test_it_stops_after_so_many_epochs_without_a_lower_loss():
    _, history, _ = fit(lr=0.0, epochs=50, patience=4)
    assert history.loc[history["part"] == "val loss", "epoch"].max() == 5  # the first is the best, then four more


def test_the_history_has_train_and_val_curves_and_modalities():
    _, history, _ = fit(epochs=3)
    assert list(history.columns) == ["epoch", "part", "modality", "value"]
    assert {("train loss", ""), ("val loss", ""), ("train error", "one"), ("val error", "one")} <= set(
        zip(history["part"], history["modality"], strict=True)
    )


def test_epoch_means_are_means_over_rows():
    x = torch.arange(10, dtype=torch.float32)
    net = build_module(lambda: torch.nn.Linear(1, 1), 0)

    def step(rows, train):
        return {"loss": (net.weight * 0).sum() + x[rows].mean()}

    history = fit_module(net, step, np.arange(10), np.arange(7), epochs=1, batch_size=4)
    assert history.loc[history["part"] == "train loss", "value"].item() == pytest.approx(4.5)
    assert history.loc[history["part"] == "val loss", "value"].item() == pytest.approx(3.0)


def test_every_train_row_is_seen_once_an_epoch_and_no_val_row_is_trained_on():
    seen: dict[bool, list[int]] = {True: [], False: []}
    net = build_module(lambda: torch.nn.Linear(1, 1), 0)

    def step(rows, train):
        seen[train] += rows.tolist()
        assert torch.is_grad_enabled() == train
        assert net.training == train
        return {"loss": (net.weight**2).sum()}

    fit_module(net, step, np.arange(9), np.arange(9, 13), epochs=1, batch_size=8)
    assert sorted(seen[True]) == list(range(9))
    assert seen[False] == [9, 10, 11, 12]


def test_no_batch_is_a_lonely_row():
    sizes = []
    net = build_module(lambda: torch.nn.Linear(1, 1), 0)

    def step(rows, train):
        sizes.append(len(rows))
        return {"loss": (net.weight**2).sum()}

    fit_module(net, step, np.arange(65), np.arange(0), epochs=1, batch_size=64)
    assert sorted(sizes) == [32, 33]


def test_cancel_leaves_the_loop():
    def stop(epoch, epochs, values):
        assert {"train loss", "val loss", "val error/one"} <= set(values)
        if epoch == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        fit(on_epoch=stop)


def test_a_loss_that_is_no_number_is_said():
    net = build_module(lambda: torch.nn.Linear(1, 1), 0)
    with pytest.raises(UserError, match="no longer a number"):
        fit_module(net, lambda rows, train: {"loss": net.weight.sum() * float("nan")}, np.arange(4), np.arange(2))
    with pytest.raises(UserError, match="no row to fit on"):
        fit_module(net, lambda rows, train: {"loss": net.weight.sum()}, np.arange(0), np.arange(2))


def test_a_small_network_trains_on_one_thread_and_gives_the_others_back():
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)
    net = torch.nn.Linear(1, 1)

    def step(rows, train):
        seen.append(torch.get_num_threads())
        return {"loss": (net.weight**2).sum()}

    fit_module(net, step, np.arange(4), np.arange(4), epochs=1)
    after = torch.get_num_threads()
    torch.set_num_threads(before)
    assert set(seen) == {1}
    assert after == 2


def rows(n, splits=None, groups=None, labels=None):
    ids = np.array([str(i) for i in range(n)], dtype=object)
    return Embeddings(
        {"a": np.zeros((n, 1), np.float32)},
        {"a": np.ones(n, bool)},
        ids,
        ids if groups is None else groups,
        {"a": "a"},
        labels=labels,
        splits=splits,
    )


def test_given_val_rows_are_used():
    data = rows(6, splits=np.array(["train", "val", "test", "train", "dev", "train"], dtype=object))
    train, val = hold_out(data)
    assert train.tolist() == [0, 3, 5]
    assert val.tolist() == [1, 4]


def test_a_held_out_part_never_parts_a_group_and_leaves_test_rows_alone():
    groups = np.array([str(i // 5) for i in range(100)], dtype=object)
    splits = np.array(["test" if i < 20 else "train" for i in range(100)], dtype=object)
    train, val = hold_out(rows(100, splits, groups), seed=1)
    assert len(val) and set(train) | set(val) == set(range(20, 100))
    assert not set(groups[train]) & set(groups[val])


def test_rows_that_cannot_serve_are_left_out():
    usable = np.arange(20) % 2 == 0
    train, val = hold_out(rows(20), usable)
    assert set(np.r_[train, val]) == set(range(0, 20, 2))


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_the_optimiser_steps_as_torchs_own_does(decay):
    x, y = regression()
    ours, theirs = (build_module(lambda: torch.nn.Linear(3, 1), 0) for _ in range(2))
    idle = torch.nn.Parameter(torch.ones(2))  # never gets a gradient
    mine = AdamW([*ours.parameters(), idle], lr=0.05, betas=(0.5, 0.9), weight_decay=decay)
    theirs_too = torch.optim.AdamW(theirs.parameters(), lr=0.05, betas=(0.5, 0.9), weight_decay=decay, fused=True)
    for _ in range(30):
        for net, optimiser in ((ours, mine), (theirs, theirs_too)):
            optimiser.zero_grad()
            ((net(x)[:, 0] - y) ** 2).mean().backward()
            optimiser.step()
    assert torch.equal(ours.weight, theirs.weight)
    assert torch.equal(ours.bias, theirs.bias)
    assert torch.equal(idle.data, torch.ones(2))


def test_a_fit_does_not_import_torchs_compiler():
    """150 MB and a second of a server that should fit into 1 GB."""
    code = """
import sys
import numpy as np, torch
from mmexplore.models.training import build_module, fit_module
net = build_module(lambda: torch.nn.Linear(3, 1), 0)
x = torch.randn(20, 3)
fit_module(net, lambda rows, train: {"loss": (net(x[rows]) ** 2).mean()}, np.arange(15), np.arange(15, 20), epochs=2)
assert "torch._dynamo" not in sys.modules, "the compiler came along"
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
