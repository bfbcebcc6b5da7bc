"""What is present where, counted and said in words."""

from __future__ import annotations

import numpy as np

from mmexplore.app.panels.presence import presence_by_class, remarks

PRESENT = {
    "photo": np.array([1] * 30 + [0] * 10, bool),
    "sound": np.array([1] * 3 + [0] * 37, bool),
    "text": np.array([1] * 39 + [0], bool),
}
LABELS = np.array(["a"] * 30 + ["b"] * 9 + [""], object)


def test_shares_by_class_with_the_barest_first():
    table = presence_by_class(PRESENT, LABELS)
    assert list(table["class"]) == ["b", "a"] and list(table["rows"]) == [9, 30]
    assert table.loc[1, ["photo", "sound", "text"]].tolist() == [1, 0.1, 1]
    assert presence_by_class(PRESENT, None) is None
    assert presence_by_class(PRESENT, np.linspace(0, 1, 40)) is None


def test_a_modality_called_rows_is_one_like_any_other():
    table = presence_by_class({"rows": PRESENT["photo"], "class": PRESENT["text"]}, LABELS)
    assert table.iloc[:, 2].tolist() == [0, 1]


def test_remarks_name_what_is_empty_rare_or_tells_the_class():
    said = " ".join(remarks(PRESENT, LABELS))
    assert "1 rows have nothing" in said
    assert "Too rare to learn from: sound (3 rows)" in said
    assert "No item of class b has photo." in said and "No item of class b has sound." in said
    assert remarks({"photo": np.ones(40, bool), "text": np.ones(40, bool)}, LABELS) == []
