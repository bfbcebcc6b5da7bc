"""Latent space, Step by step: offered where the fusion shown works in steps, one map for all of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mmexplore import journey
from tests.app.pages.conftest import OpenPage
from tests.journey.small import quick, shared_pairs, workspace_of

VIEW = "choice.map.part"


def recurrent(workspace, n_steps: int = 3):
    params = quick("recurrent")["recurrent"] | {"n_steps": n_steps}
    workspace.add_fusion(journey.fuse(workspace, "recurrent", params))
    return workspace


@pytest.fixture(scope="module")
def stepped(fused):
    return recurrent(replace(fused, fusions=dict(fused.fusions)))


def test_it_is_offered_by_the_contract_not_by_name(open_page: OpenPage, stepped, monkeypatch):
    assert "Step by step" not in open_page("latent_space").segmented_control(key=VIEW).options
    test = open_page("latent_space", workspace=replace(stepped, fusions=dict(stepped.fusions)))
    assert "Step by step" in test.segmented_control(key=VIEW).options
    monkeypatch.setattr(type(stepped.fitted.fusion), "gives_steps", False)
    assert "Step by step" not in test.run().segmented_control(key=VIEW).options


def test_the_slider_goes_from_the_first_fused_vector_to_the_last(open_page: OpenPage, stepped):
    test = open_page("latent_space", workspace=replace(stepped, fusions=dict(stepped.fusions)))
    test.segmented_control(key=VIEW).set_value("Step by step").run()
    assert not test.exception
    slider = test.slider(key="choice.step.3")
    assert (slider.min, slider.max, slider.value) == (0, 3, 3)
    ids = [c.proto.id for c in test.get("plotly_chart")]
    assert any("map.steps" in i for i in ids) and any("step-changes" in i for i in ids)
    slider.set_value(0).run()
    assert not test.exception
    assert any(c.value.startswith("After step 0") for c in test.caption)
    assert any("linear probe" in c.value for c in test.caption)


def test_without_labels_no_probe_is_spoken_of(open_page: OpenPage):
    test = open_page("latent_space", workspace=recurrent(workspace_of(shared_pairs())))
    test.segmented_control(key=VIEW).set_value("Step by step").run()
    assert not test.exception
    assert not any("linear probe" in c.value for c in test.caption)


def test_no_step_at_all_is_said(open_page: OpenPage):
    test = open_page("latent_space", workspace=recurrent(workspace_of(shared_pairs()), n_steps=0))
    test.segmented_control(key=VIEW).set_value("Step by step").run()
    assert not test.exception and any("no step" in i.value for i in test.info)


def test_another_fusion_leads_back_to_the_other_views(open_page: OpenPage, stepped):
    test = open_page("latent_space", workspace=replace(stepped, fusions=dict(stepped.fusions)))
    test.segmented_control(key=VIEW).set_value("Step by step").run()
    test.session_state["workspace"].current = "attention"
    test.session_state[VIEW] = "Step by step"  # as session.start keeps the choices of every page
    test.run()
    assert not test.exception and test.segmented_control(key=VIEW).value == "Side by side"
