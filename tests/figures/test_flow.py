"""Diagrams of the data flow: the sizes are those of the fitted method, and families look different."""

from __future__ import annotations

import json

import pytest

from mmexplore.figures.flow import flow_diagram
from mmexplore.figures.flow.canvas import bar_height
from mmexplore.figures.flow.meeting import SHAPES as DRAWN
from mmexplore.figures.flow.stages import FAMILIES as BY_FAMILY
from mmexplore.figures.flow.stages import SHAPES as BY_NAME
from mmexplore.figures.flow.stages import flow_of
from mmexplore.models.alignment import methods as alignments
from mmexplore.models.families import FAMILIES
from mmexplore.models.fusion.torch_fusion import TorchFusion
from mmexplore.models.methods import all_methods, fusion_methods
from tests.journey.small import quick
from tests.models.methods.made import data

DIMS = {"picture": 1280, "<b>words</b> $x$": 384, "sound": 12}
NASTY = "<b>words</b> $x$"


def shown(name: str, dims=DIMS, **params):
    objective = "classification" if name in fusion_methods() else None
    return flow_diagram(flow_of(all_methods()[name], params, dims, objective, 5))


def words(figure) -> list[str]:
    return [a.text for a in figure.layout.annotations] + [t for d in figure.data if d.text for t in d.text]


@pytest.mark.parametrize("name", all_methods())
def test_every_method_has_a_diagram_of_its_own_with_this_datas_sizes(name):
    figure = shown(name)
    said = words(figure)
    for m, d in DIMS.items():
        assert f"{d:,}" in said
        assert m not in said or m != NASTY
    assert any("&#60;b" in w for w in said), "a stranger's name is shown, as text"
    json.loads(figure.to_json())
    heights = {round(s.y1 - s.y0, 6) for s in figure.layout.shapes}
    assert {round(bar_height(d), 6) for d in DIMS.values()} <= heights


@pytest.mark.parametrize("name", fusion_methods())
def test_the_sizes_drawn_are_those_of_the_fitted_method(name):
    given = data(60)
    params = quick(name)[name]
    fusion = all_methods()[name](**params, objective="classification").fit(given)
    flow = flow_of(type(fusion), params, given.dims, "classification", len(fusion.classes_))
    assert flow.fused == fusion.transform(given).shape[1]
    assert flow.rebuilds == fusion.reconstructs
    if isinstance(fusion, TorchFusion) and flow.shape != "tensor":
        assert flow.part == fusion.net_.projections[0].out_features
    if flow.shape == "tensor":
        assert flow.part == fusion.net_.layers["narrow"][0].out_features
        assert flow.count == fusion.net_.layers["mixing"][0].in_features


@pytest.mark.parametrize("name", [n for n, m in alignments().items() if not m.fitted_in_advance])
def test_the_shared_width_is_that_of_the_alignment_where_it_is_known_before(name):
    given = data(90, holes=0)
    params = quick(name)[name]
    flow = flow_of(alignments()[name], params, given.dims)
    if flow.fused is not None:
        aligned = alignments()[name](**params).fit(given).transform(given)
        assert {v.shape[1] for v in aligned.vectors.values()} == {flow.fused}


def test_families_look_different():
    family = {}
    for name, method in fusion_methods().items():
        figure = shown(name)
        points = sum(len(t.x) for t in figure.data if t.mode == "lines")
        drawing = (len(figure.layout.shapes), points, tuple(t.text for t in figure.data if t.text))
        assert family.setdefault(drawing, method.family) == method.family, f"{name} looks like another family"
    assert len(family) >= 10


@pytest.mark.parametrize("name", all_methods())
def test_a_method_is_drawn_by_its_name_or_by_its_family(name):
    assert name in BY_NAME or all_methods()[name].family in BY_FAMILY, f"{name} would be drawn as concatenation"


def test_each_drawing_is_of_a_method_or_a_family_that_is_there():
    assert set(BY_NAME) <= set(all_methods()) and set(BY_FAMILY) == set(FAMILIES)


@pytest.mark.parametrize("family", [*FAMILIES, "one of my own"])
def test_a_new_method_is_drawn_by_its_family_whatever_its_parameters(family):
    """As in a notebook: the method is in no list, and no parameter has a name that is known."""

    class Mine:
        name = "mine"

        def own_params(self):
            return {"strength": 1.0}

    Mine.family = family
    objective = None if family == "alignment" else "classification"
    flow = flow_of(Mine, {}, DIMS, objective, 5)
    assert flow.shape in DRAWN
    said = words(flow_diagram(flow))
    assert all(f"{d:,}" in said for d in DIMS.values())
    alike = {flow_of(m, {}, DIMS, objective, 5).shape for m in all_methods().values() if m.family == family}
    assert not alike or flow.shape in alike


def test_every_shape_is_drawn_and_none_is_by_accident():
    used = {flow_of(m, {}, DIMS, "classification" if n in fusion_methods() else None, 5).shape
            for n, m in all_methods().items()}  # fmt: skip
    assert used == set(DRAWN)


def test_settings_change_the_picture():
    assert "R = 7" in words(shown("low-rank", rank=7))
    assert any("3 times" in w for w in words(shown("recurrent", n_steps=3)))
    assert "100" in words(shown("attention", width=100))


@pytest.mark.parametrize("n", [1, 2, 9])
@pytest.mark.parametrize("name", ["concat", "tensor", "mopoe", "adversarial"])
def test_any_number_of_modalities_fits_in(name, n):
    figure = shown(name, {f"m{i}": 10 + i for i in range(n)})
    low, high = sorted(figure.layout.yaxis.range)
    for a in figure.layout.annotations:
        assert low <= a.y <= high, a.text


@pytest.mark.parametrize("objective", ["classification", "regression", "contrastive", "reconstruction"])
@pytest.mark.parametrize("name", fusion_methods())
def test_the_head_is_that_of_the_objective(name, objective):
    flow = flow_of(fusion_methods()[name], {}, DIMS, objective, 5)
    said = " ".join(words(flow_diagram(flow)))
    if fusion_methods()[name].needs_labels:
        return
    expected = {
        "classification": "5 classes",
        "regression": "1 value",
        "contrastive": "finds",
        "reconstruction": "deco",
    }
    assert expected[objective] in said
