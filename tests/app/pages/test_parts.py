"""Pages in parts: every part of Weights and Retrieval shows what it promises, on data of every sort, and it alone."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mmexplore import journey
from mmexplore.app.pages.weights import information, item_weights
from mmexplore.data.examples.planted import planted
from mmexplore.data.reading.read import read_pairs
from mmexplore.figures import weights as weight_figures
from mmexplore.journey import showcase
from mmexplore.views import rescoring, retrieval, thermometer
from mmexplore.workspace.state import Workspace
from tests import samples
from tests.app.pages.conftest import OpenPage, each_part, part_of
from tests.conftest import REPOSITORY
from tests.journey.small import quick, shared_pairs, workspace_of

ITEMS, CLASSES, ALL, AGAINST = "Item by item", "Class by class", "All of the data", "Learned against measured"
SHARE, TRUTH, COLUMNS = "What two share", "Against the truth", "Column by column"
OFTEN, HUBS, SIMILARITY, WORST = (
    "How often it is found",
    "Hubs and rescoring",
    "What a similarity means",
    "Worst failures",
)
RETRIEVAL = [OFTEN, HUBS, SIMILARITY, WORST]

#: part -> the figures in it; a dot: with learned weights only
FIGURES = {
    ITEMS: [],
    CLASSES: [".weights-classes", "shapley-classes"],
    ALL: [".weights-distribution", "shapley"],
    AGAINST: ["map.learned-measured", "weights-norms"],
    SHARE: [],
    TRUTH: ["truth"],
    COLUMNS: ["columns"],
    OFTEN: ["recall", "ranks"],
    HUBS: ["rescored", "hubs"],
    SIMILARITY: ["thermometer"],
    WORST: [],
}
#: part -> the bars of Download and Python in it
CARDS = ("pick-weights-", "pick-hubs-", "pick-failure-")
BARS = {
    ITEMS: ["weights-items"],
    AGAINST: ["learned-measured", "weights-norms"],
    SHARE: [],
    WORST: ["failures"],
}


def example() -> Workspace:
    showcase.prepare_example("emoji")
    return showcase.open_example("emoji")


def planted_data() -> Workspace:
    workspace = Workspace()
    workspace.set_dataset(planted(120, seed=0, redundant=1.5, unique=(3.0, 0.0, 0.0), synergistic=0.0)[0])
    encoders = journey.default_encoders(workspace)
    workspace.set_embeddings(journey.encode(workspace, encoders).embeddings, encoders)
    workspace.add_fusion(journey.fuse(workspace, "gated", quick("gated")["gated"]))
    return workspace


def without_labels() -> Workspace:
    workspace = workspace_of(shared_pairs())
    workspace.add_fusion(journey.fuse(workspace, "attention", quick("attention")["attention"]))
    return workspace


@pytest.fixture
def with_a_table(tmp_path: Path) -> Workspace:
    workspace = Workspace()
    workspace.set_dataset(read_pairs(samples.places(tmp_path, n=16), workdir=tmp_path / "x", roles={"soil": "tabular"}))
    encoders = {m: e for m, e in journey.default_encoders(workspace).items() if m != "description"}
    workspace.set_embeddings(journey.encode(workspace, encoders).embeddings, encoders)
    workspace.add_fusion(journey.fuse(workspace, "gated", quick("gated")["gated"]))
    return workspace


@pytest.fixture
def data(request: pytest.FixtureRequest, fused: Workspace, stages: dict[str, Callable[[], Workspace]]) -> Workspace:
    """The workspace of this name."""
    if request.param == "a table":
        return request.getfixturevalue("with_a_table")
    if request.param == "no weights":
        workspace = stages["vectors"]()
        workspace.add_fusion(journey.fuse(workspace, "concat"))
        return workspace
    made = {"example": example, "planted": planted_data, "no labels": without_labels}
    return made[request.param]() if request.param in made else replace(fused, fusions=dict(fused.fusions))


def figures(test: AppTest) -> set[str]:
    """Keys of the figures on the page, without "chart-" and without the count of clearings."""
    known = {name.lstrip(".") for names in FIGURES.values() for name in names}
    keys = [c.proto.id for c in test.get("plotly_chart")]
    found = {name for name in known for key in keys if key.endswith((f"chart-{name}", f"-{name}.0"))}
    assert len(found) == len(keys), keys
    return found


def shown(test: AppTest) -> None:
    """What is open shows what it promises."""
    learned = "learned" in " ".join(t.value for t in test.text)
    asked = sum(1 for d in test.get("download_button") if d.key.startswith("csv-search-"))
    for part in each_part(test):
        promised = {name.lstrip(".") for name in FIGURES[part] if learned or not name.startswith(".")}
        assert figures(test) == promised, part
        nothing = [t for t in test.text if t.value.startswith("Every query found its right answer")]
        assert not nothing or part == WORST
        bars = [] if nothing else BARS.get(part, promised)
        downloads = {d.key for d in test.get("download_button")}
        assert all({f"csv-{b}", f"html-{b}"} & downloads for b in bars), part
        assert len(test.code) == len(set(bars)) + asked, part
        cards = [c.key for c in test.checkbox if c.key and c.key.startswith(CARDS)]
        assert bool(cards) == (part in (ITEMS, HUBS, WORST) and not nothing), part
        if part == SHARE:
            assert [d for d in test.dataframe if "gate" in d.value]
            labelled = test.session_state["workspace"].embeddings.labels is not None
            assert ("pid-estimate" in [b.key for b in test.button]) == labelled
            assert bool([t for t in test.text if t.value.startswith("Needs two modalities and a label")]) != labelled


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        ("example", [ITEMS, CLASSES, ALL, AGAINST, SHARE]),
        ("no weights", [ITEMS, CLASSES, ALL, SHARE]),
        ("holes", [ITEMS, CLASSES, ALL, AGAINST, SHARE]),
        ("planted", [ITEMS, CLASSES, ALL, AGAINST, SHARE, TRUTH]),
        ("no labels", [ITEMS, ALL, AGAINST, SHARE]),
        ("a table", [ITEMS, CLASSES, ALL, AGAINST, SHARE, COLUMNS]),
    ],
    indirect=["data"],
)
def test_every_part_of_weights(open_page: OpenPage, data: Workspace, parts: list[str]):
    test = open_page("weights", workspace=data)
    assert not test.exception
    assert test.segmented_control(key="choice.weights.part").options == parts
    shown(test)


@pytest.mark.parametrize("data", ["example", "no weights", "holes", "no labels"], indirect=True)
def test_every_part_of_retrieval(open_page: OpenPage, data: Workspace):
    test = open_page("retrieval", workspace=data)
    assert not test.exception
    assert test.segmented_control(key="choice.retrieval.part").options == RETRIEVAL
    shown(test)


@pytest.mark.parametrize("data", ["planted", "a table"], indirect=True)
def test_every_part_of_retrieval_of_vectors_that_an_alignment_brought_together(open_page: OpenPage, data: Workspace):
    assert not open_page("retrieval", workspace=data).segmented_control, "nothing can be compared yet"
    data.set_alignment(*journey.align(data, "ridge-map"))
    test = open_page("retrieval", workspace=data)
    assert test.segmented_control(key="choice.retrieval.part").options == RETRIEVAL
    shown(test)


def test_where_no_two_modalities_meet_nothing_is_measured(open_page: OpenPage):
    pairs = shared_pairs(20)
    holes = pairs.mask.copy()
    holes[:10, 0] = holes[10:, 1] = False
    test = open_page("retrieval", workspace=workspace_of(pairs.hide(~holes)))
    assert not test.exception and not [c for c in test.segmented_control if c.key == "choice.retrieval.part"]
    assert "No two modalities share a row, so there is nothing to measure." in [t.value for t in test.text]


def test_directions_are_those_that_have_a_report(fused: Workspace):
    from tests.journey.small import six_views

    assert journey.directions(fused, fused.embeddings) == [
        (r.src, r.dst) for r in journey.retrieval_reports(fused, fused.embeddings)[0]
    ]
    views = six_views()
    vectors = {m: v[:, :4] for m, v in views.vectors.items()}
    apart = views.present["fac"] & views.present["fou"]  # these two meet in no row
    hidden = np.zeros(views.mask.shape, bool)
    hidden[apart, 0] = True
    space = views.with_vectors(vectors, dict.fromkeys(vectors, "toy")).hide(hidden)
    workspace = workspace_of(space)
    found = [(r.src, r.dst) for r in journey.retrieval_reports(workspace, space)[0]]
    assert journey.directions(workspace, space) == found and len(found) == 28


@pytest.mark.parametrize(
    ("module", "name", "part", "other"),
    [
        (item_weights, "item_grid", ITEMS, CLASSES),
        (weight_figures, "class_bars", CLASSES, ITEMS),
        (weight_figures, "distribution", ALL, ITEMS),
        (weight_figures, "weight_against_contribution", AGAINST, ITEMS),
        (information, "gate_parts", SHARE, ITEMS),
        (journey, "retrieval_reports", OFTEN, HUBS),
        (rescoring, "rescored_report", HUBS, OFTEN),
        (thermometer, "thermometer", SIMILARITY, OFTEN),
        (retrieval, "worst_failures", WORST, OFTEN),
    ],
)
def test_only_the_part_that_is_shown_is_computed(
    fused: Workspace, monkeypatch: pytest.MonkeyPatch, module: object, name: str, part: str, other: str
):
    asked, compute = [], getattr(module, name)
    monkeypatch.setattr(module, name, lambda *given, **named: (asked.append(name), compute(*given, **named))[1])
    page = "retrieval" if part in RETRIEVAL else "weights"
    test = AppTest.from_file(str(REPOSITORY / "pages" / f"{page}.py"), default_timeout=60)
    test.session_state["started"] = True
    test.session_state["workspace"] = replace(fused, fusions=dict(fused.fusions))
    test.session_state[f"choice.{page}.part"] = other
    assert not test.run().exception and not asked
    assert not part_of(test, part).exception and asked


FRAMED = f"""
import runpy
import streamlit as st
from mmexplore.app.state import session
page = st.session_state["asked for"]
session.start(page)
runpy.run_path(f"{REPOSITORY}/pages/{{page}}.py")
"""


@pytest.fixture
def app(fused: Workspace) -> AppTest:
    """The pages with what app.py does before each of them."""
    test = AppTest.from_string(FRAMED, default_timeout=60)
    test.session_state["started"] = True
    test.session_state["workspace"] = replace(fused, fusions=dict(fused.fusions))
    return test


def go(test: AppTest, page: str) -> AppTest:
    test.session_state["asked for"] = page
    return test.run()


def test_the_part_is_kept_while_other_pages_are_shown(app: AppTest):
    chosen = {"weights": AGAINST, "retrieval": WORST, "missing_modalities": "Fill in", "latent_space": "All on one map"}
    for page, part in chosen.items():
        part_of(go(app, page), part)
    for page, part in chosen.items():
        go(app, page)
        assert not app.exception
        assert next(c for c in app.segmented_control if c.key.endswith(".part")).value == part


def test_a_part_that_vanishes_with_the_method_falls_back_to_the_first(app: AppTest):
    part_of(go(app, "weights"), AGAINST)
    go(app, "fuse")
    workspace = app.session_state["workspace"]
    workspace.add_fusion(journey.fuse(workspace, "concat"))
    go(app, "weights")
    control = app.segmented_control(key="choice.weights.part")
    assert not app.exception and control.value == ITEMS and AGAINST not in control.options
    assert not figures(app) and [c for c in app.checkbox if c.key and c.key.startswith("pick-weights")]
    assert app.selectbox(key="choice.weights.order").value.startswith("Measured: ")
    workspace.current = "attention"
    go(app, "weights")
    assert not app.exception and AGAINST in app.segmented_control(key="choice.weights.part").options


def test_a_figure_that_comes_back_shows_what_is_selected(open_page: OpenPage, stages):
    """It is drawn anew, without the lasso that it was selected with."""
    workspace = stages["fusion"]()
    test = part_of(open_page("weights", workspace=workspace), AGAINST)
    workspace.selection = frozenset({"item-3"})
    test.session_state["selection.from"] = "learned-measured"  # as a lasso in it says
    part_of(test, ITEMS)
    assert test.session_state["selection.from"] is None
    part_of(test, AGAINST)
    figure = json.loads(next(c for c in test.get("plotly_chart") if "learned-measured" in c.proto.id).proto.spec)
    marked = [trace["selectedpoints"] for trace in figure["data"] if trace["mode"] == "markers"]
    assert len(marked) == 2 and all(list(base64.b64decode(m["bdata"])) == [3] for m in marked)
