"""Ranks, recall, chance and intervals against oracles written from their definitions."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmexplore.errors import UserError
from mmexplore.retrieval import ranks as ranks_module
from mmexplore.retrieval.chance import chance_average_precision, chance_hit, chance_median_rank, chance_mrr
from mmexplore.retrieval.gallery import gallery_of
from mmexplore.retrieval.metrics import map_label, match_rank, ranks, retrieval_report, worst_failures
from mmexplore.retrieval.ranks import ranks_of
from tests.retrieval.paired import captioned, clip_coco, paired, random_pairs


def brute_force_ranks(scores: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """From the definition, one query at a time: #greater + #ties / 2 + 1 over wrong items, least over correct ones."""
    answer = []
    for line, correct in zip(scores, relevant, strict=True):
        wrong = line[~correct]
        each = [1 + (wrong > s).sum() + (wrong == s).sum() / 2 for s in line[correct]]
        answer.append(min(each) if each else np.nan)
    return np.array(answer)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 9))
def test_ranks_with_many_ties_equal_the_definition(seed, n_queries, n_items):
    random = np.random.default_rng(seed)
    queries = random.integers(-1, 2, (n_queries, 3)).astype(np.float32)  # few values: exact ties abound
    gallery = random.integers(-1, 2, (n_items, 3)).astype(np.float32)
    relevant = random.random((n_queries, n_items)) < 0.3
    starts = np.concatenate([[0], np.cumsum(relevant.sum(axis=1))])
    found = ranks_of(queries, gallery, starts, np.nonzero(relevant)[1])
    np.testing.assert_array_equal(found, brute_force_ranks(queries @ gallery.T, relevant))


def test_blocks_change_nothing(monkeypatch):
    data = captioned(40, 3)
    queries, gallery = gallery_of(data, "image"), gallery_of(data, "text")
    whole, back = ranks(queries, gallery), ranks(gallery, queries)
    monkeypatch.setattr(ranks_module, "BLOCK_BYTES", 4 * 7 * len(gallery))
    np.testing.assert_array_equal(ranks(queries, gallery), whole)
    np.testing.assert_array_equal(ranks(gallery, queries), back)


def test_several_captions_count_the_best_and_do_not_compete():
    data = captioned(30, 3)
    photos, captions = gallery_of(data, "image"), gallery_of(data, "text")
    relevant = captions.group_names[None, :] == photos.group_names[:, None]
    expected = brute_force_ranks(photos.vectors @ captions.vectors.T, relevant)
    np.testing.assert_array_equal(ranks(photos, captions), expected)
    assert np.isnan(ranks(photos, gallery_of(data, "text", np.arange(3)))[1:]).all()


def test_a_constant_similarity_gets_the_middle_rank():
    data = paired(
        np.ones((9, 4)) + 1e-9 * np.arange(9)[:, None],
        np.ones((9, 4)),
        content={m: np.array([f"{m}{i}" for i in range(9)], object) for m in ("image", "text")},
    )
    report = retrieval_report(data, "image", "text")
    assert (report.ranks == 5).all() and report.r1 == 0 and report.r5 == 100


def test_equal_vectors_are_ties_wherever_they_lie():
    random = np.random.default_rng(0)
    text = np.repeat(random.normal(size=(1, 300)), 501, axis=0)
    keys = {m: np.array([f"{m}{i}" for i in range(501)], object) for m in ("image", "text")}
    report = retrieval_report(paired(random.normal(size=(501, 300)), text, content=keys), "image", "text")
    assert (report.ranks == 251).all()


def test_torchmetrics_agrees():
    torch = pytest.importorskip("torch")
    from torchmetrics.retrieval import RetrievalHitRate, RetrievalMAP, RetrievalMRR

    labels = np.array([f"c{i % 4}" for i in range(60)], object)
    data = random_pairs(60, 6, labels=labels)
    queries, gallery = gallery_of(data, "image"), gallery_of(data, "text")
    score = torch.tensor(queries.vectors @ gallery.vectors.T).flatten() + 2  # it takes scores of 0 and less as misses
    index = torch.arange(60).repeat_interleave(60)
    own = torch.eye(60, dtype=torch.bool).flatten()
    report = retrieval_report(data, "image", "text")
    for k, mine in ((1, report.r1), (5, report.r5), (10, report.r10)):
        assert 100 * RetrievalHitRate(top_k=k)(score, own, indexes=index).item() == pytest.approx(mine, abs=1e-3)
    assert 100 * RetrievalMRR()(score, own, indexes=index).item() == pytest.approx(report.mrr, abs=1e-3)
    same = torch.tensor(labels[:, None] == labels[None, :]).flatten()
    found = map_label(data, "image", "text")
    assert 100 * RetrievalMAP()(score, same, indexes=index).item() == pytest.approx(found.map, abs=1e-3)


def test_map_label_within_a_modality_leaves_the_query_out():
    from sklearn.metrics import average_precision_score

    labels = np.array(["a", "b", "", "a", "b", "a", "c", "b"] * 4, object)
    data = random_pairs(32, 4, labels=labels)
    points = gallery_of(data, "image").vectors
    known = np.flatnonzero(labels != "")
    scores = []
    for q in known:
        others = known[known != q]
        scores.append(average_precision_score(labels[others] == labels[q], points[others] @ points[q]))
    found = map_label(data, "image", "image")
    assert found.map == pytest.approx(100 * np.mean(scores), abs=1e-4) and found.n_gallery == len(known) - 1
    assert found.interval[0] < found.map < found.interval[1]
    assert map_label(data.with_labels(None), "image", "text") is None
    assert map_label(data.with_labels(np.arange(32.0)), "image", "text") is None
    sample = map_label(data, "image", "text", max_queries=10)
    assert sample.n_queries == 10 and sample.n_queries_of == len(known)


def enumerate_chance(n: int, r: int) -> tuple[list[float], float, float]:
    """Hit rates at 1..n, mean reciprocal rank and mean average precision over every placement of r items in n."""
    places = list(combinations(range(1, n + 1), r))
    hits = [np.mean([p[0] <= k for p in places]) for k in range(1, n + 1)]
    precision = [np.mean([(i + 1) / x for i, x in enumerate(p)]) for p in places]
    return hits, float(np.mean([1 / p[0] for p in places])), float(np.mean(precision))


@pytest.mark.parametrize(("n", "r"), [(1, 1), (5, 1), (6, 2), (7, 3), (4, 4)])
def test_chance_levels_equal_full_enumeration(n, r):
    hits, mrr, precision = enumerate_chance(n, r)
    counts = np.array([r])
    for k, hit in enumerate(hits, 1):
        assert chance_hit(counts, n, k) == pytest.approx(hit)
    assert chance_hit(counts, n, n + 5) == pytest.approx(1)
    assert chance_mrr(counts, n) == pytest.approx(mrr)
    assert chance_average_precision(counts, n) == pytest.approx(precision)


def test_chance_median_of_one_correct_item_is_the_middle():
    assert chance_median_rank(np.ones(3, int), 9) == 5
    assert chance_median_rank(np.ones(3, int), 10) == 5.5
    assert chance_median_rank(np.array([2]), 4) == pytest.approx(
        np.median([min(p[:2]) for p in permutations(range(1, 5))])
    )
    assert chance_mrr(np.array([1, 1, 2]), 4) == pytest.approx(
        (2 * chance_mrr(np.array([1]), 4) + chance_mrr(np.array([2]), 4)) / 3
    )


def test_unrelated_halves_score_at_chance():
    random = np.random.default_rng(1)
    data = captioned(200, 3)
    data = data.with_vectors(
        {m: random.normal(size=v.shape).astype(np.float32) for m, v in data.vectors.items()}, data.spaces
    )
    report = retrieval_report(data, "image", "text")
    for metric in ("r5", "r10", "mrr"):
        low, high = report.intervals[metric]
        assert low <= getattr(report, "chance_" + metric) <= high
    assert report.chance_median_rank == pytest.approx(report.median_rank, rel=0.35)


def test_clip_coco_reproduces_the_known_numbers(shared_data):
    data = clip_coco(shared_data)
    there, back = retrieval_report(data, "image", "text"), retrieval_report(data, "text", "image")
    assert [there.r1, there.r5, there.r10] == pytest.approx([55.2, 80.8, 89.2], abs=1e-9)
    assert [back.r1, back.r5, back.r10] == pytest.approx([50.6, 76.6, 86.2], abs=1e-9)
    assert [there.chance_r1, there.chance_r10, there.chance_median_rank] == pytest.approx([0.2, 2.0, 250.5])
    low, high = there.intervals["r1"]
    assert low == pytest.approx(55.2 - 1.96 * 2.22, abs=0.8) and high == pytest.approx(55.2 + 1.96 * 2.22, abs=0.8)
    answer = there.as_dict()
    assert (
        answer["r@1"] == 55.2
        and answer["chance_r@10"] == 2.0
        and answer["intervals"]["r@1"] == pytest.approx([low, high])
    )


def test_intervals_draw_whole_groups():
    """Five equal captions of a photo carry the information of one: the interval must not shrink."""
    random = np.random.default_rng(0)
    photo = random.normal(size=(60, 5))
    text = photo + 2.0 * random.normal(size=photo.shape)
    single = retrieval_report(paired(text, photo), "image", "text").intervals["r5"]
    groups = np.repeat([f"p{i}" for i in range(60)], 5).astype(object)
    rows = np.repeat(np.arange(60), 5)
    keys = {"image": np.arange(300).astype(str).astype(object), "text": rows.astype(str).astype(object)}
    many = retrieval_report(paired(text[rows], photo[rows], groups=groups, content=keys), "image", "text").intervals[
        "r5"
    ]
    assert many[1] - many[0] == pytest.approx(single[1] - single[0], rel=0.15)


def test_missing_halves_do_not_count_and_it_is_said():
    present = {"image": np.arange(40) % 4 != 0, "text": np.arange(40) % 5 != 0}
    data = random_pairs(40, present=present)
    report = retrieval_report(data, "image", "text")
    both = int((present["image"] & present["text"]).sum())
    assert (report.n_queries, report.n_gallery, report.n_left_out, report.n_asked) == (both, both, 40 - both, 40)
    assert set(report.query_rows) == set(np.flatnonzero(present["image"] & present["text"]))
    with pytest.raises(UserError, match="no item has a partner"):
        retrieval_report(data, "image", "text", rows=np.array([0, 5]))


def test_a_sample_of_queries_asks_the_whole_gallery():
    report = retrieval_report(random_pairs(50), "image", "text", max_queries=10)
    assert (report.n_queries, report.n_gallery) == (10, 50)


def test_worst_failures_name_what_was_found_instead():
    data = captioned(20, 2)
    report = retrieval_report(data, "text", "image")
    table = worst_failures(data, report, 5)
    assert len(table) == 5 and table["rank"].is_monotonic_decreasing
    for row in table.itertuples():
        score = gallery_of(data, "image").vectors @ gallery_of(data, "text").vectors[row.query_row]
        photos = gallery_of(data, "image").rows
        assert row.found_row == photos[score.argmax()] and row.found_score == pytest.approx(score.max(), abs=1e-5)
        assert data.groups[row.match_row] == data.groups[row.query_row] and row.found_row != row.match_row
        assert row.query_id == data.ids[row.query_row]
    assert worst_failures(data, retrieval_report(paired(np.eye(5), np.eye(5)), "image", "text")).empty


def test_rank_of_the_match_of_one_query():
    data = captioned(20, 2)
    gallery = gallery_of(data, "image")
    report = retrieval_report(data, "text", "image")
    for q in (0, 7, 33):
        row = report.query_rows[q]
        assert match_rank(gallery, data.vectors["text"][row], [data.groups[row]]) == report.ranks[q]
    assert match_rank(gallery, data.vectors["text"][0], ["elsewhere"]) is None
