"""One selection for all views: cards, classes and tables write it, every view reads it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mmexplore.views import maps
from tests.app.pages.conftest import OpenPage, part_of


def selected(test: AppTest) -> frozenset[str]:
    return test.session_state["workspace"].selection


def test_the_box_of_a_card_selects_and_unselects_its_item(open_page: OpenPage):
    test = open_page("data")
    assert not [t for t in test.text if "selected" in t.value]
    test.checkbox(key="pick-pairs-7").check().run()
    assert selected(test) == {"item-7"}
    assert "1 selected" in [t.value for t in test.text]
    other = open_page("weights", workspace=test.session_state["workspace"])
    other.toggle(key="choice.only.weights").set_value(True).run()
    boxes = [c for c in other.checkbox if c.key and c.key.startswith("pick-") and c.key.endswith("-7")]
    assert boxes and all(c.value for c in boxes), "the same item is ticked on another page"
    test.checkbox(key="pick-pairs-7").uncheck().run()
    assert selected(test) == frozenset()


def test_a_class_is_selected_from_the_data_page_and_from_the_maps_legend(open_page: OpenPage):
    for page, key in (("data", "class-labels-0"), ("latent_space", "class-maps-0")):
        test = open_page(page)
        workspace = test.session_state["workspace"]
        name = test.button(key=key).label.replace("\\", "")
        test.button(key=key).click().run()
        labels = workspace.embeddings.labels
        assert selected(test) == set(workspace.embeddings.ids[labels == name]) and selected(test)
        test.button(key=key).click().run()
        assert selected(test) == frozenset(), "pressed again, the class is taken out"


def test_classes_add_up_and_the_bar_says_which(open_page: OpenPage):
    test = open_page("data")
    test.button(key="class-labels-0").click().run()
    test.button(key="class-labels-1").click().run()
    assert len(selected(test)) == 20
    assert "20 selected" in [t.value for t in test.text]
    assert any(t.value.count("10 ") == 2 for t in test.text)


def test_only_the_selected_cards_are_shown_where_that_is_asked(open_page: OpenPage, stages):
    workspace = stages["fusion"]()
    workspace.selection = frozenset({"item-3", "item-11"})
    for page, toggle in (("data", "pairs"), ("weights", "weights")):
        test = open_page(page, workspace=workspace)
        test.toggle(key=f"choice.only.{toggle}").set_value(True).run()
        assert not test.exception
        cards = {c.key for c in test.checkbox if c.key and c.key.startswith(f"pick-{toggle}")}
        assert {k.rsplit("-", 1)[1] for k in cards} == {"3", "11"}


def test_a_table_is_drawn_with_the_selected_lines_chosen(open_page: OpenPage, stages):
    workspace = stages["fusion"]()
    workspace.selection = frozenset({"item-3", "item-11"})
    test = open_page("data", workspace=workspace)
    drawn = [json.loads(d.proto.selection_default) for d in test.dataframe if d.proto.selection_default]
    assert [d["selection"]["rows"] for d in drawn] == [[3, 11]]


def test_the_worst_failures_and_suspects_can_be_selected(open_page: OpenPage, stages):
    for page, beginning in (("retrieval", "pick-failure-"), ("mispairs", "pick-mispair-")):
        workspace = stages["vectors"]()
        shifted = workspace.embeddings.vectors | {"photo": np.roll(workspace.embeddings.vectors["photo"], 1, axis=0)}
        workspace.embeddings = replace(workspace.embeddings, vectors=shifted)
        test = open_page(page, workspace=workspace)
        if page == "retrieval":
            part_of(test, "Worst failures")
        box = next(c for c in test.checkbox if c.key and c.key.startswith(beginning))
        test.checkbox(key=box.key).check().run()
        assert len(selected(test)) == 1


def test_marked_mispairs_leave_the_clean_table(open_page: OpenPage):
    test = open_page("mispairs")
    n = len(test.session_state["workspace"].dataset)
    test.button(key="mispairs-mark").click().run()
    assert f"12 marked, {n - 12} kept." in [t.value for t in test.text]
    test.button(key="mispairs-unmark").click().run()
    assert f"0 marked, {n} kept." in [t.value for t in test.text]


def test_rescoring_says_which_bank_it_looked_at(open_page: OpenPage):
    test = part_of(open_page("retrieval"), "Hubs and rescoring")
    assert any("other queries" in i.value and "tested on" in i.value for i in test.info), "the honest bank by default"
    test.session_state["choice.rescore.bank"] = "same"
    test.run()
    assert any("flatters" in w.value for w in test.warning)
    for method in ("centred", "inverted_softmax"):
        test.session_state["choice.rescore.method"] = method
        test.run()
        assert not test.exception
    assert sum(m.label.startswith("Hubness") for m in test.metric) == 2


@pytest.mark.parametrize(
    ("page", "part"), [("latent_space", "All on one map"), ("retrieval", "What a similarity means")]
)
def test_the_gap_slider_moves_recall_and_thermometer(open_page: OpenPage, page: str, part: str):
    test = part_of(open_page(page), part)
    assert not test.exception
    before = [n.value for n in test.number_input if "thermometer" in n.key]
    test.slider(key="choice.gap.amount").set_value(1.0).run()
    assert not test.exception
    changes = next(d.value for d in test.dataframe if "R@10 change" in d.value)
    assert len(changes) == 2 and np.isfinite(changes["R@1 %"]).all()
    assert len(before) == 1 and "What a similarity means here" in [s.value for s in test.subheader]


def test_a_map_of_a_sample_says_so(open_page: OpenPage, monkeypatch):
    """No silent sample: how many of how many rows, on maps of one space and on the joint one, which has fewer rows."""
    monkeypatch.setattr(maps, "MAX_POINTS", 20)
    test = open_page("latent_space")
    n = len(test.session_state["workspace"].embeddings)
    assert any(f"of {n} rows drawn: a sample of 20 that keeps the share" in c for c in captions(test))
    assert not any("20 of 20 rows" in c for c in captions(test))
    part_of(test, "All on one map")
    assert not test.exception
    assert any(f"10 of {n} rows drawn: a sample" in c and "2 points" in c for c in captions(test))
    figure = json.loads(next(c for c in test.get("plotly_chart") if "joint" in c.proto.id).proto.spec)
    points = [t for t in figure["data"] if t.get("mode") == "markers" and "customdata" in t]
    assert len(points) == 2 and figure["data"][0]["name"] == "pairs (10)"


def captions(test: AppTest) -> list[str]:
    return [c.value.replace("\\", "").replace("\u2060", "") for c in test.caption]
