"""The Reconstruct page: an item rebuilt from what is shown, draws, odd items; and a way out where nothing can."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.workspace.state import Workspace
from tests.app.pages.conftest import OpenPage
from tests.app.pages.test_every_page import markup
from tests.journey.small import quick


@pytest.fixture(scope="module")
def rebuilding(fused: Workspace) -> Workspace:
    workspace = replace(fused, fusions={}, current=None)
    workspace.add_fusion(journey.fuse(workspace, "mvae", quick("mvae")["mvae"]))
    return workspace


def test_an_item_is_rebuilt_from_what_is_shown(open_page: OpenPage, rebuilding):
    test = open_page("reconstruct", workspace=rebuilding)
    test.session_state["choice.rebuild.item"] = "item-12"
    test.run()
    assert not test.exception
    said = [t.value for t in test.text]
    rebuilt = next(t for t in said if t.startswith("Rebuilt from photo."))
    assert "in place" in rebuilt and "by luck" in rebuilt
    assert any(t.startswith("Given, and given back.") for t in said)
    assert any(t.startswith("1. cosine") for t in said)
    found = journey.rebuild_item(rebuilding, "item-12", ["photo"])
    own = [np.isin(12, f.rows[0]) for f in found]
    assert [any(" · its own" in t for t in said)] == [any(own)], "each item is a group of its own"
    assert len(test.get("image")) >= 7, "the item and its nearest photos"
    table = test.dataframe[0].value
    assert list(table["modality"]) == ["photo (given)"] * 2 + ["cap*tion*"] * 3
    title = rebuilding.fusions["mvae"].fusion.card.short
    assert list(table["rebuilt by"]) == [title, "Chance", title, "Ridge maps", "Chance"]
    report = journey.rebuild_report(rebuilding, ["photo"])["modalities"]["cap*tion*"]
    assert table["in the first 10"].tolist()[2:] == [
        100 * share for share in (report["recall@10"], report["baseline"]["recall@10"], report["chance_recall@10"])
    ]  # fmt: skip


def test_nothing_shown_is_asked_for(open_page: OpenPage, rebuilding):
    test = open_page("reconstruct", workspace=rebuilding)
    test.session_state["choice.rebuild.item"] = "item-12"
    test.session_state["choice.rebuild.given.photo.cap*tion*"] = []
    test.run()
    assert not test.exception
    assert any("at least one modality" in t.value for t in test.text)


def test_draws_and_odd_items_are_real_ones(open_page: OpenPage, rebuilding):
    test = open_page("reconstruct", workspace=rebuilding)
    assert [s.value for s in test.subheader] == ["Over all items", "New items", "Odd items"]
    assert any("cosine" in c.value for c in test.caption)
    assert any("sd below; ELBO" in t.value for t in test.text)
    assert {"Coherence", "By luck"} <= {m.label for m in test.metric}


def test_a_fusion_that_cannot_go_back_offers_one_that_can(open_page: OpenPage, stages, rebuilding):
    test = open_page("reconstruct", "fusion")
    assert "cannot go back" in test.info[0].value
    test.button(key="rebuild-fit").click().run()
    waiting = test.session_state["jobs"][0]
    assert waiting.job.wait(120) and waiting.job.state == "done", waiting.job.error
    assert waiting.job.result.fusion.name == "mvae"
    waiting.take_up(waiting.job.result)
    assert test.session_state["workspace"].current == "attention", "a fit for this page: the others show what they did"


def test_which_fit_rebuilds_is_a_choice_of_this_page(open_page: OpenPage, stages, rebuilding):
    both = stages["fusion"]()
    both.add_fusion(rebuilding.fusions["mvae"], show=False)
    both.add_fusion(journey.fuse(both, "mvae", quick("mvae")["mvae"] | {"latent": 3}), show=False)
    test = open_page("reconstruct", workspace=both)
    assert not test.exception and "cannot go back" in test.info[0].value
    by = test.selectbox(key="choice.rebuild.by.attention")
    assert by.value == "mvae-2" and by.options == [both.titles["mvae-2"], both.titles["mvae"]]
    assert both.titles["mvae-2"] in [t.value for t in test.text]
    by.set_value("mvae").run()
    assert not test.exception and both.titles["mvae"] in [t.value for t in test.text]
    assert test.session_state["workspace"].current == "attention"


def test_words_of_strangers_stay_words(open_page: OpenPage, rebuilding):
    test = open_page("reconstruct", workspace=rebuilding)
    for item in ("item-0", "item-3"):
        test.session_state["choice.rebuild.item"] = item
        test.run()
        assert not test.exception
        found = [s for s in markup(test) if "cap*tion*" in s or "<script" in s or "<b>" in s]
        assert not found
