"""From what a chart or a table says to ids; rows of the selection; order of cards by weight."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.app.kit.selection import ids_at, rows_of_points, rows_of_table
from mmexplore.app.kit.weighing import bar_svg, contributions_in_words, in_words, orders, verdict
from mmexplore.app.panels.presence import complete
from mmexplore.views.patterns import patterns


def event(*customdata: object) -> dict:
    return {
        "selection": {"points": [{"customdata": c} for c in customdata], "point_indices": [], "box": [], "lasso": []}
    }


def test_rows_come_from_customdata_whatever_its_shape():
    assert rows_of_points(event([7], 3, {"0": 5}, [7])) == [3, 5, 7]


@pytest.mark.parametrize("nonsense", [None, {}, {"selection": {}}, {"selection": {"points": None}}])
def test_no_selection_is_no_rows(nonsense: dict | None):
    assert rows_of_points(nonsense) == []


def test_points_without_a_row_are_left_out():
    assert rows_of_points(event(None, "3", [1.5], [True], [], {"x": 1})) == []


def test_a_table_line_is_the_row_it_shows():
    assert rows_of_table({"selection": {"rows": [0, 2, 9]}}, np.array([40, 41, 42])) == [40, 42]


def test_ids_outside_are_left_out():
    assert ids_at(np.array(["a", "b"], object), [-1, 1, 2]) == frozenset({"b"})


WEIGHTS = np.array([[0.9, 0.1], [0.5, 0.5], [1.0, 0.0], [0.2, 0.8]], np.float32)
MASK = np.array([[True, True], [True, True], [True, False], [True, True]])


SHARES = np.array([[0.85, 0.15], [0.9, 0.1], [1.0, 0.0], [0.3, 0.7]], np.float32)


@pytest.mark.parametrize(
    ("how", "rows"),
    [
        ("Learned: most photo-driven", [0, 1, 3]),
        ("Learned: most text-driven", [3, 1, 0]),
        ("Learned: most uncertain", [1, 3, 0]),
        ("Measured: most photo-driven", [1, 0, 3]),
        ("Measured: most text-driven", [3, 0, 1]),
        ("Learned and measured differ most", [1, 3, 0]),
    ],
)
def test_items_are_sorted_and_those_with_one_modality_left_out(how: str, rows: list[int]):
    """By hand: weights of modality 0: .9 .5 .2; entropy: 1, .72, .47 bits; row 2 has nothing to weigh.

    Measured shares of modality 0: .85 .9 .3; apart from the weights by .05 .4 .1.
    """
    assert orders(["photo", "text"], MASK, WEIGHTS, SHARES)[how]().tolist() == rows


def test_without_learned_weights_only_what_is_measured_sorts():
    assert list(orders(["photo", "text"], MASK, None, SHARES)) == [
        "Measured: most photo-driven",
        "Measured: most text-driven",
    ]


def test_contributions_are_said_with_their_sign_and_absent_ones_not_at_all():
    said = contributions_in_words(np.array([0.314, -0.001, 0.0]), np.array([True, True, False]), ["a", "b", "c"])
    assert said == "a +0.31, b +0.00"


def test_an_absent_modality_never_drives_an_item():
    mask = np.array([[True, True, False], [True, True, True]])
    weights = np.array([[0.5, 0.5, 0], [0.4, 0.4, 0.2]])
    assert orders(["a", "b", "c"], mask, weights, weights)["Learned: most c-driven"]().tolist() == [1]


def test_collapse_and_sameness_are_warned_of():
    assert verdict(0.01, ["photo", "text"], [0.99, 0.01])[0] == "warning"
    assert "photo" in verdict(0.01, ["photo", "text"], [0.99, 0.01])[1]
    assert verdict(0.9999, ["photo", "text"], [0.5, 0.5])[0] == "warning"
    assert verdict(0.6, ["photo", "text"], [0.5, 0.5])[0] == "info"
    assert verdict(None, ["photo"], [1.0])[0] == "info"


def test_the_bar_of_an_item_has_the_widths_of_its_weights():
    import xml.etree.ElementTree as ElementTree

    svg = ElementTree.fromstring(
        bar_svg(np.array([0.25, 0.0, 0.75]), {"a": "#111111", "b": "#222222", "c": "#333333"}, "abc")
    )
    drawn = [(r.get("x"), r.get("width"), r.get("fill")) for r in svg]
    assert drawn == [("0.00", "25.00", "#111111"), ("25.00", "75.00", "#333333")]
    assert in_words(np.array([0.25, 0.0, 0.75]), ["a", "b", "c"]) == "a 25%, c 75%"


def test_patterns_of_what_is_there():
    present = {"a": np.array([1, 1, 1, 0], bool), "b": np.array([1, 0, 1, 1], bool)}
    table = patterns(present)
    assert table.to_dict("records")[0] == {"a": True, "b": True, "rows": 2, "share": 0.5}
    assert table["rows"].sum() == 4
    assert complete(present) == 2
