"""Made vectors among real items: against brute force over ties, groups, twins and holes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import train_rows
from mmexplore.retrieval.chance import chance_hit
from mmexplore.retrieval.real_items import Found, judge, real_items_of


def cosines(data: Embeddings, m: str, made: np.ndarray, items: list[int]) -> np.ndarray:
    """[Q, G] in float64: every feature in its own spread about its mean over the train rows that have it."""
    train = data.vectors[m][train_rows(data) & data.present[m]].astype(float)
    mean, spread = train.mean(0), train.std(0)
    moves = spread > 1e-6 * np.maximum(np.abs(mean), 1e-6)
    z = [((v - mean) / np.where(moves, spread, np.inf)) for v in (made.astype(float), data.vectors[m][items])]
    x, y = (v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12) for v in z)
    return x @ y.T


@st.composite
def datasets(draw) -> tuple[Embeddings, np.ndarray, np.ndarray]:
    """Whole numbers (many ties), twins, groups of several rows, holes; and made vectors with the groups they ask of."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, d, q = draw(st.integers(4, 14)), draw(st.integers(1, 3)), draw(st.integers(1, 6))
    vectors = random.integers(-1, 2, (n, d)).astype(np.float32)
    present = random.random(n) < 0.8
    present[:2] = True
    vectors[~present] = 0
    groups = np.array([f"g{i}" for i in random.integers(0, n, n)], object)
    content = np.array(
        [f"c{i}" if p else "" for i, p in zip(random.integers(0, 2 * n, n), present, strict=True)], object
    )
    for key in set(content) - {""}:
        vectors[content == key] = vectors[np.flatnonzero(content == key)[0]]  # the same item
    splits = np.where(random.random(n) < 0.7, "train", "test").astype(object)
    splits[0] = "train"
    ids = np.arange(n).astype(str).astype(object)
    data = Embeddings({"a": vectors}, {"a": present}, ids, groups, {"a": "a"}, splits=splits, content={"a": content})
    made = random.integers(-1, 2, (q, d)).astype(np.float32)
    return data, made, np.array([f"g{i}" for i in random.integers(0, n + 2, q)], object)


@settings(max_examples=150)
@given(datasets(), st.integers(1, 5))
def test_nearest_and_place_are_those_of_brute_force(drawn, k):
    data, made, asked = drawn
    found = real_items_of(data).find("a", made, k, asked)
    first: dict[str, int] = {}
    for row in np.flatnonzero(data.present["a"]):
        first.setdefault(data.content["a"][row], int(row))
    items = list(first.values())
    scores = cosines(data, "a", made, items)
    assert found.n_items == len(items) and found.rows.shape == (len(made), min(k, len(items)))
    for q, group in enumerate(asked):
        assert found.scores[q] == pytest.approx(np.sort(scores[q])[::-1][:k], abs=2e-6)
        place = [items.index(r) for r in found.rows[q]]
        assert len(set(place)) == len(place) and scores[q][place] == pytest.approx(found.scores[q], abs=2e-6)
        right = {data.content["a"][r] for r in np.flatnonzero(data.present["a"] & (data.groups == group))}
        true = np.array([data.content["a"][r] in right for r in items])
        assert found.n_correct[q] == true.sum()
        if not true.any():
            assert np.isnan(found.rank[q])
            continue
        best, others = scores[q][true].max(), scores[q][~true]
        same = np.abs(others - best) <= 1e-6
        assert found.rank[q] == 1 + (others[~same] > best).sum() + same.sum() / 2


def some(n: int = 60) -> Embeddings:
    random = np.random.default_rng(0)
    ids = np.array([f"i{k}" for k in range(n)], object)
    return Embeddings(
        {"a": random.normal(3, 2, (n, 5)).astype(np.float32)}, {"a": np.ones(n, bool)}, ids, ids, {"a": "a"}
    )


def test_a_made_vector_that_is_drawn_to_the_mean_finds_its_own():
    data = some()
    real, vectors = real_items_of(data), data.vectors["a"]
    mean = vectors.mean(0)
    whole, drawn = (real.find("a", mean + c * (vectors - mean), 3, data.groups) for c in (1.0, 0.1))
    assert (whole.rank == 1).all() and (drawn.rank == 1).all() and (drawn.rows[:, 0] == np.arange(60)).all()
    apart = np.linalg.norm(mean + 0.1 * (vectors - mean) - vectors[:, None], axis=-1)
    assert len(np.unique(apart.argmin(0))) < 10, "by distance the most average ones are the nearest to all"


def test_the_answer_to_nothing_ties_with_all_and_is_in_the_middle():
    data = some()
    mean = data.vectors["a"].astype(float).mean(0).astype(np.float32)
    for made in (mean, np.nextafter(mean, np.float32(9))):  # a rounding away it has no direction either
        found = real_items_of(data).find("a", np.tile(made, (60, 1)), 2, data.groups)
        assert (found.rank == (60 + 1) / 2).all()


def test_a_new_item_has_nearest_ones_and_no_place():
    data = some()
    found = real_items_of(data).find("a", data.vectors["a"][:3], 1)
    assert found.rows[:, 0].tolist() == [0, 1, 2] and not found.known.any() and np.isnan(found.chance_rank)
    assert judge(found, data.groups[:3]) is None


def test_a_number_that_never_moves_in_training_does_not_count():
    data = some().with_splits(np.where(np.arange(60) < 50, "train", "test").astype(object))
    wide = np.hstack([data.vectors["a"], np.full((60, 1), 7, np.float32)])
    wide[55, -1] = 1e6  # a held-out row that differs there
    more = data.with_vectors({"a": wide}, data.spaces)
    plain, found = (real_items_of(d).find("a", d.vectors["a"][50:] + 1, 4, d.groups[50:]) for d in (data, more))
    assert (plain.rows == found.rows).all() and (plain.rank == found.rank).all()


def test_the_score_is_counted_over_those_that_can_be_judged():
    rank = np.array([1.0, 1.5, 4.0, np.nan, 12.0])
    n_correct = np.array([1, 2, 1, 0, 1])
    found = Found("a", np.zeros((5, 1), int), np.zeros((5, 1)), rank, 40, n_correct)
    said = judge(found, np.array(["g", "g", "h", "i", "j"], object))
    assert (said["n"], said["n_gallery"], said["median_rank"]) == (4, 40, 2.75)
    assert (said["recall@1"], said["recall@10"]) == (0.25, 0.75)
    assert said["chance_recall@10"] == pytest.approx(chance_hit(n_correct[[0, 1, 2, 4]], 40, 10))
    assert said["recall@10_interval"][0] <= 0.75 <= said["recall@10_interval"][1]
    assert said["chance_median_rank"] == found.chance_rank
    random = np.random.default_rng(0)
    drawn = [np.median([np.sort(random.permutation(40)[:r])[0] + 1 for r in (1, 2, 1, 1)]) for _ in range(4000)]
    assert found.chance_rank == pytest.approx(np.median(drawn), abs=2)
