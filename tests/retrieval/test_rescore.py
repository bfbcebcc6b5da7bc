"""Rescoring against its formulas, and the known numbers on CLIP features."""

import numpy as np
import pytest

from mmexplore.data.embeddings import unit
from mmexplore.errors import UserError
from mmexplore.retrieval.gallery import gallery_of
from mmexplore.retrieval.rescore import RESCORINGS, hubness, rescore, rescored_report
from tests.retrieval.paired import clip_coco, paired, random_pairs


def test_csls_and_inverted_softmax_order_as_their_formulas():
    random = np.random.default_rng(0)
    queries, gallery, bank = (unit(random.normal(size=(n, 5))) for n in (30, 20, 25))
    score, seen = queries @ gallery.T, bank @ gallery.T
    r_q = np.sort(score, axis=1)[:, -4:].mean(axis=1, keepdims=True)
    csls = 2 * score - r_q - np.sort(seen, axis=0)[-4:].mean(axis=0)
    softmax = np.exp(30 * score) / np.exp(30 * seen).sum(axis=0)
    for method, expected in (("csls", csls), ("inverted_softmax", softmax)):
        left, right = rescore(queries, gallery, bank, method, k=4, beta=30)
        np.testing.assert_array_equal(np.argsort(-(left @ right.T), axis=1), np.argsort(-expected, axis=1))
    left, right = rescore(queries, gallery, bank, "centred")
    expected = unit(queries - bank.mean(axis=0)) @ unit(gallery - gallery.mean(axis=0)).T
    np.testing.assert_allclose(left @ right.T, expected, atol=1e-6)


def test_a_great_beta_does_not_overflow_and_inputs_stay():
    random = np.random.default_rng(0)
    queries, gallery = unit(random.normal(size=(9, 4))), unit(random.normal(size=(8, 4)))
    before = queries.copy(), gallery.copy()
    for method in RESCORINGS:
        left, right = rescore(queries, gallery, queries, method, beta=1e5)
        assert np.isfinite(left).all() and np.isfinite(right).all()
    np.testing.assert_array_equal(queries, before[0])
    np.testing.assert_array_equal(gallery, before[1])
    with pytest.raises(UserError, match="no rescoring called"):
        rescore(queries, gallery, queries, "magic")
    with pytest.raises(UserError, match="no queries that the rescoring may look at"):
        rescore(queries, gallery, queries[:0], "csls")


@pytest.mark.parametrize(
    ("method", "beta", "forth", "back"),
    [
        ("none", 0, 55.2, 50.6),
        ("centred", 0, 54.2, 50.0),
        ("csls", 0, 62.0, 59.0),
        ("inverted_softmax", 100, 63.2, 65.2),
        ("inverted_softmax", 20, 55.6, 57.6),
    ],
)
def test_known_numbers_when_looking_at_the_tested_queries(shared_data, method, beta, forth, back):
    data = clip_coco(shared_data)
    for src, dst, expected in (("image", "text", forth), ("text", "image", back)):
        report = rescored_report(data, src, dst, method, bank="same", beta=beta)
        assert report.rescored.r1 == pytest.approx(expected, abs=0.21)  # one query
        assert "flatters" in report.note and report.n_bank == 500


def test_an_honest_bank_takes_most_of_the_softmax_gain_away(shared_data):
    data = clip_coco(shared_data)
    gains = {}
    for bank in ("same", "other"):
        each = []
        for seed in range(6):
            half = np.random.default_rng(seed).permutation(500)[:250]
            report = rescored_report(data, "image", "text", "inverted_softmax", rows=half, bank=bank, beta=100)
            each.append(report.rescored.r1 - report.raw.r1)
            assert report.n_bank == 250 and report.raw.n_queries == 250
        gains[bank] = np.mean(each)
    assert gains["same"] > 5 and gains["other"] < 1  # 20 splits: +7.9 +- 1.8 and -2.2 +- 2.7


CONTROLLED = {  # section of the reference: mean and sd over 20 splits, R@1 against raw, image to text and back
    ("inverted_softmax", 20): {"same": ((0.8, 1.8), (7.3, 1.7)), "other": ((-1.4, 1.9), (5.0, 2.0))},
    ("inverted_softmax", 100): {"same": ((7.9, 1.8), (12.8, 2.1)), "other": ((-2.2, 2.7), (2.9, 2.0))},
    ("csls", 0): {"same": ((4.5, 1.9), (7.4, 1.3)), "other": ((2.4, 1.7), (5.4, 1.8))},
}


@pytest.mark.parametrize(("method", "beta"), CONTROLLED)
def test_the_controlled_numbers_of_both_banks(shared_data, method, beta):
    """8 splits of our own against 20 of the reference's: within one of its standard deviations."""
    data = clip_coco(shared_data)
    for bank, expected in CONTROLLED[method, beta].items():
        for (src, dst), (mean, sd) in zip((("image", "text"), ("text", "image")), expected, strict=True):
            gains = []
            for seed in range(8):
                half = np.random.default_rng(seed).permutation(500)[:250]
                report = rescored_report(data, src, dst, method, rows=half, bank=bank, beta=beta or 20.0)
                gains.append(report.rescored.r1 - report.raw.r1)
            assert np.mean(gains) == pytest.approx(mean, abs=sd), (bank, src)


def test_hubs_are_counted_with_and_without_rescoring(shared_data):
    data = clip_coco(shared_data)
    report = rescored_report(data, "text", "image", "csls", bank="same")
    assert report.raw_hubs.skewness == pytest.approx(2.36, abs=0.006)
    assert report.hubs.skewness == pytest.approx(1.32, abs=0.02)
    assert len(report.gallery_rows) == len(report.hubs.counts) == 500


def test_more_queries_than_asked_for_are_drawn_and_the_note_says_so():
    report = rescored_report(random_pairs(200), "image", "text", "csls", rows=np.arange(100), most=40)
    assert report.raw.n_queries == report.rescored.n_queries == report.n_bank == 40
    assert report.raw.n_gallery == 100, "the gallery stays whole"
    assert report.note == "Looked at 40 other queries (drawn from 100); tested on 40 (drawn from 100)."


def test_without_other_rows_half_of_the_groups_become_the_bank():
    report = rescored_report(random_pairs(41), "image", "text", "csls")
    assert report.raw.n_queries == 21 and report.n_bank == 20
    assert report.note == "Looked at 20 other queries; tested on 21."
    again = rescored_report(random_pairs(41), "image", "text", "csls")
    assert again.rescored.r1 == report.rescored.r1
    with pytest.raises(UserError, match="too few groups"):
        rescored_report(random_pairs(1), "image", "text", "csls")


def test_a_bank_item_that_is_also_tested_is_not_looked_at():
    data = paired(np.eye(6)[[0, 1, 2, 0, 4, 5]], np.eye(6))  # photo 0 stands in rows 0 (tested) and 3 (bank)
    assert rescored_report(data, "image", "text", "csls", rows=np.arange(3)).n_bank == 2


def test_hubness_of_clip_and_of_a_planted_hub(shared_data):
    data = clip_coco(shared_data)
    for src, dst, expected in (("image", "text", 1.65), ("text", "image", 2.36)):
        found = hubness(gallery_of(data, src), gallery_of(data, dst))
        assert found.skewness == pytest.approx(expected, abs=0.006)
        assert found.counts.sum() == 5000 and found.counts[found.hubs[0]] == found.counts.max()
    gallery = unit(np.vstack([np.ones(6), np.eye(6)]))
    planted = hubness(unit(np.ones((20, 6)) + 0.1 * np.random.default_rng(0).normal(size=(20, 6))), gallery, k=1)
    assert planted.hubs[0] == 0 and planted.counts[0] == 20 and planted.antihubs == pytest.approx(6 / 7)
