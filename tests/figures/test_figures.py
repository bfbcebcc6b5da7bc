"""Every other figure shows the numbers it was given, for ordinary and for awkward input."""

import json

import numpy as np
import pandas as pd
import pytest

from mmexplore.figures import theme
from mmexplore.figures.patterns import missing_pattern
from mmexplore.figures.retrieval import hub_histogram, rank_histogram, recall_bars, thermometer_figure
from mmexplore.figures.spaces import correlations, gap_histogram, overlap_bars
from mmexplore.figures.training import learning_curves
from mmexplore.figures.weights import class_bars, distribution, weight_against_contribution
from mmexplore.latent.geometry import modality_gap
from mmexplore.latent.neighbours import neighbour_overlap
from mmexplore.retrieval.gallery import gallery_of
from mmexplore.retrieval.metrics import retrieval_report
from mmexplore.retrieval.rescore import hubness
from mmexplore.retrieval.thermometer import thermometer
from tests.retrieval.paired import random_pairs

NASTY = "<script>alert('x')</script> $a$ %{y}"
DATA = random_pairs(60)
REPORT = retrieval_report(DATA, "image", "text")
WEIGHTS = np.random.default_rng(0).dirichlet([3, 2, 1], 40)
MODALITIES = ["image", NASTY, "sound"]
HISTORY = pd.DataFrame(
    [
        (e, p, m, 1 / e)
        for e in range(1, 6)
        for p, m in (("train loss", ""), ("val loss", ""), ("val loss", NASTY), ("val accuracy", ""))
    ]
    + [(4, "kept", "", 0.25)],
    columns=["epoch", "part", "modality", "value"],
)

FIGURES = {
    "violin": lambda: distribution(WEIGHTS, MODALITIES, present=WEIGHTS > 0.2),
    "box": lambda: distribution(WEIGHTS, MODALITIES, "box"),
    "histogram": lambda: distribution(WEIGHTS, MODALITIES, "histogram"),
    "classes": lambda: class_bars({NASTY: WEIGHTS[0], "b": WEIGHTS[1]}, MODALITIES),
    "heat": lambda: class_bars({f"{NASTY}{i}": WEIGHTS[i] for i in range(30)}, MODALITIES),
    "contribution": lambda: weight_against_contribution(WEIGHTS, WEIGHTS[::-1], MODALITIES, titles=[NASTY] * 40),
    "recall": lambda: recall_bars({NASTY: REPORT}),
    "ranks": lambda: rank_histogram(REPORT),
    "thermometer": lambda: thermometer_figure(thermometer(DATA, "image", "text"), 0.3),
    "hubs": lambda: hub_histogram(hubness(gallery_of(DATA, "image"), gallery_of(DATA, "text"))),
    "curves": lambda: learning_curves(HISTORY),
    "overlap": lambda: overlap_bars(neighbour_overlap(DATA.vectors["image"], DATA)),
    "gap": lambda: gap_histogram(*DATA.vectors.values(), (NASTY, "b"), modality_gap(*DATA.vectors.values())),
    "correlations": lambda: correlations(np.array([0.9, 0.5]), np.array([0.95, 0.8])),
    "missing": lambda: missing_pattern(np.random.default_rng(0).random((50, 3)) > 0.3, MODALITIES, max_patterns=3),
}


@pytest.mark.parametrize("name", FIGURES)
def test_house_style_and_nothing_typed_acts_as_markup(name):
    figure = FIGURES[name]()
    text = figure.to_json()
    assert "<script" not in text and "\\u003cscript" not in text and "$a$" not in text and "%{y}</" not in text
    layout = json.loads(text)["layout"]
    assert (
        layout["paper_bgcolor"] == "rgba(0,0,0,0)" and "title" not in layout and "color" not in layout.get("font", {})
    )
    assert max(layout["margin"].values()) <= 80
    if name != "bar":
        titles = [layout.get(a, {}).get("title", {}).get("text") for a in ("xaxis", "yaxis")]
        assert any(titles) or name == "heat"


def test_a_message_where_there_is_nothing_to_draw():
    empty = pd.DataFrame([], columns=["epoch", "part", "modality", "value"])
    for figure in (
        learning_curves(empty),
        correlations(None, None),
        class_bars({}, ["a"]),
        recall_bars([]),
        missing_pattern(np.zeros((0, 2), bool), ["a", "b"]),
        gap_histogram(np.zeros((0, 3)), np.eye(3), ("a", "b"), modality_gap(np.zeros((0, 3)), np.eye(3))),
    ):
        assert len(figure.data) == 0 and figure.layout.annotations[0].text.endswith(".")


def test_recall_bars_stand_beside_chance_with_their_intervals():
    bars, chance = recall_bars([REPORT]).data
    assert bars.y.tolist() == [REPORT.r1, REPORT.r5, REPORT.r10, REPORT.mrr]
    np.testing.assert_allclose(
        bars.y + bars.error_y.array, [REPORT.intervals[m][1] for m in ("r1", "r5", "r10", "mrr")]
    )
    assert list(chance.y) == [REPORT.chance_r1, REPORT.chance_r5, REPORT.chance_r10, REPORT.chance_mrr]
    assert bars.name == "image → text"


def test_many_directions_are_a_square_each():
    from mmexplore.figures.retrieval import MANY, recall_of_directions

    names = ["a", NASTY, "c", "d"]
    found = {(a, b): REPORT for a in names for b in names if a != b}
    del found["d", "a"]  # not measured
    (squares,) = recall_of_directions(found).data
    assert squares.type == "heatmap" and np.shape(squares.z) == (4, 4)
    assert squares.z[0][1] == REPORT.r10 and squares.z[0][0] is None and squares.z[3][0] is None
    assert f"chance {REPORT.chance_r10:.0f}" in squares.text[0][1]
    assert not any("rgba" in str(colour) for _, colour in squares.colorscale), "its text is read on any background"
    few = dict(list(found.items())[: MANY - 1])
    assert recall_of_directions(few).data[0].type == "bar"


def test_an_item_has_no_point_of_a_modality_that_it_lacks():
    weights = np.array([[0.6, 0.4], [1.0, 0.0], [0.3, 0.7]])
    present = np.array([[True, True], [True, False], [True, True]])
    figure = weight_against_contribution(
        weights, weights, ["a", "b"], titles=["x", "y", "z"], selected=[1, 2], present=present
    )
    a, b = figure.data[1:]
    assert list(a.customdata) == [0, 1, 2] and list(b.customdata) == [0, 2]
    assert list(b.x) == [0.4, 0.7] and len(b.hovertext) == 2
    assert list(a.selectedpoints) == [1, 2] and list(b.selectedpoints) == [1]


def test_curves_of_many_modalities_leave_room_for_the_title_of_the_axis():
    rows = [(e, p, m, 1.0) for e in (1, 2) for p in ("val loss", "val accuracy") for m in ("", *"abcdefghijklmnopq")]
    history = pd.DataFrame(rows, columns=["epoch", "part", "modality", "value"])
    few = learning_curves(history[history["modality"] == ""])
    assert learning_curves(history).layout.height > few.layout.height + 60


def test_the_legend_names_a_colour_once_for_both_sides():
    parts = ("train loss", "train accuracy", "val loss", "val accuracy")
    rows = [(1, p, m, 1.0) for p in parts for m in (("", "a") if p.startswith("val") else ("",))]
    figure = learning_curves(pd.DataFrame(rows, columns=["epoch", "part", "modality", "value"]), ["a"])
    assert [t.name for t in figure.data if t.showlegend] == ["train", "held out", "held out, only a shown"]
    assert all(t.legendgroup == t.name for t in figure.data) and len(figure.data) == len(rows)


def test_curves_of_several_quantities_keep_their_names():
    rows = [(1, p, "", 1.0) for p in ("train loss", "val loss", "val recall", "val probe")]
    figure = learning_curves(pd.DataFrame(rows, columns=["epoch", "part", "modality", "value"]))
    assert [t.name for t in figure.data if t.showlegend] == ["train loss", "val loss", "val recall", "val probe"]


def test_every_query_is_in_one_bin_of_the_rank_histogram():
    assert sum(rank_histogram(REPORT).data[0].y) == REPORT.n_queries
    assert sum(rank_histogram(retrieval_report(random_pairs(1), "image", "text")).data[0].y) == 1


def test_densities_sum_to_one():
    for trace in thermometer_figure(thermometer(DATA, "image", "text"), 5.0).data:
        assert sum(trace.y) == pytest.approx(1)


def test_absent_items_are_not_in_the_distribution():
    present = np.ones((40, 3), bool)
    present[:30, 1] = False
    assert [len(t.y) for t in distribution(WEIGHTS, MODALITIES, present=present).data] == [40, 10, 40]


def test_a_scatter_says_how_much_it_draws():
    many = np.random.default_rng(0).dirichlet([1, 1], 9000)
    figure = weight_against_contribution(many, many, ["a", "b"])
    assert "5,000 of 9,000 items drawn" in figure.layout.xaxis.title.text and len(figure.data[1].x) == 5000


def test_learning_curves_mark_the_epoch_that_was_kept():
    figure = learning_curves(HISTORY)
    assert [s.x0 for s in figure.layout.shapes] == [4, 4] and figure.layout.xaxis2.title.text == "epoch"
    assert {t.yaxis for t in figure.data} == {"y", "y2"}
    only = learning_curves(HISTORY[HISTORY["part"].str.contains("loss")])
    assert {t.yaxis for t in only.data} == {"y"} and not only.layout.shapes


def test_patterns_of_what_is_missing_count_every_row():
    present = np.array([[1, 1]] * 5 + [[1, 0]] * 3 + [[0, 1]] * 2 + [[0, 0]], bool)
    assert list(missing_pattern(present, ["a", "b"]).data[0].y) == [5, 3, 2, 1]
    assert list(missing_pattern(present, ["a", "b"], max_patterns=2).data[0].y) == [5, 3, 3]


def test_a_modality_has_the_colour_of_its_place_in_the_data_in_the_curves_too():
    history = pd.DataFrame(
        [(1, "val loss", "b", 1.0), (1, "val loss", "a", 2.0)], columns=["epoch", "part", "modality", "value"]
    )
    colour = {t.name: t.line.color for t in learning_curves(history, ["a", "b"]).data}
    expected = theme.modality_colours(["a", "b"])
    assert colour == {f"held out, only {m} shown": expected[m] for m in "ab"}


def test_what_is_written_on_a_bar_can_be_read():
    """Contrast of WCAG 2, at least 4.5, on every colour that a modality may have."""

    def luminance(colour: str) -> float:
        parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        return float(
            np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
        )

    for colour in theme.palette(40):
        light, dark = sorted((luminance(colour), luminance(theme.ink_on(colour))), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, colour
    figure = class_bars({"x": [0.5, 0.5]}, ["a", "b"])
    assert [t.insidetextfont.color for t in figure.data] == [theme.ink_on(t.marker.color) for t in figure.data]
