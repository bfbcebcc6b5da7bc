"""Colours: as many as asked, told apart by colour-blind people, visible on white and on near-black."""

import itertools

import numpy as np
import pytest

from mmexplore.figures.theme import (
    BASE,
    CONFIG,
    FUSED,
    OTHER,
    RAMP,
    TEXT,
    base_figure,
    categories,
    is_continuous,
    modality_colours,
    on_paper,
    palette,
)

# Machado, Oliveira & Fernandes 2009, severity 1, on linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def linear(colour: str) -> np.ndarray:
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(rgb, 0, 1)
    f = np.cbrt(xyz / [0.9505, 1, 1.089])
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(a: str, b: str) -> float:
    light, dark = sorted((float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("sight", BLINDNESS)
def test_the_first_six_colours_are_told_apart(sight):
    seen = {c: lab(BLINDNESS[sight] @ linear(c)) for c in BASE[:6]}
    worst = min(itertools.combinations(BASE[:6], 2), key=lambda p: np.linalg.norm(seen[p[0]] - seen[p[1]]))
    assert np.linalg.norm(seen[worst[0]] - seen[worst[1]]) > 10, worst


def test_everything_shows_on_both_backgrounds():
    for colour in (*BASE, *palette(240), OTHER, FUSED, *RAMP):
        assert contrast(colour, "#FFFFFF") > 1.6 and contrast(colour, "#0E1117") > 2.2, colour
    assert contrast(TEXT, "#FFFFFF") > 4 and contrast(TEXT, "#0E1117") > 4
    lightness = [lab(linear(c))[0] for c in RAMP]
    assert (np.diff(lightness) > 5).all()  # the ramp is readable without colour


@pytest.mark.parametrize("n", [0, 1, 2, 8, 9, 50, 200, 240])
def test_any_number_of_distinct_colours(n):
    colours = palette(n)
    assert len(set(colours)) == len(colours) == n and all(len(c) == 7 and c[0] == "#" for c in colours)


def test_categories_put_the_frequent_first_and_the_rest_into_other():
    values = ["b"] * 3 + ["10", "9"] * 2 + ["", None, float("nan")] + ["z"]
    scale = categories(np.array(values, object))
    assert scale.names == ("(none)", "b", "9", "10", "z") and scale.counts == (3, 3, 2, 2, 1) and scale.other == 0
    assert scale.colours[0] == OTHER and scale.colours[1] == BASE[0]
    assert [scale.names[c] for c in scale.codes[:4]] == ["b", "b", "b", "10"]
    many = categories([f"c{i}" for i in range(500)])
    assert len(many.names) == 240 and many.other == 260 and (many.codes == 240).sum() == 260
    assert categories([]).names == ()


def test_numbers_with_many_values_are_a_ramp():
    assert is_continuous(np.linspace(0, 1, 50)) and is_continuous(list(range(20)))
    assert not is_continuous(np.arange(50) % 10) and not is_continuous([True, False] * 20)
    assert not is_continuous([f"{i}" for i in range(50)])


def test_a_modality_keeps_its_colour_and_fused_has_its_own():
    two, three = modality_colours(["a", "b"]), modality_colours(["a", "b", "c"])
    assert two["a"] == three["a"] and two["b"] == three["b"] and two["fused"] == FUSED
    many = modality_colours([f"m{i}" for i in range(12)])
    assert len(set(many.values())) == 13


def test_figures_are_transparent_and_paper_is_not():
    figure = base_figure("x", "y")
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert figure.layout.font.color is None  # the app's theme decides
    assert (
        on_paper(figure, dark=True).layout.paper_bgcolor == "#0E1117" and figure.layout.paper_bgcolor == "rgba(0,0,0,0)"
    )
    assert CONFIG["toImageButtonOptions"]["format"] == "png" and not CONFIG["displaylogo"]


def test_a_settled_figure_shows_what_it_was_and_is_not_copied_again() -> None:
    figure = base_figure("x", "y")
    figure.add_scatter(x=[1, 2], y=[3, 4])
    before = figure.to_dict()
    assert figure.to_dict() is not before
    settled = figure.settle().to_dict()
    assert settled == before and figure.to_dict() is settled
    figure.update_layout(height=999)
    assert figure.to_dict()["layout"]["height"] != 999
