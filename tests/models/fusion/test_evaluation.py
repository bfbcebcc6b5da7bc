"""The score of a fusion and what stands beside it."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import combinations

import numpy as np
import pytest

from mmexplore.errors import UserError
from mmexplore.models.fusion.base import Fusion
from mmexplore.scores.evaluation import FusionScore, evaluate_fusion
from mmexplore.scores.view_scores import _reciprocal_of_first as of_first
from mmexplore.scores.view_scores import find_ranks, reciprocal_ranks
from tests.models.methods.made import data, numeric, small


class Says(Fusion):
    """Not a method: says what it is told, to check the scoring alone."""

    def __init__(self, objective, answer=None, fused=None, rebuilt=None):
        self.objective_, self.answer, self.fused, self.rebuilt = objective, answer, fused, rebuilt

    def _fit(self, embeddings, on_epoch, seed):
        raise NotImplementedError

    def transform(self, embeddings):
        return self.fused(embeddings)

    def answers(self, embeddings):
        return self.answer(embeddings)

    def reconstruct(self, embeddings):
        return self.rebuilt(embeddings)

    def state(self):
        return {}, {}

    def restore(self, arrays, about):
        pass


def test_accuracy_is_over_the_test_rows_and_stands_beside_its_baselines():
    embeddings = data(n=200, holes=0.1)
    fusion = small("attention").fit(embeddings)
    score = evaluate_fusion(fusion, embeddings)
    test = embeddings.take(embeddings.in_split("test"))
    right = fusion.classes_[fusion.answers(test).argmax(1)] == test.labels
    assert score.score == pytest.approx(right.mean())
    assert (score.metric, score.rows, score.n) == ("accuracy", "test", len(test))
    assert list(score.baselines) == ["sound", "image", "text", "early concat", "late product"]
    assert score.interval[0] <= score.score <= score.interval[1]
    assert score.baselines["late product"]["score"] >= max(score.baselines[m]["score"] for m in test.modalities) - 0.02
    common = np.mean(test.labels == "class 0")
    assert score.chance == pytest.approx(common, abs=0.05)


def test_the_score_is_plain_values():
    embeddings = data()
    score = evaluate_fusion(small("concat").fit(embeddings), embeddings)
    assert FusionScore(**json.loads(json.dumps(asdict(score)))) == score


def test_it_says_which_rows():
    embeddings = data()
    val = embeddings.with_splits(np.where(embeddings.splits == "test", "val", "train").astype(object))
    assert evaluate_fusion(small("concat").fit(val), val).rows == "held-out"
    everything = embeddings.with_splits(None)
    score = evaluate_fusion(small("concat").fit(everything), everything)
    assert (score.rows, score.n) == ("all", len(embeddings))


def test_a_class_that_train_lacks_counts_as_a_miss_and_unknown_labels_do_not_count():
    embeddings = data()
    test = embeddings.in_split("test")
    labels = embeddings.labels.copy()
    rows = np.flatnonzero(test)
    labels[rows[0]], labels[rows[1]] = "only here", ""
    changed = embeddings.with_labels(labels)
    score = evaluate_fusion(small("concat").fit(changed), changed)
    assert score.n == test.sum() - 1


def test_regression_scores_explained_variance():
    embeddings = numeric(data(n=200, holes=0.0))
    exact = Says("regression", lambda e: e.labels)
    assert evaluate_fusion(exact, embeddings).score == pytest.approx(1)
    train = embeddings.in_split("train")
    mean = Says("regression", lambda e: np.full(len(e), embeddings.labels[train].mean()))
    score = evaluate_fusion(mean, embeddings)
    assert score.metric == "r2"
    assert score.score == pytest.approx(0, abs=1e-9)
    assert score.baselines["early concat"]["score"] > 0.5


def test_ranks_against_a_loop_with_ties_and_groups():
    random = np.random.default_rng(0)
    answers = random.integers(-1, 2, (20, 3)).astype(np.float32)
    queries, groups = answers[::2] + random.integers(0, 2, (10, 3)), np.arange(20) // 4
    own = groups[::2]
    got = find_ranks(queries, answers, own, groups)
    for i, query in enumerate(queries):
        cosine = answers @ query
        best = max(cosine[j] for j in range(20) if groups[j] == own[i])
        others = [cosine[j] for j in range(20) if groups[j] != own[i]]
        assert got[i] == 1 + sum(c > best for c in others) + sum(c == best for c in others) / 2


def test_contrastive_score_of_a_view_that_tells_nothing_is_chance():
    embeddings = data(n=200, holes=0.0)
    blind = Says("contrastive", fused=lambda e: np.ones((len(e), 4), np.float32))
    score = evaluate_fusion(blind, embeddings)
    assert score.metric == "recall@1"
    assert score.score == 0  # all tied: the rank is in the middle, not first
    whole = Says("contrastive", fused=lambda e: np.concatenate([e.vectors[m] for m in sorted(e.vectors)], axis=1))
    score = evaluate_fusion(whole, embeddings)
    assert score.score > 0.7
    assert set(score.baselines) == {"sound", "image", "text"}
    assert score.details["disjoint recall@10"] < 0.7  # what is not shared cannot be found by an untrained vector
    assert score.chance == pytest.approx(1 / score.n)


def test_reconstruction_score_of_the_mean_is_zero_and_of_the_truth_is_one():
    embeddings = data(n=200, holes=0.0)
    train = embeddings.in_split("train") & embeddings.mask.any(1)
    means = {m: v[train].mean(0) for m, v in embeddings.vectors.items()}
    mean = Says("reconstruction", rebuilt=lambda e: {m: np.tile(v, (len(e), 1)) for m, v in means.items()})
    assert evaluate_fusion(mean, embeddings).score == pytest.approx(0, abs=0.05)
    test = embeddings.take(embeddings.in_split("test") & embeddings.mask.any(1))
    truth = Says("reconstruction", rebuilt=lambda e: test.vectors)
    score = evaluate_fusion(truth, embeddings)
    assert score.score == pytest.approx(1)
    assert all(entry["score"] < 0.9 for entry in score.baselines.values())


def test_a_probe_judges_self_supervised_vectors_by_the_labels():
    embeddings = data(n=200, holes=0.0)
    fusion = small("concat", epochs=20, objective="contrastive").fit(embeddings)
    score = evaluate_fusion(fusion, embeddings, probe=True)
    assert score.metric == "accuracy (linear probe)"
    assert score.score > 0.7
    assert "late product" in score.baselines
    with pytest.raises(UserError, match="no labels"):
        evaluate_fusion(fusion, embeddings.with_labels(None), probe=True)


def test_the_baselines_do_not_see_the_test_rows():
    embeddings = data(n=200, holes=0.1)
    test = embeddings.in_split("test")
    shuffled = embeddings.labels.copy()
    shuffled[test] = np.random.default_rng(0).permutation(shuffled[test])
    fusion = small("concat").fit(embeddings)
    score = evaluate_fusion(fusion, embeddings.with_labels(shuffled))
    assert all(0.15 < entry["score"] < 0.55 for entry in score.baselines.values())


def test_a_reciprocal_rank_is_the_mean_over_all_orders_of_the_tied():
    above, ties = np.array([0, 0, 2, 5]), np.array([0, 1, 3, 0])
    by_hand = [1, (1 + 1 / 2) / 2, (1 / 3 + 1 / 4 + 1 / 5 + 1 / 6) / 4, 1 / 6]
    np.testing.assert_allclose(reciprocal_ranks(above, ties), by_hand)
    assert reciprocal_ranks(np.array([], int), np.array([], int)).shape == (0,)


@pytest.mark.parametrize(("size", "n"), [(1, 5), (2, 5), (3, 4), (4, 4), (1, 1)])
def test_the_first_of_several_right_answers_in_a_random_order(size, n):
    every = [1 / (min(places) + 1) for places in combinations(range(n), size)]
    assert of_first(size, n) == pytest.approx(np.mean(every))
