"""Planted mispairs are found; ranks of the own partner against a brute force."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from mmexplore.errors import UserError
from mmexplore.retrieval.mispairs import mispairs, near_duplicates, planted_mispairs
from tests.retrieval.paired import captioned, clip_coco, paired, random_pairs


def test_five_per_cent_shuffled_clip_captions_are_found(shared_data):
    data, both, alone = clip_coco(shared_data), [], []
    for seed in range(10):
        random = np.random.default_rng(seed)
        moved = random.choice(500, 25, replace=False)
        text = data.vectors["text"].copy()
        text[moved] = text[np.roll(moved, 1)]
        table = mispairs(paired(data.vectors["image"], text), "image", "text")
        planted = np.isin(table["row"], moved)
        both.append(average_precision_score(planted, -np.arange(500)))
        alone.append(average_precision_score(planted, -table["similarity"]))
    assert np.mean(both) >= 0.95
    assert np.mean(both) > np.mean(alone)  # 0.955 against 0.933


def test_the_check_on_the_persons_own_pairs_is_the_same_measurement(shared_data):
    """As above by the function that the page calls: the target of .95 on CLIP, more than by similarity alone."""
    found = planted_mispairs(clip_coco(shared_data), "image", "text")
    assert (found.n, found.moved, found.draws, found.chance) == (500, 25, 10, 0.05)
    assert found.precision >= 0.95 > found.by_similarity
    assert found == planted_mispairs(clip_coco(shared_data), "image", "text"), "same seed, same figure"


def test_strangers_are_found_no_better_than_by_luck():
    random = np.random.default_rng(0)
    found = planted_mispairs(paired(random.normal(size=(400, 8)), random.normal(size=(400, 8))), "image", "text")
    assert found.precision == pytest.approx(found.chance, abs=0.05)


def test_captions_of_the_own_photo_do_not_make_a_right_pair_suspicious():
    found = planted_mispairs(captioned(60, 3), "image", "text", draws=4)
    assert found.n == 180 and found.precision > 3 * found.chance
    with pytest.raises(UserError, match="too few rows"):
        planted_mispairs(random_pairs(10), "image", "text")
    assert planted_mispairs(random_pairs(50), "image", "text", most=30, draws=1).n == 30


def test_nothing_planted_nothing_suspicious():
    table = mispairs(paired(np.eye(6), np.eye(6)), "image", "text")
    assert (table["suspicion"] == 0).all() and (table["rank_forward"] == 1).all() and (table["similarity"] == 1).all()


def test_ranks_equal_a_brute_force_where_other_captions_of_the_group_do_not_compete():
    data = captioned(15, 3)
    table = mispairs(data, "image", "text").set_index("row")
    image, text = (data.vectors[m] / np.linalg.norm(data.vectors[m], axis=1, keepdims=True) for m in ("image", "text"))
    for row in range(45):
        other = np.flatnonzero(data.groups != data.groups[row])
        score = image[row] @ text.T
        assert table.loc[row, "rank_forward"] == 1 + (score[other] > score[row]).sum()
        assert table.loc[row, "better_dst_row"] == other[score[other].argmax()]
        back = text[row] @ image[::3].T
        assert table.loc[row, "rank_backward"] == 1 + (np.delete(back, row // 3) > back[row // 3]).sum()
        assert data.groups[int(table.loc[row, "better_src_row"])] != data.groups[row]


def test_absent_halves_are_left_out_and_one_row_has_no_rival():
    present = {"image": np.array([1, 1, 0], bool), "text": np.array([1, 1, 1], bool)}
    assert sorted(mispairs(random_pairs(3, present=present), "image", "text")["row"]) == [0, 1]
    single = mispairs(random_pairs(1), "image", "text")
    assert single["better_dst_row"].item() == -1 and np.isnan(single["better_dst_score"].item())
    assert mispairs(random_pairs(3), "image", "text", rows=np.array([], int)).empty


def test_near_duplicates_are_pairs_of_distinct_items():
    vectors = np.eye(6)
    vectors[4] = vectors[1] + [0, 0, 0, 0, 0.1, 0]
    vectors[5] = vectors[0]  # byte for byte the same: one item
    found = near_duplicates(paired(vectors, np.eye(6)), "image", 0.95)
    assert found[["row_a", "row_b"]].to_numpy().tolist() == [[1, 4]]
    assert found["similarity"].item() == pytest.approx(1 / np.sqrt(1.01), abs=1e-6) and not found["same_group"].item()
    assert near_duplicates(paired(vectors, np.eye(6)), "text").empty
