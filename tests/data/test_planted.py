"""Planted data: the truth that is computed is the truth of the vectors that are made."""

from __future__ import annotations

import math
from itertools import combinations, permutations

import numpy as np
import pytest

from mmexplore.data.dataset import Kind
from mmexplore.data.examples.planted import design, held_by, planted
from mmexplore.data.examples.planted_truth import _one_bit, _xor, shapley, truth_of
from mmexplore.errors import UserError
from mmexplore.runtime import rng
from tests.data.exact import posterior_of_labels


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"unreliable": 0.0, "noise": (0.5, 1.0, 2.0)},
        {
            "modalities": ("left", "right"),
            "redundant": 0.0,
            "unique": 0.0,
            "synergistic": 1.5,
            "unreliable": (0.5, 0.1),
        },
        {"redundant": 1.2, "unique": (0.0, 0.0, 1.0), "synergistic": 0.0},
    ],
)
def test_the_information_and_accuracy_of_every_subset_are_those_of_the_vectors(options):
    n, dim, seed = 6000, 16, 5
    plan = design(**options)
    dataset, _ = planted(n, dim=dim, seed=seed, **options)
    truth = truth_of(plan)
    prior = len(plan.parts)  # bits of an unknown label
    for size in range(1, len(plan.modalities) + 1):
        for chosen in combinations(plan.modalities, size):
            log_posterior, classes = posterior_of_labels(plan, dataset, chosen, dim, seed)
            where = np.array([classes.index(label) for label in dataset.labels])
            told = prior + log_posterior[np.arange(n), where]
            right = (log_posterior.argmax(1) == where).astype(float)
            if all(len(held_by(plan, m)) for m in chosen) and truth.information[frozenset(chosen)] > 1e-9:
                assert told.mean() == pytest.approx(
                    truth.information[frozenset(chosen)], abs=4 * told.std() / math.sqrt(n) + 1e-3
                ), chosen
                expected = truth.accuracy[frozenset(chosen)]
                assert right.mean() == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / n)), chosen
            else:
                assert told.mean() == pytest.approx(truth.information[frozenset(chosen)], abs=0.02)


@pytest.mark.parametrize("ratio", [0.0, 1e-4, 0.3, 1.0, 4.0, 30.0, 1e4])
def test_what_one_bit_tells_is_the_integral_over_the_channel(ratio):
    from scipy.integrate import quad

    def entropy_density(y):  # of the output, the textbook way: I = h(Y) - h(noise)
        a = math.sqrt(ratio)
        p = 0.5 * (math.exp(-0.5 * (y - a) ** 2) + math.exp(-0.5 * (y + a) ** 2)) / math.sqrt(2 * math.pi)
        return -p * math.log2(p) if p > 0 else 0.0

    a = math.sqrt(ratio)
    peaks = sorted({-a, 0.0, a})
    output = quad(entropy_density, -a - 12, a + 12, points=peaks, limit=500)[0]
    assert _one_bit(ratio)[0] == pytest.approx(output - 0.5 * math.log2(2 * math.pi * math.e), abs=1e-6)


def test_the_xor_tells_nothing_alone_and_as_much_as_its_weaker_half_at_most():
    assert _xor(0.0, 9.0) == (0.0, 0.5)
    for weak, strong in ((0.2, 0.7), (1.0, 1.0), (2.0, 50.0)):
        told, right = _xor(weak, strong)
        assert 0 < told <= _one_bit(weak)[0] + 1e-9
        assert 0.5 < right <= _one_bit(weak)[1] + 1e-12
    assert _xor(1.5, 1e5)[0] == pytest.approx(_one_bit(1.5)[0], abs=1e-6)  # a clean half leaves one bit


def test_shapley_is_the_mean_over_all_orders_of_arrival():
    names = ("a", "b", "c", "d")
    random = rng(0)
    value = {frozenset(s): random.random() for size in range(5) for s in combinations(names, size)}
    expected = dict.fromkeys(names, 0.0)
    for order in permutations(names):
        there = frozenset()
        for name in order:
            expected[name] += (value[there | {name}] - value[there]) / math.factorial(4)
            there |= {name}
    found = shapley(names, value.__getitem__)
    assert found == pytest.approx(expected)
    assert sum(found.values()) == pytest.approx(value[frozenset(names)] - value[frozenset()])


def test_known_answers():
    alone = truth_of(design(redundant=0, unique=(2, 0, 0), synergistic=0))
    assert alone.weights == pytest.approx({"sight": 1, "sound": 0, "touch": 0})
    alike = truth_of(design(redundant=1, unique=0, synergistic=0))
    assert alike.weights == pytest.approx(dict.fromkeys(("sight", "sound", "touch"), 1 / 3))
    xor = truth_of(design(redundant=0, unique=0, synergistic=2, synergy_between=("sight", "touch")))
    assert xor.weights == pytest.approx({"sight": 0.5, "sound": 0, "touch": 0.5})
    assert xor.information[frozenset({"sight"})] == 0
    noisy = truth_of(design(redundant=1, unique=0, synergistic=0, noise=(1, 1, 3), unreliable=0))
    assert noisy.weights["sight"] > 2 * noisy.weights["touch"]


def test_the_parts_add_up():
    truth = truth_of(design())
    everything = frozenset(("sight", "sound", "touch"))
    assert sum(truth.weights.values()) == pytest.approx(1)
    assert sum(truth.weights_by_accuracy.values()) == pytest.approx(1)
    assert sum(truth.parts.values()) == pytest.approx(truth.information[everything])
    for part, shares in truth.shares.items():
        assert sum(shares.values()) == pytest.approx(truth.parts[part])
    assert truth.information[frozenset()] == pytest.approx(0)
    assert truth.accuracy[frozenset()] == pytest.approx(1 / 16)


def test_the_data_set_has_what_it_promises():
    dataset, weights = planted(500, seed=3)
    assert dataset.modalities == list(weights) == ["sight", "sound", "touch"]
    assert set(dataset.kinds.values()) == {Kind.VECTOR}
    assert dataset.cells["sight"][0].shape == (16,) and dataset.cells["sight"][0].dtype == np.float32
    assert len(set(dataset.ids)) == 500 and dataset.splits is None and len(dataset.columns) == 500
    columns = dataset.columns
    bits = columns["bit_redundant"] + columns["bit_unique_sight"] + columns["bit_unique_sound"]
    assert list(bits + columns["bit_synergistic"]) == list(dataset.labels)
    assert np.allclose(columns[[f"truth_{m}" for m in dataset.modalities]].sum(axis=1), 1)
    for m in dataset.modalities:
        assert set(columns[f"reliability_{m}"]) == {1.0, 0.25}
        length = np.linalg.norm(np.stack(dataset.cells[m]), axis=1)
        noisy = columns[f"reliability_{m}"].to_numpy() < 1
        cut = (np.median(length[noisy]) + np.median(length[~noisy])) / 2
        assert ((length > cut) == noisy).mean() > 0.99  # a method can tell which items are noisy
        # and on items that are noisy here alone, this modality is worth less
        others = np.all([columns[f"reliability_{o}"] == 1 for o in dataset.modalities if o != m], axis=0)
        assert columns[f"truth_{m}"][others & noisy].max() < columns[f"truth_{m}"][others & ~noisy].min()


def test_same_seed_same_data_another_seed_another():
    one, again, other = planted(50, seed=1)[0], planted(50, seed=1)[0], planted(50, seed=2)[0]
    assert all(np.array_equal(a, b) for a, b in zip(one.cells["touch"], again.cells["touch"], strict=True))
    assert list(one.labels) == list(again.labels)
    assert not np.array_equal(one.cells["touch"][0], other.cells["touch"][0])


def test_missing_cells_leave_at_least_one():
    dataset, _ = planted(2000, missing=0.6)
    mask = np.stack([dataset.present[m] for m in dataset.modalities], axis=1)
    assert mask.any(axis=1).all()
    assert 0.45 < 1 - mask.mean() < 0.6


@pytest.mark.parametrize(
    "options",
    [
        {"n": 0},
        {"n": 2.5},
        {"dim": 4},
        {"redundant": float("nan")},
        {"unique": (1, 2)},
        {"unique": {"smell": 1}},
        {"noise": 0},
        {"noise": {"sight": 1}},
        {"unreliable": 1.5},
        {"redundant": "much"},
        {"modalities": ("a", "a")},
        {"modalities": ()},
        {"synergy_between": ("sight", "sight")},
        {"redundant": 0, "unique": 0, "synergistic": 0},
        {"missing": 1.0},
    ],
)
def test_a_setting_that_cannot_be_is_named(options):
    with pytest.raises(UserError) as told:
        planted(**options)
    assert told.value.remedy


def test_one_modality_and_six_work():
    dataset, weights = planted(10, modalities=("only",), unique=1.0)
    assert weights == {"only": 1.0} and "bit_synergistic" not in dataset.columns
    assert len(planted(10, modalities=tuple("abcdef"), unique=1.0)[1]) == 6
