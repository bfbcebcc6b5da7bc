"""Galleries: each distinct item once, absent rows nowhere, groups of every row kept."""

import numpy as np
import pytest

from mmexplore.errors import UserError
from mmexplore.retrieval.gallery import check_shared, correct_items, gallery_of, paired_galleries
from tests.retrieval.paired import captioned, paired, random_pairs


def test_a_photo_with_three_captions_is_one_item_and_three_queries():
    data = captioned(n_photos=5, captions=3)
    photos, captions = gallery_of(data, "image"), gallery_of(data, "text")
    assert len(photos) == 5 and len(captions) == 15
    assert photos.rows.tolist() == [0, 3, 6, 9, 12]
    starts, items = correct_items(photos, captions)
    assert items[starts[2] : starts[3]].tolist() == [6, 7, 8]
    np.testing.assert_allclose(np.linalg.norm(captions.vectors, axis=1), 1, rtol=1e-5)


def test_one_caption_under_two_photos_is_correct_for_both():
    text = np.eye(4)[[0, 0, 1, 2]]
    data = paired(np.eye(4), text)
    captions, photos = gallery_of(data, "text"), gallery_of(data, "image")
    assert len(captions) == 3
    starts, items = correct_items(captions, photos)
    assert items[starts[0] : starts[1]].tolist() == [0, 1]


def test_absent_rows_are_in_no_gallery_and_are_counted():
    present = {"image": np.array([1, 1, 0, 1], bool), "text": np.array([1, 0, 1, 1], bool)}
    data = paired(np.eye(4), np.eye(4), present)
    queries, gallery, left_out = paired_galleries(data, "image", "text")
    assert queries.rows.tolist() == [0, 3] and gallery.rows.tolist() == [0, 3] and left_out == 2
    assert gallery_of(data, "image").rows.tolist() == [0, 1, 3]


def test_halves_of_a_group_may_stand_in_different_rows():
    present = {"image": np.array([1, 0, 1, 0], bool), "text": np.array([0, 1, 0, 1], bool)}
    data = paired(np.eye(4), np.eye(4), present, groups=np.array(["a", "a", "b", "b"], object))
    queries, gallery, left_out = paired_galleries(data, "image", "text")
    assert len(queries) == len(gallery) == 2 and left_out == 0
    assert correct_items(queries, gallery)[1].tolist() == [0, 1]


def test_rows_limit_the_gallery_and_an_item_never_finds_itself():
    data = captioned(n_photos=4, captions=2)
    some = gallery_of(data, "text", np.array([1, 0, 1, 1, 0, 0, 0, 0], bool))
    assert some.rows.tolist() == [0, 2, 3] and some.item_of_row.tolist() == [0, -1, 1, 2, -1, -1, -1, -1]
    starts, items = correct_items(some, some)
    assert np.diff(starts).tolist() == [0, 1, 1] and items.tolist() == [2, 1]


def test_take_keeps_groups_and_rows_together():
    data = captioned(n_photos=6, captions=2)
    whole = gallery_of(data, "text")
    chosen = whole.take(np.array([7, 2, 11]))
    assert chosen.rows.tolist() == [7, 2, 11] and chosen.item_of_row[[7, 2, 11, 0]].tolist() == [0, 1, 2, -1]
    assert chosen.group_names.tolist() == ["p3", "p1", "p5"]
    assert chosen.items_of(["p5"]).tolist() == [2]


def test_different_spaces_cannot_be_compared():
    data = random_pairs(4, spaces={"image": "a", "text": "b"})
    with pytest.raises(UserError, match="different spaces"):
        check_shared(data, ["image", "text"])
    with pytest.raises(UserError, match="no modality called 'sound'"):
        gallery_of(data, "sound")
