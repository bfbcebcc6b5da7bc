"""What is absent is said in one neutral sentence."""

from __future__ import annotations

import numpy as np

from mmexplore.app.kit.absent import absent
from mmexplore.app.kit.weighing import where_present


def there(n: int, total: int = 519) -> np.ndarray:
    return np.arange(total) < n


def test_most_first_with_the_rows_once():
    present = {"image": there(519), "text_zh": there(451), "sound": there(116)}
    assert absent(present) == "Absent: sound in 403 of 519 rows, text_zh in 68."
    assert absent({"a": there(1, 4), "b": there(4, 4)}, these=True) == "Absent: a in 3 of these 4 rows."


def test_nothing_is_said_where_nothing_is_absent():
    assert absent({"a": there(519), "b": there(519)}) == absent({}) == ""


def test_many_are_counted_and_names_stay_on_one_line():
    said = absent({f"m\n{j}": there(9 - j, 10) for j in range(8)})
    assert said.endswith("and 2 more modalities.") and "\n" not in said


def test_means_over_the_rows_that_have_it_are_told_of_those_that_some_lack():
    present = {"image": there(4, 4), "sound": there(1, 4), "never": there(0, 4)}
    summary = {"mean_where_present": [0.8, 0.4, None]}
    said = where_present(["image", "sound", "never"], present, summary)
    assert said.endswith("Mean weight over the rows that have it: sound 40%.")
    assert where_present(["image", "sound", "never"], present, None).startswith("What is absent contributes 0")
