"""The four parts of information: gates, the library dit, properties, and estimates where the answer is known."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmexplore import journey
from mmexplore.attribution.information import STATES, information
from mmexplore.attribution.pid import GATES, Pid, decompose, exact, gate_parts, part_names, table_of
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.examples.planted import planted
from mmexplore.errors import UserError
from mmexplore.workspace.state import Workspace

# Bertschinger 2014; AND: I(A; Y) = 0.311 bits is shared, half a bit is only together
KNOWN = {"XOR": [0, 0, 0, 1], "AND": [0.311278, 0, 0, 0.5], "RDN": [1, 0, 0, 0], "UNQ": [0, 1, 0, 0]}


@pytest.mark.parametrize("gate", GATES)
def test_gates_to_a_thousandth_of_a_bit(gate):
    pytest.importorskip("dit", reason="the extra `information` is not installed")
    assert np.allclose(exact(GATES[gate]).as_array(), KNOWN[gate], atol=1e-3)
    assert np.allclose(decompose(GATES[gate]), KNOWN[gate], atol=1e-3)


def test_the_gates_that_come_with_mmexplore_are_exact():
    """They are shown without dit; `decompose` and, where it is installed, dit find the same."""
    assert list(gate_parts()) == list(GATES)
    for gate, parts in gate_parts().items():
        assert np.allclose(parts.as_array(), KNOWN[gate], atol=1e-5)
        assert np.allclose(parts.as_array(), decompose(GATES[gate]), atol=1e-3)


@pytest.mark.parametrize("gate", GATES)
def test_dit_finds_the_gates_that_come_with_mmexplore(gate):
    pytest.importorskip("dit", reason="the extra `information` is not installed")
    assert np.allclose(gate_parts()[gate].as_array(), exact(GATES[gate]).as_array(), atol=1e-5)


def test_dit_is_asked_so_that_chance_has_no_part():
    """Its default solver starts at random: by the state of numpy's generator it gave XOR .90 to 1 bit of synergy."""
    pytest.importorskip("dit", reason="the extra `information` is not installed")
    settles_not = np.random.default_rng(0).dirichlet(np.ones(12)).reshape(2, 3, 2)  # here dit falls back on it
    found = []
    for seed in range(4):
        np.random.seed(seed)  # noqa: NPY002
        found.append(np.concatenate([exact(table).as_array() for table in (GATES["XOR"], settles_not)]))
    assert all(np.array_equal(found[0], again) for again in found[1:])


@pytest.mark.parametrize("seed", range(6))
def test_tables_of_bits_against_a_search_of_all_tables_with_the_same_pairs(seed):
    """With bits there is one free number a slice (y): the least informative table is found by brute force."""
    table = np.random.default_rng(seed).dirichlet(np.full(8, 0.7)).reshape(2, 2, 2)
    step = np.array([[1, -1], [-1, 1]])
    ranges = []
    for y in (0, 1):
        low = -min(table[0, 0, y], table[1, 1, y])
        ranges.append(np.linspace(low, min(table[0, 1, y], table[1, 0, y]), 201))
    others = [table + np.stack([s * step, t * step], axis=-1) for s in ranges[0] for t in ranges[1]]
    p = np.maximum(np.array(others).reshape(-1, 4, 2), 0)
    alone = p.sum(1, keepdims=True) * p.sum(2, keepdims=True)
    told = (p * np.log2(np.divide(p, alone, out=np.ones_like(p), where=p > 0))).sum((1, 2))
    assert decompose(table)[:3].sum() == pytest.approx(told.min(), abs=1e-3)


def test_dit_never_finds_a_table_that_tells_less():
    """Its optimiser may stop early (then synergy comes out too small, even below 0), so only one side can be held."""
    pytest.importorskip("dit", reason="the extra `information` is not installed")
    for seed in range(3):
        table = np.random.default_rng(seed).dirichlet(np.full(12, 1.0)).reshape(2, 3, 2)
        assert decompose(table)[:3].sum() <= exact(table).as_array()[:3].sum() + 1e-3


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(2, 4), st.integers(2, 4), st.integers(2, 3))
def test_parts_add_up_and_none_is_negative(seed, a, b, y):
    table = np.random.default_rng(seed).dirichlet(np.full(a * b * y, 0.5)).reshape(a, b, y)
    redundancy, first, second, synergy = decompose(table)
    assert min(redundancy + 1e-4, first, second, synergy) >= -1e-9
    assert redundancy + first == pytest.approx(bits(table.sum(1)))
    assert redundancy + second == pytest.approx(bits(table.sum(0)))
    assert redundancy + first + second + synergy == pytest.approx(bits(table.reshape(a * b, y)))
    assert np.allclose(decompose(table.transpose(1, 0, 2)), [redundancy, second, first, synergy], atol=1e-4)


def bits(table: np.ndarray) -> float:
    """Mutual information of a table [X, Y], by the sum of its definition."""
    p = table / table.sum()
    alone = np.outer(p.sum(1), p.sum(0))
    return float(sum(p[i] * np.log2(p[i] / alone[i]) for i in np.ndindex(p.shape) if p[i] > 0))


def test_no_other_table_with_the_same_pairs_tells_less():
    """The minimum is a minimum: steps within a slice (y) that keep its sides never end lower."""
    random = np.random.default_rng(0)
    table = random.dirichlet(np.full(18, 2.0)).reshape(3, 3, 2)
    least = decompose(table)[:3].sum()
    for _ in range(200):
        other = table.copy()
        for _ in range(30):
            (i, j), (k, m), y = random.choice(3, 2, False), random.choice(3, 2, False), random.integers(2)
            step = random.random() * min(other[i, k, y], other[j, m, y])
            other[[i, j], [k, m], y] -= step
            other[[i, j], [m, k], y] += step
        assert bits(other.reshape(9, 2)) >= least - 1e-4


def test_many_tables_at_once_are_each_alone():
    tables = np.random.default_rng(1).dirichlet(np.ones(12), size=5).reshape(5, 2, 3, 2)
    assert np.allclose(decompose(tables), [decompose(t) for t in tables])


def test_empty_sides_are_no_trouble():
    padded = np.zeros((3, 4, 3))
    padded[:2, 1:3, :2] = GATES["AND"]
    assert np.allclose(decompose(padded), KNOWN["AND"], atol=1e-3)


def test_counts():
    assert table_of(np.array([0, 1, 1]), np.array([1, 0, 0]), np.array([0, 1, 1]), (2, 2, 2))[1, 0, 1] == 2


def test_without_dit_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "dit", None)
    with pytest.raises(UserError, match="needs the package dit, which is not installed"):
        exact(GATES["XOR"])


# -- estimates from vectors ------------------------------------------------------
def vectors(a: np.ndarray, b: np.ndarray, y: np.ndarray, spread: float = 0.3, seed: int = 0) -> Embeddings:
    """Two modalities of 3 numbers that show a bit each, with noise."""
    random, n = np.random.default_rng(seed), len(y)
    made = {
        name: (2 * bit[:, None] - 1 + spread * random.normal(size=(n, 3))).astype(np.float32)
        for name, bit in (("a", a), ("b", b))
    }
    ids = np.arange(n).astype(str).astype(object)
    return Embeddings(
        vectors=made,
        present=dict.fromkeys(made, np.ones(n, bool)),
        ids=ids,
        groups=ids,
        spaces={"a": "a", "b": "b"},
        labels=np.where(y, "yes", "no").astype(object),
    )


BITS = np.random.default_rng(5).integers(0, 2, (2, 800))


@pytest.mark.parametrize("words", ["classifier", "cluster"])
def test_redundant_and_unique_vectors(words):
    first, second = BITS
    same = information(vectors(first, first, first), "a", "b", words, draws=60)
    assert same.found.redundancy > 0.95
    assert same.low[0] <= 1.0 <= same.high[0] + 0.05
    assert max(same.found.unique[0], same.found.unique[1], same.found.synergy) < 0.05
    own = information(vectors(first, second, first), "a", "b", words, draws=60)
    assert own.found.unique[0] > 0.9 and own.found.redundancy < 0.05
    assert own.found.unique[1] <= own.null[2] + 0.02, "what does not tell is within what permuted labels give"


def test_what_is_known_only_together_survives_clusters_but_not_classifiers():
    """The limit that the page states, measured."""
    data = vectors(*BITS, BITS[0] ^ BITS[1])
    clusters, classifiers = (information(data, "a", "b", words, draws=60) for words in ("cluster", "classifier"))
    assert clusters.found.synergy > 0.9 and clusters.low[3] > 0.8
    assert classifiers.found.synergy < 0.3
    assert clusters.entropy == pytest.approx(1, abs=0.01)


def test_labels_that_tell_nothing_stay_below_the_mark():
    data = vectors(*BITS, np.random.default_rng(9).integers(0, 2, 800))
    found = information(data, "a", "b", draws=60)
    assert (found.found.as_array() <= found.null + 0.01).all()


def test_many_classes_become_ten():
    labels = np.array([f"c{i % 30}" for i in range(800)], object)
    found = information(vectors(*BITS, BITS[0]).with_labels(labels), "a", "b", draws=10)
    assert found.states[2] == STATES == len(found.classes)
    assert found.classes[-1] == "(other)"


def test_same_seed_same_estimate_and_bad_input_is_one_sentence():
    data = vectors(*BITS, BITS[0])
    first, second = (information(data, "a", "b", draws=20) for _ in range(2))
    assert np.array_equal(first.low, second.low) and np.array_equal(first.null, second.null)
    for arguments, says in (
        (("a", "c"), "no modality called 'c'"),
        (("a", "a"), "two different modalities"),
        (("a", "b", "poems"), "no words called 'poems'"),
    ):
        with pytest.raises(UserError, match=says):
            information(data, *arguments)
    with pytest.raises(UserError, match="needs classes"):
        information(data.with_labels(None), "a", "b")
    with pytest.raises(UserError, match="too few rows"):
        information(data.take(np.arange(10)), "a", "b")


def test_the_planted_xor_is_seen_in_the_journey():
    workspace = Workspace()
    workspace.set_dataset(planted(600, seed=0)[0])
    encoders = journey.default_encoders(workspace)
    workspace.set_embeddings(journey.encode(workspace, encoders).embeddings, encoders)
    found, note = journey.information_of(workspace, "sound", "touch", "cluster", target="bit_synergistic")
    assert found.found.synergy > 0.4 and found.found.synergy > 3 * found.null[3]
    assert "600 of 600" in note
    table = journey.information_table(found)
    assert [line["part"] for line in table] == part_names("sound", "touch")
    assert sum(line["bits"] for line in table) == pytest.approx(found.found.total)


def test_total():
    assert Pid(0.1, (0.2, 0.3), 0.4).total == pytest.approx(1.0)
