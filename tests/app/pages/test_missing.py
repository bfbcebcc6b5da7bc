"""The Missing modalities page: a lab run as a job, filling in, and one item switched by hand."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mmexplore import journey
from mmexplore.app.panels import rebuilding
from mmexplore.data.embeddings import Embeddings
from mmexplore.journey.missing import missing_lab
from mmexplore.workspace.state import Workspace
from tests.app.pages.conftest import OpenPage
from tests.app.pages.test_every_page import VALUES
from tests.app.pages.test_journey import FRAMED
from tests.models.methods.made import data

PAGE = "missing_modalities"


def choose(test: AppTest, part: str) -> AppTest:
    test.session_state["choice.missing.part"] = part
    return test.run()


def switched(test: AppTest, label: str) -> AppTest:
    return next(t for t in test.toggle if label in t.label).set_value(False).run()


def test_a_lab_runs_as_a_job_and_its_numbers_are_those_of_the_shell(open_page: OpenPage, fused: Workspace):
    test = open_page(PAGE)
    test.multiselect(key="choice.missing.shares").set_value([0.0, 0.5, 1.0])
    test.number_input(key="choice.missing.seeds").set_value(1).run()
    assert any("No fit is needed" in c.value for c in test.caption)
    test.button(key="missing-run").click().run()
    assert test.session_state["jobs"][0].job.wait(60)
    frame = AppTest.from_string(FRAMED)
    for key in ("jobs", "workspace"):
        frame.session_state[key] = test.session_state[key]
    test.session_state["result.missing"] = frame.run().session_state["result.missing"]
    test.run()
    assert not test.exception
    areas = next(d.value for d in test.dataframe if "area" in d.value)
    lab = missing_lab(fused, shares=[0, 0.5, 1], seeds=1)
    assert np.allclose(areas["area"], [100 * c.area for c in lab.curves])
    assert any("most is lost without" in t.value for t in test.text)
    assert len(next(d.value for d in test.dataframe if "modalities left" in d.value)) == 2


def test_the_cost_of_holes_at_training_is_said_before(open_page: OpenPage):
    test = open_page(PAGE)
    test.session_state["choice.missing.at"] = "both"
    test.run()
    assert any("20 fits are needed" in c.value for c in test.caption)  # 2 modalities, 3 shares x 3 draws + 1


def test_a_result_of_other_vectors_is_not_shown(open_page: OpenPage, fused: Workspace):
    test = open_page(PAGE)
    lab = missing_lab(fused, shares=[0, 1], seeds=1)
    test.session_state["result.missing"] = (object(), lab, {})
    test.run()
    assert not [d for d in test.dataframe if "area" in d.value]


def test_an_item_is_switched_by_hand(open_page: OpenPage):
    test = choose(open_page(PAGE), "One item by hand")
    assert not test.exception
    before = {m.label: m.value.replace("\\", "") for m in test.metric}
    assert before["Cosine"] == "1.00" and before["Neighbours kept"] == "100%"
    assert len(test.toggle) == 2 and not any(t.disabled for t in test.toggle)
    test = switched(test, "tion")
    assert float(next(m.value.replace("\\", "") for m in test.metric if m.label == "Cosine")) < 1
    weights = next(d.value for d in test.dataframe if "modality" in d.value)
    assert weights["now"].tolist() == [100, 0] and weights["before"].sum() == pytest.approx(100, abs=1e-3)


def test_what_an_item_lacks_cannot_be_switched(open_page: OpenPage):
    test = choose(open_page(PAGE), "One item by hand")
    test.selectbox[0].set_value("item-9").run()
    assert [t.disabled for t in test.toggle] == [False, True] and "missing" in test.toggle[1].label
    assert not test.exception


def test_by_hand_needs_a_fusion(open_page: OpenPage):
    test = choose(open_page(PAGE, "vectors"), "One item by hand")
    assert not test.exception and "need-go" in [b.key for b in test.button]


def test_ridge_maps_fill_in_beside_chance(open_page: OpenPage):
    test = choose(open_page(PAGE, "vectors"), "Fill in")
    assert not test.exception
    judged = next(d.value for d in test.dataframe if "rebuilt by" in d.value)
    assert list(judged["modality"]) == ["cap*tion*"] * 2 and list(judged["rebuilt by"]) == ["Ridge maps", "Chance"]
    assert judged["first"].between(0, 100).all() and judged["first"].max() > 1
    assert any("Its own comes in place" in t.value and "by luck" in t.value for t in test.text)
    strings = [str(e.value) for name in VALUES for e in test.get(name)]
    assert not [s for s in strings if "cap*tion*" in s]


def test_giving_everything_or_nothing_says_what_to_do(open_page: OpenPage):
    test = choose(open_page(PAGE, "vectors"), "Fill in")
    test.session_state["choice.fill.given"] = []
    test.run()
    assert not test.exception and any("Give some of the modalities" in t.value for t in test.text)


def test_a_generative_fusion_fills_in(open_page: OpenPage, fused: Workspace):
    workspace = Workspace()
    workspace.set_embeddings(data(60), {})
    workspace.add_fusion(journey.fuse(workspace, "autoencoder", {"epochs": 2}))
    test = choose(open_page(PAGE, workspace=workspace), "Fill in")
    assert not test.exception and test.selectbox[0].value == "autoencoder"
    judged = next(d.value for d in test.dataframe if "rebuilt by" in d.value)
    assert set(judged["modality"]) == {"image", "text"}, "what is given is not filled in"
    assert list(judged["rebuilt by"][:3]) == [workspace.fitted.fusion.card.short, "Ridge maps", "Chance"]


def test_an_item_that_has_nothing_of_what_is_given_says_so(open_page: OpenPage):
    test = choose(open_page(PAGE, "vectors"), "Fill in")
    test.session_state["choice.fill.given"] = ["cap*tion*"]
    test.run()
    assert not test.exception and not test.error, "the menu begins with one that has it"
    test.selectbox(key="choice.fill.item").set_value("item-9").run()
    assert not test.exception and "item\\-9" in test.error[0].value and test.dataframe


def test_many_rows_are_judged_as_a_job(open_page: OpenPage, monkeypatch):
    monkeypatch.setattr(rebuilding, "AT_ONCE", 10)
    test = choose(open_page(PAGE, "vectors"), "Fill in")
    for kind in ("ridge", "judge"):
        waiting = next(w for w in test.session_state["jobs"] if w.kind.startswith(kind))
        assert waiting.job.wait(60) and waiting.job.state == "done", waiting.job.error
        frame = AppTest.from_string(FRAMED)
        kept = ("jobs", "workspace", *(k for k in ("results",) if k in test.session_state))
        for key in kept:
            frame.session_state[key] = test.session_state[key]
        frame.run()
        for key in ("jobs", "results"):
            test.session_state[key] = frame.session_state[key]
        test.run()
    assert not test.exception and any("rebuilt by" in d.value for d in test.dataframe)


def test_one_modality_alone_is_said(open_page: OpenPage):
    workspace = Workspace()
    workspace.set_embeddings(Embeddings.only(data(30), ["text"]), {})
    test = open_page(PAGE, workspace=workspace)
    assert not test.exception and any("only one modality" in t.value for t in test.text)


def test_data_with_many_holes_goes_through_the_page(open_page: OpenPage):
    """A modality in three rows, rows with one modality or none, a class that lacks a modality."""
    whole = data(120, holes=0.4)
    hidden = np.zeros_like(whole.mask)
    hidden[3:, 0] = True
    hidden[:, 2] |= whole.labels == "class 1"
    hidden[50:54] = True
    workspace = Workspace()
    workspace.set_embeddings(whole.hide(hidden), {})
    workspace.add_fusion(journey.fuse(workspace, "late-product"))
    for part in ("Drop and measure", "Fill in", "One item by hand"):
        assert not choose(open_page(PAGE, workspace=workspace), part).exception
    lab = missing_lab(workspace, ["late-product"], seeds=1)
    assert all(np.isfinite(c.score).all() for c in lab.curves)
