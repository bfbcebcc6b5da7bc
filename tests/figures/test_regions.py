"""Heat maps over pictures, bars and curves: what is drawn is what was computed, and words stay words."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from mmexplore.attribution.faithfulness import faithfulness
from mmexplore.figures.regions import LOWERS, RAISES, faithfulness_curves, heat_map, word_bars

SQUARE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
MAP = np.random.default_rng(1).normal(size=(7, 5))


def test_a_map_lies_over_its_picture_cell_by_cell():
    figure = heat_map(SQUARE, MAP)
    drawn, read = figure.data
    assert np.array_equal(read.z, MAP), "the numbers under the pointer are those of the cells"
    assert (read.x0, read.dx, drawn.dx) == (0.5, 1, 1 / 16)
    assert np.asarray(drawn.z).shape == (7 * 16, 5 * 16)
    coarse = np.asarray(drawn.z).reshape(7, 16, 5, 16).mean((1, 3))
    assert np.corrcoef(coarse.ravel(), MAP.ravel())[0, 1] > 0.95
    (image,) = figure.layout.images
    assert (image.x, image.y, image.sizex, image.sizey) == (0, 0, 5, 7)
    assert tuple(figure.layout.yaxis.range) == (7, 0), "the first row on top, as in the picture"


def test_the_picture_is_inside_the_figure_in_grey():
    source = heat_map(SQUARE, MAP).layout.images[0].source
    head, content = source.split(",", 1)
    assert head == "data:image/png;base64"
    assert Image.open(io.BytesIO(base64.b64decode(content))).mode == "L"


def test_nothing_is_see_through_and_both_signs_have_the_same_scale():
    drawn = heat_map(SQUARE, MAP).data[0]
    assert (drawn.zmin, drawn.zmax) == (-np.abs(MAP).max(), np.abs(MAP).max())
    assert drawn.colorscale[1][1].endswith(",0)")
    raising = heat_map(SQUARE, np.abs(MAP)).data[0]
    assert raising.zmin == 0
    assert raising.colorscale[0][1].endswith(",0)")
    assert heat_map(SQUARE, np.zeros((7, 7))).data[0].zmax == 1, "an empty map does not divide by zero"
    assert heat_map(SQUARE, MAP, limit=10).data[0].zmax == 10


def test_a_bar_a_word_coloured_by_sign():
    figure = word_bars(["a", "<b>cat</b>", "camera"], np.array([0, 0.2, -0.1]), "lost")
    (bars,) = figure.data
    assert list(bars.y) == [0, 0.2, -0.1]
    assert list(bars.marker.color) == [RAISES, RAISES, LOWERS]
    assert figure.layout.xaxis.ticktext[1] == "&#60;b&#62;cat&#60;/b&#62;"
    assert "<b>" not in bars.customdata[1]
    assert "no words" in word_bars([], np.zeros(0), "lost").layout.annotations[0].text


@pytest.mark.parametrize("names", [{"map": "this map", "centre": "centre first"}, {"map": "<i>x</i>"}])
def test_curves_are_those_computed(names: dict[str, str]):
    weights = np.arange(9.0)
    found = faithfulness({"map": weights, "centre": -weights}, lambda keep: keep @ weights, "zero")
    figure = faithfulness_curves(found, names, "picture")
    shown = {t.name: t for t in figure.data if t.showlegend and t.xaxis == "x"}
    first = next(iter(names.values()))
    drawn = shown[first] if "<" not in first else shown["&#60;i&#62;x&#60;/i&#62;"]
    assert np.array_equal(drawn.y, found.deletion["map"])
    assert sum(t.xaxis == "x2" for t in figure.data) == 3 + len(names)
    assert "8 random orders" in shown
