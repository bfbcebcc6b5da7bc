"""Plain arrays of paired items: deriving, saving, splitting."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mmexplore.data.embeddings import Embeddings, concatenate, unit
from mmexplore.data.split import draw_split, held_out_rows
from mmexplore.errors import UserError


def make(n: int = 12, seed: int = 0, labels: np.ndarray | None = None, prefix: str = "i") -> Embeddings:
    rng = np.random.default_rng(seed)
    present = {"a": np.ones(n, bool), "b": rng.random(n) < 0.7}
    return Embeddings(
        vectors={
            m: np.where(present[m][:, None], rng.normal(size=(n, d)), 0).astype(np.float32)
            for m, d in (("a", 3), ("b", 5))
        },
        present=present,
        ids=np.array([f"{prefix}{i}" for i in range(n)], object),
        groups=np.array([f"g{i // 2}" for i in range(n)], object),
        spaces={"a": "s", "b": "t"},
        labels=labels,
        columns=pd.DataFrame({"style": ["x", "y"] * (n // 2)}),
    )


def test_save_and_load_give_the_same_bits(tmp_path):
    before = make(labels=np.array(["ü", ""] * 6, object)).with_splits(np.array(["train"] * 12, object))
    before.save(tmp_path / "e")
    after = Embeddings.load(tmp_path / "e")
    assert after.modalities == before.modalities
    assert after.spaces == before.spaces
    for m in before.modalities:
        assert np.array_equal(after.vectors[m], before.vectors[m])
        assert np.array_equal(after.present[m], before.present[m])
        assert list(after.content[m]) == list(before.content[m])
    assert list(after.labels) == list(before.labels)
    assert list(after.splits) == list(before.splits)
    assert after.columns.equals(before.columns)


def test_numeric_labels_stay_numeric(tmp_path):
    make(labels=np.linspace(0, 1, 12)).save(tmp_path)
    assert Embeddings.load(tmp_path).target_kind == "regression"


def test_damaged_files_are_one_sentence(tmp_path):
    make().save(tmp_path)
    (tmp_path / "vectors.safetensors").write_bytes(b"no")
    with pytest.raises(UserError, match="cannot be read"):
        Embeddings.load(tmp_path)


def test_hide_makes_cells_absent_and_zero():
    embeddings = make()
    mask = np.zeros((12, 2), bool)
    mask[3, 0] = True
    hidden = embeddings.hide(mask)
    assert not hidden.present["a"][3]
    assert not hidden.vectors["a"][3].any()
    assert embeddings.present["a"][3], "the original is untouched"
    assert hidden.content["a"][3] == ""


def test_rows_must_agree():
    with pytest.raises(UserError, match="expected 2 rows"):
        Embeddings(
            vectors={"a": np.zeros((3, 1), np.float32)},
            present={"a": np.ones(3, bool)},
            ids=np.array(["x", "y"], object),
            groups=np.array(["x", "y"], object),
            spaces={"a": "s"},
        )


def test_concatenate_stacks_and_refuses_shared_ids():
    one, two = make(), make(seed=1, prefix="j")
    both = concatenate([one, two])
    assert len(both) == 24
    assert np.array_equal(both.vectors["b"][12:], two.vectors["b"])
    with pytest.raises(UserError, match="share ids"):
        concatenate([one, one])


@pytest.mark.parametrize("seed", range(5))
def test_split_keeps_groups_together_and_label_shares(seed):
    rng = np.random.default_rng(seed)
    n = 400
    groups = np.array([f"g{i // 4}" for i in range(n)], object)
    labels = np.repeat(rng.choice(["p", "q"], size=n // 4, p=[0.8, 0.2]), 4).astype(object)
    embeddings = Embeddings(
        vectors={"a": rng.normal(size=(n, 2)).astype(np.float32)},
        present={"a": np.ones(n, bool)},
        ids=np.arange(n).astype(str).astype(object),
        groups=groups,
        spaces={"a": "s"},
        labels=labels,
    )
    split = draw_split(embeddings, seed=seed)
    assert np.array_equal(split, draw_split(embeddings, seed=seed))
    for g in np.unique(groups):
        assert len(set(split[groups == g])) == 1
    assert (split == "test").sum() == 80
    for label in ("p", "q"):
        assert (split[labels == label] == "test").mean() == pytest.approx(0.2, abs=0.06)
    assert not np.array_equal(split, draw_split(embeddings, seed=seed + 100))


def test_dev_is_val_wherever_rows_are_held_out():
    splits = np.array(["train"] * 8 + ["dev"] * 4, object)
    embeddings = make().with_splits(splits)
    for rows in (embeddings.in_split("val"), embeddings.in_split("dev"), held_out_rows(embeddings)):
        assert rows.tolist() == (splits == "dev").tolist()


def test_one_group_alone_is_all_train():
    embeddings = make(2)
    assert list(draw_split(embeddings)) == ["train", "train"]


def test_unit_length_of_tiny_numbers_of_zeros_and_of_absent_rows():
    rows = np.array([[3.0, 4.0], [0.0, 0.0], [1e-30, 0.0], [1.0, 1.0]])
    found = unit(rows, np.array([True, True, True, False]))
    np.testing.assert_allclose(found, [[0.6, 0.8], [0, 0], [1, 0], [0, 0]])
    assert found.dtype == np.float32 and unit(np.array([3, 4])).tolist() == pytest.approx([0.6, 0.8])
    assert (rows[3] == 1).all()  # what was given is left as it was


def test_group_codes_are_those_of_the_rows_that_are_left():
    data = Embeddings.of({"a": np.ones((4, 2))}, groups=["b", "a", "b", "c"])
    assert data.group_codes.tolist() == [1, 0, 1, 2] and data.take([0, 2, 3]).group_codes.tolist() == [0, 0, 1]
