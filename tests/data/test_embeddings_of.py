"""Embeddings from plain arrays: what is taken, what it becomes, and the one sentence for what does not fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mmexplore.data.embeddings import Embeddings, concatenate
from mmexplore.errors import UserError

N = 6


def arrays(n: int = N) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {"image": rng.normal(size=(n, 4)), "text": rng.normal(size=(n, 3)).astype(np.float32)}


def test_plain_arrays_are_enough():
    given = arrays()
    made = Embeddings.of(given)
    assert made.modalities == ["image", "text"] and made.dims == {"image": 4, "text": 3} and made.mask.all()
    assert made.vectors["image"].dtype == np.float32
    assert np.array_equal(made.vectors["image"], given["image"].astype(np.float32))
    assert made.ids.tolist() == made.groups.tolist() == ["0", "1", "2", "3", "4", "5"]
    assert made.labels is None and made.splits is None and made.spaces == {"image": "as-is:image", "text": "as-is:text"}


@pytest.mark.parametrize("make", [np.asarray, lambda a: a.tolist(), pd.DataFrame], ids=["array", "list", "frame"])
def test_arrays_lists_and_tables_give_the_same(make):
    given = arrays()
    made, known = Embeddings.of({m: make(v) for m, v in given.items()}), Embeddings.of(given)
    for m in given:
        assert np.array_equal(made.vectors[m], known.vectors[m])


def test_a_row_of_nan_is_absent_and_present_says_the_rest():
    given = arrays()
    given["text"][2] = np.nan
    made = Embeddings.of(given, present={"image": [1, 1, 1, 0, 1, 1]})
    assert made.present["text"].tolist() == [True, True, False, True, True, True]
    assert made.present["image"].tolist() == [True, True, True, False, True, True]
    assert not made.vectors["text"][2].any() and not made.vectors["image"][3].any()
    assert made.content["text"][2] == "" and made.content["text"][1] != ""


@pytest.mark.parametrize(
    ("labels", "kept"),
    [
        (np.array([0, 1, 1, 0, 2, 2]), [0, 1, 1, 0, 2, 2]),
        (np.array([0.0, 1.0, np.nan, 0.0, 2.0, 2.0]), [0.0, 1.0, "", 0.0, 2.0, 2.0]),
        (["a", None, "", "b", "a", "b"], ["a", "", "", "b", "a", "b"]),
        (pd.Series(["x", "y"] * 3, dtype="category"), ["x", "y"] * 3),
        ([(1, 2), (1, 3)] * 3, [(1, 2), (1, 3)] * 3),
        (np.array([True, False] * 3), [True, False] * 3),
    ],
)
def test_classes_are_kept_as_given(labels, kept):
    made = Embeddings.of(arrays(), labels=labels)
    assert made.target_kind == "classification" and made.labels.dtype == object
    assert made.labels.tolist() == kept and [type(v) for v in made.labels] == [type(v) for v in kept]


@pytest.mark.parametrize(
    "labels", [[3, 1, 1, 3, "", 3], [1.0, 2.0, "", 1.0, 2.0, 2.0], [True, False, "", True, True, False]]
)
def test_classes_are_saved_and_read_as_they_were(labels, tmp_path):
    made = Embeddings.of(arrays(), labels=labels)
    made.save(tmp_path)
    read = Embeddings.load(tmp_path).labels.tolist()
    assert read == labels and [type(v) for v in read] == [type(v) for v in labels]


def test_a_target_is_numbers():
    made = Embeddings.of(arrays(), target=[1, 2.5, None, np.nan, 3, 4])
    assert made.target_kind == "regression"
    assert np.array_equal(made.labels, [1, 2.5, np.nan, np.nan, 3, 4], equal_nan=True)


def test_spellings_of_splits_are_understood():
    made = Embeddings.of(arrays(), splits=["Train", "training", "validation", "dev", "Test", None])
    assert made.splits.tolist() == ["train", "train", "val", "val", "test", ""]
    assert made.in_split("train").sum() == 2


def test_ids_groups_spaces_and_columns_may_be_given():
    made = Embeddings.of(
        arrays(), ids=range(10, 16), groups=list("aabbcc"), spaces={"image": "clip"}, columns={"style": list("xyxyxy")}
    )
    assert made.ids.tolist() == ["10", "11", "12", "13", "14", "15"] and made.groups.tolist() == list("aabbcc")
    assert made.spaces == {"image": "clip", "text": "as-is:text"} and list(made.columns["style"]) == list("xyxyxy")


def broken(modality: str, row: int, value: float) -> dict[str, np.ndarray]:
    given = arrays()
    given[modality][row, 1] = value
    return given


WRONG = [
    (lambda: Embeddings.of({}), "no modality"),
    (lambda: Embeddings.of({"a": [1, 2, 3]}), r"modality a: its shape is \(3,\)"),
    (lambda: Embeddings.of({"a": [["x", "y"]]}), "modality a: it is no matrix of numbers"),
    (lambda: Embeddings.of({"a": [[1, 2], [3]]}), "modality a: it is no matrix of numbers"),
    (lambda: Embeddings.of({**arrays(), "b": np.zeros((5, 2))}), "modality b: expected 6 rows, found 5"),
    (lambda: Embeddings.of(broken("image", 3, np.nan)), r"modality image: row 3 \(id 3\) has 1 of 4 numbers NaN"),
    (lambda: Embeddings.of(broken("text", 1, np.inf)), r"modality text: row 1 \(id 1\) .* infinite"),
    (lambda: Embeddings.of(broken("image", 1, 1e300)), "too large for float32"),
    (lambda: Embeddings.of(arrays(), present={"image": [2] * N}), "present of image: it must be true or false"),
    (lambda: Embeddings.of(arrays(), present={"image": [1] * 4}), "present of image: expected 6 values, found 4"),
    (lambda: Embeddings.of(arrays(), present={"sound": [1] * N}), "modality sound: there are no vectors"),
    (lambda: Embeddings.of(arrays(), ids=["a"] * N), "ids: 'a' is there more than once"),
    (lambda: Embeddings.of(arrays(), ids=["a", None, *"cdef"]), "ids: row 1 has none"),
    (lambda: Embeddings.of(arrays(), groups=list("abc")), "groups: expected 6 values, found 3"),
    (lambda: Embeddings.of(arrays(), labels=list("abc")), "labels: expected 6 values, found 3"),
    (lambda: Embeddings.of(arrays(), labels=np.zeros((N, 2))), r"labels: .* shape \(6, 2\)"),
    (lambda: Embeddings.of(arrays(), labels=[0.5, 1, 2, 3, 4, 5]), "labels: 0.5 is no whole number; .*target="),
    (lambda: Embeddings.of(arrays(), labels=[1, "1", 2, 3, 4, 5]), "read the same"),
    (lambda: Embeddings.of(arrays(), labels=[{1}] * N), "a class must be a plain value"),
    (lambda: Embeddings.of(arrays(), labels=[1] * N, target=[1] * N), "both labels and a target"),
    (lambda: Embeddings.of(arrays(), target=list("abcdef")), "target: it must be numbers"),
    (lambda: Embeddings.of(arrays(), target=[np.inf] * N), "target: row 0 is infinite"),
    (lambda: Embeddings.of(arrays(), splits=["train"] * 5 + ["holiday"]), "splits: 'holiday' is no split"),
    (lambda: Embeddings.of(arrays(), spaces={"sound": "s"}), "modality sound"),
    (lambda: Embeddings.of(arrays(), columns={"style": [1]}), "column style: expected 6 values, found 1"),
    (lambda: Embeddings.of(arrays(), columns=pd.DataFrame({"s": [1]})), "columns: expected 6 rows, found 1"),
    (
        lambda: Embeddings.of({m: pd.DataFrame(v, index=range(i, N + i)) for i, (m, v) in enumerate(arrays().items())}),
        "text: its index is not that of image",
    ),
]


@pytest.mark.parametrize(("make", "said"), WRONG, ids=[said[:40] for _, said in WRONG])
def test_what_does_not_fit_is_one_sentence(make, said):
    with pytest.raises(UserError, match=said) as told:
        make()
    assert "\n" not in str(told.value)


FIELDS = [
    ({"present": {"image": np.ones(N, bool)}}, "modality text: `present` has no entry"),
    ({"spaces": {"image": "a"}}, "modality text: `spaces` has no entry"),
    ({"spaces": {"image": "a", "text": "b", "sound": "c"}}, "modality sound: `spaces` names it"),
    ({"present": {m: np.ones(N, int) for m in ("image", "text")}}, "modality image: `present` must be 6 truth values"),
    ({"labels": np.array(list("abcde"), object)}, "labels: expected 6 values, found 5"),
    ({"groups": np.array(list("abc"), object)}, "groups: expected 6 values, found 3"),
    ({"ids": np.array(["a"] * N, object)}, "ids: 'a' is there more than once"),
    ({"splits": np.array(["Train"] * N, object)}, "splits: 'Train' is no split"),
    ({"splits": np.array(["train"] * 4, object)}, "splits: expected 6 values, found 4"),
    ({"content": {"image": np.full(N, "k", object)}}, "modality text: `content` has no entry"),
    ({"columns": pd.DataFrame({"style": [1, 2]})}, "columns: 2 rows for 6 items"),
    ({"vectors": {"image": np.full((N, 4), np.nan), "text": np.zeros((N, 3))}}, "image: row 0 holds NaN or infinity"),
    (
        {"vectors": {"image": np.zeros((N, 4), str), "text": np.zeros((N, 3))}},
        "modality image: expected numbers",
    ),
]


@pytest.mark.parametrize(("change", "said"), FIELDS, ids=[said[:40] for _, said in FIELDS])
def test_no_inconsistent_embeddings_are_made(change, said):
    with pytest.raises(UserError, match=said):
        replace(Embeddings.of(arrays()), **change)


def test_what_is_derived_is_checked_where_it_is_new():
    made = Embeddings.of(arrays(), labels=list("ababab"))
    with pytest.raises(UserError, match="splits"):
        made.with_splits(np.array(["Train"] * N, object))
    with pytest.raises(UserError, match="labels"):
        made.with_labels(np.array(["a"], object))
    with pytest.raises(UserError, match="NaN or infinity"):
        made.with_vectors({"image": np.full((N, 2), np.nan, np.float32)}, {"image": "x"})
    with pytest.raises(UserError, match="more than once"):
        made.take([0, 0, 1])
    assert made.take([3, 1]).ids.tolist() == ["3", "1"]


def test_one_line_says_what_it_holds():
    given = arrays()
    given["text"][2] = np.nan
    made = Embeddings.of(given, labels=[0, 1, 1, 0, 2, 2], splits=["train"] * 4 + ["test"] * 2)
    assert repr(made) == "Embeddings: 6 items; image 4, text 3 (1 absent); 3 classes; split 4 train / 2 test"
    assert repr(Embeddings.of({"a": [[1.0]]}, target=[0.5])) == "Embeddings: 1 item; a 1; a numeric target"


def test_numbers_and_classes_are_not_stacked_and_unknown_numbers_are_nan():
    def part(prefix: str, **more) -> Embeddings:
        return Embeddings.of(arrays(), ids=[f"{prefix}{i}" for i in range(N)], **more)

    both = concatenate([part("a", target=np.arange(N) / 4), part("b")])
    assert both.target_kind == "regression" and np.isnan(both.labels[N:]).all()
    with pytest.raises(UserError, match="classes and another numbers"):
        concatenate([part("a", target=np.arange(N) / 4), part("b", labels=list("ababab"))])


class Grows:
    """As a tensor that wants gradients: it cannot be made an array as it is."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __array__(self, *args, **kwargs):
        raise RuntimeError("call detach first")


ODD = {
    "a huge number": {"vectors": {"a": np.array([[10**400]] * 2, object)}},
    "a strange array": {"vectors": {"a": Grows(np.eye(2))}},
    "dates": {"vectors": {"a": np.array([["2020-01-01"]] * 2, "datetime64[D]")}},
    "complex numbers": {"vectors": {"a": np.eye(2) * 1j}},
    "two names": {"vectors": {1: np.eye(2), "1": np.eye(2)}},
    "present as a list": {"present": [True, False]},
    "present of tables": {"present": {"a": np.ones((2, 2))}},
    "spaces as a text": {"spaces": "s"},
    "columns as a number": {"columns": 3},
    "columns twice": {"columns": pd.DataFrame([[1, 2], [3, 4]], columns=["x", "x"])},
    "columns in another order": {
        "vectors": {"a": pd.DataFrame(np.eye(2))},
        "columns": pd.DataFrame({"x": [1, 2]}, index=[1, 0]),
    },
    "splits of dictionaries": {"splits": [{}, {}]},
    "a target beyond all": {"target": [1e200, 1.0]},
}


@pytest.mark.parametrize("given", ODD.values(), ids=ODD)
def test_what_cannot_be_taken_in_is_one_sentence(given):
    with pytest.raises(UserError) as error:
        Embeddings.of(**{"vectors": {"a": np.eye(2)}} | given)
    assert "\n" not in str(error.value)


def test_masked_numbers_are_absent_and_what_was_given_may_change_later():
    hidden = np.ma.masked_array(np.ones((3, 2)), mask=[[1, 1], [0, 0], [0, 0]])
    assert Embeddings.of({"a": hidden}).present["a"].tolist() == [False, True, True]
    given = np.ones((3, 2), np.float32)
    made = Embeddings.of({"a": given})
    given[:] = 7
    assert (made.vectors["a"] == 1).all()


def test_ids_that_a_hole_made_floats_are_those_they_were():
    assert Embeddings.of({"a": np.eye(3)}, ids=np.arange(3) * 1.0).ids.tolist() == ["0", "1", "2"]
    assert Embeddings.of({"a": np.eye(3)}, ids=[0.5, 1.0, 2.0]).ids.tolist() == ["0.5", "1.0", "2.0"]
