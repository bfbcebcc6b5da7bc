"""Geometry of spaces against closed forms, definitions and the known CLIP numbers."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness as sklearn_trustworthiness

from mmexplore.data.embeddings import unit
from mmexplore.latent.gap import shift_gap
from mmexplore.latent.geometry import alignment_uniformity, linear_cka, modality_gap
from mmexplore.latent.neighbours import continuity, mutual_knn, neighbour_overlap, trustworthiness
from mmexplore.retrieval.metrics import retrieval_report
from tests.retrieval.paired import clip_coco, paired, random_pairs


def test_clip_coco_reproduces_the_known_numbers(shared_data):
    data = clip_coco(shared_data)
    a, b = data.vectors["image"], data.vectors["text"]
    gap = modality_gap(a, b)
    assert gap.distance == pytest.approx(0.8514, abs=5e-5) and gap.separability == 1 and gap.n == 1000
    spread = alignment_uniformity(a, b)
    found = [spread.alignment, spread.uniformity_a, spread.uniformity_b]
    assert found == pytest.approx([1.380, -1.795, -1.841], abs=1e-3)
    assert mutual_knn(a, b) == pytest.approx(0.249, abs=5e-4)
    # 0.636 is the biased form; of the unbiased one 0.03 was the bias.
    assert linear_cka(a, b, unbiased=False) == pytest.approx(0.636, abs=5e-4)
    assert linear_cka(a, b) == pytest.approx(0.605, abs=5e-4)


def test_nulls():
    random = np.random.default_rng(0)
    a, b = random.normal(size=(400, 200)), random.normal(size=(400, 150))
    assert abs(linear_cka(a, b)) < 0.02 < 0.3 < linear_cka(a, b, unbiased=False)
    assert mutual_knn(a, b) == pytest.approx(10 / 399, abs=0.012)
    same = modality_gap(a[:200, :20], a[200:, :20])
    assert same.separability == pytest.approx(0.5, abs=0.12) and same.distance < 0.35
    apart = modality_gap(a[:, :20] + 1, a[:, :20] - 1)
    assert apart.separability > 0.95


def test_unbiased_cka_equals_its_kernel_form_and_ignores_rotation():
    random = np.random.default_rng(1)
    a, b = random.normal(size=(30, 5)), random.normal(size=(30, 8))
    b[:, 0] += 2 * a[:, 0]

    def hsic(k, m):
        n, one = len(k), np.ones(len(k))
        k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
        return np.trace(k @ m) + k.sum() * m.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * (one @ k @ m @ one)

    k, m = a @ a.T, b @ b.T
    assert linear_cka(a, b) == pytest.approx(hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m)), rel=1e-9)
    turned = np.linalg.qr(random.normal(size=(5, 5)))[0]
    assert linear_cka(a, 3 * a @ turned + 7) == pytest.approx(1)
    assert np.isnan(linear_cka(a, np.ones((30, 2)))) and np.isnan(linear_cka(a[:3], b[:3]))


def test_alignment_and_uniformity_equal_their_definitions():
    random = np.random.default_rng(0)
    a, b = unit(random.normal(size=(40, 6))), unit(random.normal(size=(40, 6)))
    found = alignment_uniformity(a, b)
    squared = ((a[:, None] - a[None]) ** 2).sum(axis=2)[~np.eye(40, dtype=bool)]
    assert found.alignment == pytest.approx(((a - b) ** 2).sum(axis=1).mean(), rel=1e-5)
    assert found.uniformity_a == pytest.approx(np.log(np.exp(-2 * squared).mean()), rel=1e-4)
    assert alignment_uniformity(np.repeat(a, 200, axis=0), np.repeat(b, 200, axis=0), max_rows=100).n == 100
    assert (
        np.isnan(alignment_uniformity(a[:1], b[:1]).uniformity_a) and alignment_uniformity(a[:1], a[:1]).alignment == 0
    )


@pytest.mark.parametrize("k", [1, 5, 12])
def test_trustworthiness_and_continuity_equal_scikit_learn(k):
    random = np.random.default_rng(0)
    high = unit(random.normal(size=(80, 10)))
    low = high[:, :2] + 0.01 * random.normal(size=(80, 2)).astype(np.float32)
    assert trustworthiness(high, low, k) == pytest.approx(sklearn_trustworthiness(high, low, n_neighbors=k), abs=1e-4)
    assert continuity(high, low, k) == pytest.approx(sklearn_trustworthiness(low, high, n_neighbors=k), abs=1e-4)
    assert trustworthiness(high, low, k, max_queries=60) == pytest.approx(trustworthiness(high, low, k), abs=0.03)
    assert trustworthiness(high, high, k) == 1 and np.isnan(trustworthiness(high[:3], low[:3]))


def test_mutual_neighbours_equal_the_definition():
    random = np.random.default_rng(0)
    a, b = unit(random.normal(size=(50, 4))), unit(random.normal(size=(50, 4)))

    def near(points):
        return np.argsort(-(points @ points.T) + 9 * np.eye(50), axis=1)[:, :6]

    shared = [len(set(x) & set(y)) / 6 for x, y in zip(near(a), near(b), strict=True)]
    assert mutual_knn(a, b, 6) == pytest.approx(np.mean(shared))
    assert mutual_knn(a, a, 100) == 1 and np.isnan(mutual_knn(a[:1], b[:1]))


def test_overlap_says_which_modality_the_fused_space_follows():
    random = np.random.default_rng(0)
    data = paired(random.normal(size=(300, 12)), random.normal(size=(300, 12)))
    followed = neighbour_overlap(data.vectors["image"], data, 10)
    assert followed.share["image"] == 1 and followed.new == 0
    assert followed.share["text"] == pytest.approx(followed.chance["text"], abs=0.015)
    assert followed.chance["text"] == pytest.approx(10 / 299)
    assert followed.together == pytest.approx(followed.share["text"])
    mixed = neighbour_overlap(np.hstack([unit(v) for v in data.vectors.values()]), data, 10)
    assert mixed.share["image"] > 5 * mixed.chance["image"] < mixed.share["text"] and mixed.new > 0.1
    low, high = mixed.interval["image"]
    assert low < mixed.share["image"] < high
    null = neighbour_overlap(random.normal(size=(300, 5)), data, 10)
    assert null.share["image"] == pytest.approx(null.chance["image"], abs=0.015) and null.new > 0.9


def test_overlap_of_holes_samples_and_tiny_data():
    present = {"image": np.arange(60) % 3 != 0, "text": np.arange(60) != 1}
    data = random_pairs(60, present=present)
    found = neighbour_overlap(data.vectors["text"], data, 5, max_queries=20)
    assert found.n_rows == {"image": 40, "text": 59} and found.n_queries == {"image": 20, "text": 20}
    assert found.chance["image"] == pytest.approx(5 / 39) and found.share["text"] == 1
    assert found.note == "The 5 nearest rows of each were compared (image: 20 of 40 rows; text: 20 of 59 rows)."
    for n in (1, 2, 3):
        tiny = neighbour_overlap(np.eye(n), random_pairs(n), 10)
        assert (np.isnan(tiny.share["image"]) and np.isnan(tiny.new)) if n == 1 else tiny.share["image"] == 1
    twins = paired(np.ones((30, 4)), np.ones((30, 4)))
    assert 0 <= neighbour_overlap(np.ones((30, 4)), twins).share["image"] <= 1


def test_the_gap_slider_closes_opens_and_leaves_alone():
    data = random_pairs(200, 16, noise=0.5, present={"image": np.arange(200) != 7, "text": np.ones(200, bool)})
    offset = np.zeros(16, np.float32)
    offset[0] = 3
    moved = {"image": data.vectors["image"] + offset, "text": data.vectors["text"] - offset}
    data = data.with_vectors({m: v * data.present[m][:, None] for m, v in moved.items()}, data.spaces)

    def gap(amount):
        shifted = shift_gap(data, amount)
        return modality_gap(*(shifted.vectors[m][data.present[m]] for m in ("image", "text")), probe=False).distance

    assert gap(1) < 0.1 * gap(0) and gap(0.5) < gap(0) < gap(-0.5)
    same = shift_gap(data, 0)
    np.testing.assert_allclose(same.vectors["image"], unit(data.vectors["image"]), atol=1e-6)
    shifted = shift_gap(data, 0.7)
    assert (shifted.vectors["image"][7] == 0).all() and shifted.content is not None
    np.testing.assert_allclose(np.linalg.norm(shifted.vectors["text"], axis=1), 1, rtol=1e-5)
    assert retrieval_report(shift_gap(data, 1), "image", "text").r1 > retrieval_report(data, "image", "text").r1


def test_two_means_fall_together_exactly_before_renormalising():
    a = unit(np.random.default_rng(0).normal(size=(50, 4)) + 1)
    b = unit(np.random.default_rng(1).normal(size=(50, 4)) - 1)
    half = (a.mean(axis=0) - b.mean(axis=0)) / 2
    found = shift_gap(paired(a, b), 1)
    np.testing.assert_allclose(found.vectors["image"], unit(a - half), atol=1e-5)
    np.testing.assert_allclose(found.vectors["text"], unit(b + half), atol=1e-5)
