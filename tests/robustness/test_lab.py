"""The lab against what it must agree with: the plain score, a removed modality, a count by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from mmexplore.errors import Cancelled, UserError
from mmexplore.robustness.holes import ANY
from mmexplore.robustness.judge import BEST_SINGLE, LATE_PRODUCT, judge_of
from mmexplore.robustness.lab import Lab, Plan, run_lab
from mmexplore.robustness.subsets import subset_scores
from mmexplore.scores.baselines import fit_baselines
from mmexplore.scores.evaluation import evaluate_fusion
from mmexplore.server.progress import Progress
from tests.models.methods.made import data, numeric, small, without

FUSIONS = ["concat", "late-product"]


def fitted(embeddings, objective: str | None = None, names=FUSIONS):
    return {n: small(n, objective=objective).fit(embeddings) for n in names}


def lab_of(embeddings, names=FUSIONS, objective: str | None = None, **plan) -> Lab:
    methods = fitted(embeddings, objective, names)
    wish = Plan(**({"modalities": ["text"], "seeds": 2} | plan))
    return run_lab(embeddings, methods, lambda name, e: small(name, objective=objective).fit(e), wish)


@pytest.fixture(scope="module")
def whole():
    return data(160, holes=0.1)


@pytest.fixture(scope="module")
def at_test(whole) -> Lab:
    return lab_of(whole, modalities=["sound", "image", "text", ANY])


def test_share_0_is_the_plain_score(whole, at_test):
    for name, fusion in fitted(whole).items():
        plain = evaluate_fusion(fusion, whole)
        for modality in at_test.plan.modalities:
            found = at_test.curve(name, modality)
            assert found.score[0] == pytest.approx(plain.score)
            assert [found.low[0], found.high[0]] == pytest.approx(plain.interval)
        assert at_test.curve(LATE_PRODUCT, "text").score[0] == pytest.approx(plain.baselines["late product"]["score"])
        singles = [plain.baselines[m]["score"] for m in whole.modalities]
        assert at_test.curve(BEST_SINGLE, "text").score[0] == pytest.approx(max(singles))
        assert (at_test.chance, at_test.n, at_test.which) == (plain.chance, plain.n, plain.rows)


def test_share_1_is_the_fusion_with_that_modality_removed(whole, at_test):
    rows = whole.in_split("test")
    truth = whole.labels[rows].astype(str)
    for name, fusion in fitted(whole).items():
        for modality in whole.modalities:
            answer = fusion.answers(without(whole, modality).take(rows)).argmax(axis=1)
            accuracy = (fusion.classes_[answer].astype(str) == truth).mean()
            assert at_test.curve(name, modality).score[-1] == pytest.approx(accuracy)


def test_with_every_cell_gone_only_chance_is_left(whole, at_test):
    """The neutral answer is one class for all; classes are even here."""
    for name in (*FUSIONS, LATE_PRODUCT, BEST_SINGLE):
        assert at_test.curve(name, ANY).score[-1] <= 0.45
    assert at_test.emptied[ANY] == whole.take(whole.in_split("test")).mask.any(axis=1).sum()


def test_trained_without_a_modality_it_is_as_if_it_had_never_been_there(whole):
    found = lab_of(whole, at="both", shares=[0, 1], seeds=1)
    removed = without(whole, "text")
    plain = evaluate_fusion(small("late-product").fit(removed), removed)
    assert found.curve("late-product", "text").score[-1] == pytest.approx(plain.score, abs=0.03)
    assert found.curve(LATE_PRODUCT, "text").score[-1] == pytest.approx(plain.baselines["late product"]["score"])


def test_holes_at_training_alone_leave_the_test_rows_whole(whole):
    found = lab_of(whole, at="train", shares=[0, 1], seeds=1)
    hidden = np.zeros_like(whole.mask)
    hidden[:, 2] = ~whole.in_split("test")
    holed = whole.hide(hidden)
    for name in FUSIONS:
        rows = whole.in_split("test")
        fusion = small(name).fit(holed)
        answer = fusion.classes_[fusion.answers(whole.take(rows)).argmax(axis=1)].astype(str)
        assert found.curve(name, "text").score[1] == pytest.approx((answer == whole.labels[rows].astype(str)).mean())
    assert found.emptied == {"text": 0}


def test_the_same_seed_gives_the_same_numbers_and_another_does_not(whole):
    one, two, other = (lab_of(whole, shares=[0.5], seed=seed) for seed in (0, 0, 7))
    assert np.array_equal(one.curves[0].by_draw, two.curves[0].by_draw)
    assert one.curves[0].area_interval == two.curves[0].area_interval
    assert not np.array_equal(one.curves[0].by_draw, other.curves[0].by_draw)


def test_holes_are_the_same_for_every_method(whole):
    """Two methods that are one and the same get the same curve; and alone as in company."""
    fusion = small("concat").fit(whole)
    plan = Plan(["image"], [0, 0.5], "test", seeds=2)
    both = run_lab(whole, {"a": fusion, "b": fusion}, lambda name, e: fusion, plan)
    alone = run_lab(whole, {"b": fusion}, lambda name, e: fusion, plan)
    assert np.array_equal(both.curve("a", "image").by_draw, both.curve("b", "image").by_draw)
    assert np.array_equal(both.curve("b", "image").by_draw, alone.curve("b", "image").by_draw)


def test_a_class_wise_drop_changes_that_class_only(whole):
    found = lab_of(whole, only="class 1", shares=[0, 1], seeds=1)
    rows = whole.in_split("test")
    own = whole.labels[rows] == "class 1"
    everyone, theirs = found.curve("concat", "text"), found.of_class[0]
    change = (everyone.score[1] - everyone.score[0]) * len(own)
    assert change == pytest.approx((theirs.score[1] - theirs.score[0]) * own.sum())
    assert found.emptied["text"] <= own.sum()


def test_the_worst_subset_by_brute_force(whole):
    judge, fusion = judge_of(whole), small("concat").fit(whole)
    found = subset_scores(judge, judge.ask(fusion, whole))
    test = whole.take(whole.in_split("test"))
    want = {}
    for size in (1, 2, 3):
        for shown in combinations(whole.modalities, size):
            answer = fusion.classes_[fusion.answers(test.only(shown)).argmax(axis=1)].astype(str)
            want[shown] = (answer == test.labels.astype(str)).mean()
    assert {s.shown: s.score for s in found} == pytest.approx(want)
    assert found[0].score == min(want.values()) and [s.score for s in found] == sorted(s.score for s in found)
    for s in found:
        assert s.n_with == np.logical_or.reduce([test.present[m] for m in s.shown]).sum()


def test_a_subset_that_no_item_has_is_not_ranked(whole):
    hidden = np.zeros_like(whole.mask)
    hidden[:, 0] = True
    holed = whole.hide(hidden)
    judge, fusion = judge_of(holed), small("concat").fit(holed)
    assert ("sound",) not in [s.shown for s in subset_scores(judge, judge.ask(fusion, holed))]


def test_numbers_are_judged_by_r2(whole):
    found = lab_of(numeric(whole), names=["late-product"], shares=[0, 1], seeds=1)
    assert found.metric == "r2" and found.chance == 0
    with pytest.raises(UserError, match="no classes"):
        lab_of(numeric(whole), names=["late-product"], only="1.0")


def test_without_labels_an_item_must_find_itself(whole):
    bare = whole.with_labels(None)
    found = lab_of(bare, names=["concat"], modalities=["text", ANY], shares=[0, 0.5, 1], seeds=1)
    assert found.metric == "recall@1" and not [c for c in found.curves if c.reference]
    assert found.curve("concat", "text").score[0] == 1
    assert np.all(np.diff(found.curve("concat", ANY).score) < 0)
    assert found.curve("concat", ANY).score[-1] <= 0.05


def test_a_self_supervised_fusion_is_judged_through_a_probe(whole):
    found = lab_of(whole, names=["concat"], objective="contrastive", shares=[0], seeds=1)
    probed = evaluate_fusion(small("concat", objective="contrastive").fit(whole), whole, probe=True)
    assert found.curve("concat", "text").score[0] == pytest.approx(probed.score, abs=0.03)


def test_baselines_asked_twice_are_the_baselines(whole):
    judge = judge_of(whole)
    fitted_baselines = fit_baselines(whole, judge.exam.targets, judge.exam.fitted)
    once, twice = (fitted_baselines.answers(judge.whole) for _ in range(2))
    assert all(np.array_equal(once[name], twice[name]) for name in once)


def test_a_lab_can_be_cancelled_and_says_where_it_is(whole):
    seen = []

    def stop(progress: Progress) -> None:
        seen.append(progress.message)
        if len(seen) == 3:
            progress.cancel()

    with pytest.raises(Cancelled):
        run_lab(whole, fitted(whole), lambda n, e: None, Plan(["text"]), Progress(on_change=stop))
    assert seen[0] == "text gone for 0%, draw 1"


@pytest.mark.parametrize("wrong", [{"at": "night"}, {"shares": []}, {"modalities": []}, {"seeds": 0}])
def test_a_wrong_plan_is_one_sentence(wrong):
    with pytest.raises(UserError):
        replace(Plan(["text"]), **wrong)
