"""Maps: the right points, rows and colours; nothing but the row index in customdata."""

import numpy as np
import pytest

from mmexplore.figures.maps import joint_map, linked_maps, scatter_map
from mmexplore.figures.points import MAX_LEGEND
from mmexplore.figures.theme import OTHER, categories
from mmexplore.latent.projection import project_joint, project_space
from tests.retrieval.paired import random_pairs

PRESENT = {"image": np.arange(80) % 5 != 0, "text": np.ones(80, bool)}
DATA = random_pairs(80, present=PRESENT)
MAP = project_space(DATA.vectors["image"], DATA.present["image"], name="image")
LABELS = np.array([f"c{i % 4}" for i in range(80)], object)


def drawn(figure):
    """row -> (x, y, colour) of the points that are not the selection's or a legend key's."""
    found = {}
    for trace in figure.data:
        if trace.customdata is None or trace.name == "selected":
            continue
        colours = trace.marker.color if not isinstance(trace.marker.color, str) else [trace.marker.color] * len(trace.x)
        for row, x, y, colour in zip(trace.customdata, trace.x, trace.y, colours, strict=True):
            assert int(row) not in found
            found[int(row)] = (x, y, colour)
    return found


def test_each_point_once_with_its_row_and_the_colour_of_its_class():
    found, scale = drawn(scatter_map(MAP, LABELS, "label")), categories(LABELS)
    assert sorted(found) == MAP.rows.tolist()
    for at, row in enumerate(MAP.rows):
        assert found[row][:2] == (MAP.points[at, 0], MAP.points[at, 1])
        assert found[row][2] == scale.colours[scale.codes[row]]


@pytest.mark.parametrize("n_classes", [1, MAX_LEGEND, MAX_LEGEND + 1, 60])
def test_many_classes_all_have_colours_and_a_short_legend(n_classes):
    labels = np.array([f"c{i % n_classes}" for i in range(80)], object)
    figure = scatter_map(project_space(DATA.vectors["text"]), labels, "label")
    found = drawn(figure)
    assert len({colour for *_, colour in found.values()}) == n_classes
    entries = [t.name for t in figure.data if t.showlegend]
    assert len(entries) == min(n_classes, MAX_LEGEND)
    if n_classes > MAX_LEGEND:
        assert entries[-1] == f"{n_classes - MAX_LEGEND + 1} more classes"


def test_colours_depend_on_the_whole_column_so_that_linked_maps_agree():
    maps = {m: project_space(DATA.vectors[m], DATA.present[m], name=m) for m in DATA.modalities}
    figures = linked_maps(maps, LABELS, "label", selected=[1, 2])
    a, b = drawn(figures["image"]), drawn(figures["text"])
    assert all(a[row][2] == b[row][2] for row in a) and len(b) == 80 > len(a)


def test_selected_rows_stand_out_and_the_legend_keeps_its_colour():
    figure = scatter_map(MAP, LABELS, "label", selected=[1, 2, 5])
    top = figure.data[[t.name for t in figure.data].index("selected")]
    assert top.customdata.tolist() == [1, 2]  # row 5 is absent
    faded = [t for t in figure.data if t.customdata is not None and t.name != "selected"]
    assert all(t.marker.opacity < 0.2 and not t.showlegend for t in faded) and top.marker.opacity == 1
    keys = [t for t in figure.data if t.showlegend]
    assert [t.legendgroup for t in keys] == [t.legendgroup for t in faded] and all(
        t.marker.opacity is None for t in keys
    )
    assert [t.marker.color for t in keys] == list(categories(LABELS).colours)


def test_numbers_are_a_ramp_with_the_unknown_in_grey():
    values = np.linspace(0, 1, 80)
    values[[1, 2]] = np.nan
    figure = scatter_map(MAP, values, "score", selected=[1, 3])
    grey = next(t for t in figure.data if isinstance(t.marker.color, str) and t.marker.color == OTHER)
    assert grey.customdata.tolist() == [1, 2]
    ramp = next(t for t in figure.data if t.marker.showscale)
    assert (ramp.marker.cmin, ramp.marker.cmax) == (0, 1) and len(ramp.x) == len(MAP.rows) - 2
    assert not figure.layout.showlegend


def test_titles_and_captions_are_escaped_on_hover():
    nasty = [f"<img src=x onerror=alert({i})> $x$" for i in range(80)]
    figure = scatter_map(MAP, np.array(nasty, object), "<b>", nasty, nasty, height=300)
    text = figure.to_json()
    assert "<img" not in text and "$x$" not in text and "\\u003cimg" not in text
    assert "&#60;img src=x onerror=alert(1)&#62;" in text


def test_three_dimensions_and_no_points():
    three = project_space(DATA.vectors["image"], DATA.present["image"], dims=3)
    figure = scatter_map(three, LABELS, "label", selected=[1])
    assert {t.type for t in figure.data} == {"scatter3d"}
    none = project_space(DATA.vectors["image"], np.zeros(80, bool))
    assert sum(len(t.x) for t in scatter_map(none, LABELS).data) == 0
    assert "% of the variance" in scatter_map(MAP).layout.xaxis.title.text


def test_joint_map_joins_the_halves_of_each_row():
    maps = project_joint(DATA)
    figure = joint_map(maps)
    lines = figure.data[0]
    xs = lines.x.reshape(-1, 3)
    both = np.flatnonzero(PRESENT["image"])
    assert len(xs) == len(both) and np.isnan(xs[:, 2]).all() and lines.name == "pairs (64)"
    np.testing.assert_allclose(xs[:, 0], maps["image"].points[:, 0])
    np.testing.assert_allclose(xs[:, 1], maps["text"].points[both, 0])
    assert joint_map(maps, max_lines=10).data[0].name == "pairs (10 of 64 drawn)"
    assert joint_map(maps, selected=[1, 2, 5]).data[0].name == "selected pairs (2)"
    assert [t.name for t in joint_map(maps, pairs=False).data] == ["image", "text"]
    assert not joint_map(maps, colour_name="label").layout.legend.title.text, "the colours are those of the modalities"


def test_joint_map_of_three_modalities_with_a_hole_in_the_middle():
    present = {"a": np.ones(4, bool), "b": np.array([1, 0, 1, 0], bool), "c": np.array([1, 1, 0, 0], bool)}
    maps = {}
    for j, m in enumerate(present):
        maps[m] = project_space(np.eye(4)[:, :3] + j, present[m], name=m)
    line = joint_map(maps).data[0].x.reshape(-1, 4)
    assert (~np.isnan(line)).sum(axis=1).tolist() == [3, 2, 2]
    assert not np.isnan(line[1, 1])  # a and c are joined though b is absent


def test_joint_map_coloured_by_a_column_lists_each_class_once():
    figure = joint_map(project_joint(DATA), colour=LABELS, colour_name="label", selected=[1])
    entries = [t.name for t in figure.data if t.showlegend is not False]
    assert sorted(e for e in entries if e and e.startswith("c")) == ["c0", "c1", "c2", "c3"]
    assert entries.count("image") == entries.count("text") == 1
    assert len(joint_map(project_joint(DATA), colour=np.linspace(0, 1, 80)).data) > 3
