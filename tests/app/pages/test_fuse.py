"""The Fuse page: every method with its diagram, alignments beside the vectors as they came."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from mmexplore import journey
from mmexplore.models.methods import all_methods, fusion_methods
from mmexplore.models.param import params_of
from mmexplore.workspace.state import Workspace
from tests.app.pages.conftest import OpenPage
from tests.app.pages.test_journey import FRAMED
from tests.journey.small import shared_pairs, workspace_of


def test_generative_methods_are_offered_and_fitted(open_page: OpenPage):
    test = open_page("fuse", "vectors")
    chosen = test.selectbox(key="choice.fusion.method")
    assert len(chosen.options) == len(fusion_methods())
    chosen.set_value("autoencoder").run()
    test.number_input(key="choice.fusion.autoencoder.epochs").set_value(2).run()
    test.button(key="fit").click().run()
    waiting = test.session_state["jobs"][0]
    assert waiting.job.wait(120) and waiting.job.state == "done", waiting.job.error
    assert waiting.job.result.fusion.name == "autoencoder"
    watch = test.session_state["watch.fuse"]
    assert set(watch.history()["modality"]) >= {"photo", "cap*tion*"}


@pytest.mark.parametrize("name", ["tensor", "mopoe", "recurrent", "late-network"])
def test_the_diagram_follows_the_method(open_page: OpenPage, name: str):
    test = open_page("fuse", "vectors")
    test.selectbox(key="choice.fusion.method").set_value(name).run()
    assert not test.exception
    assert [c for c in test.get("plotly_chart") if "flow-fusion" in c.proto.id]


def test_realigning_shared_vectors_is_shown_to_hurt(open_page: OpenPage):
    workspace = workspace_of(shared_pairs(200, noise=1.0))
    workspace.set_alignment(*journey.align(workspace, "cca"))
    test = open_page("fuse", workspace=workspace)
    assert not test.exception
    assert any("Aligning has hurt" in w.value for w in test.warning)
    table = next(d.value for d in test.dataframe if "vectors" in d.value)
    assert list(table["vectors"]) == ["as they came"] * 2 + ["aligned"] * 2
    assert {"R@1 %", "R@5 %", "R@10 %"} <= set(table)


def test_a_fit_without_labels_says_how_hard_its_measure_is(open_page: OpenPage):
    workspace = workspace_of(shared_pairs(200, noise=1.0))
    assert workspace.embeddings is not None
    fitted = journey.fuse(workspace, "concat", {"epochs": 2}, "contrastive", "none")
    workspace.add_fusion(fitted)
    test = open_page("fuse", workspace=workspace)
    assert not test.exception
    told = next(c.value for c in test.caption if "Harder: one modality alone" in c.value)
    harder = fitted.score.details["disjoint recall@10"]
    assert f"first ten in {harder:.1%} of the cases (by luck " in told
    table = next(d.value for d in test.dataframe if "what" in d.value)
    assert list(table["what"])[1:-1] == [f"{m} alone" for m in workspace.embeddings.modalities]


def test_the_settings_have_the_words_and_bounds_they_are_declared_with(open_page: OpenPage):
    test = open_page("fuse", "vectors")
    test.selectbox(key="choice.fusion.method").set_value("bottleneck").run()
    shown = {n: test.number_input(key=f"choice.fusion.bottleneck.{n}") for n in ("bottlenecks", "depth", "heads")}
    about = {n: read(w.help) for n, w in shown.items()}
    assert shown["depth"].label == "Layers" and about["depth"].startswith("Transformer layers one after the other.")
    assert shown["heads"].label == "Attention heads" and "they must divide the width" in about["heads"]
    assert "shared tokens" in about["bottlenecks"] and "layer" not in about["bottlenecks"]
    assert about["heads"].endswith("Allowed: from 1 to 64.")
    assert [(w.min, w.max, w.value) for w in shown.values()] == [(1, 256, 4), (1, 32, 2), (1, 64, 4)]


def read(markdown: str) -> str:
    """What a person reads of it: without what `widgets.plain` puts in."""
    return markdown.replace("\\", "").replace("\u2060", "")


@pytest.mark.parametrize("name", all_methods())
def test_every_method_is_asked_for_with_its_defaults(name: str):
    """The widgets untouched give the settings of the constructor, of the same types: lr=0.002, n_components=None."""

    def page(name: str) -> None:
        import streamlit as st

        from mmexplore.app.kit import parameters
        from mmexplore.models.methods import all_methods

        st.session_state["asked"] = parameters.ask(all_methods()[name], "here")

    test = AppTest.from_function(page, args=(name,), default_timeout=60).run()
    assert not test.exception
    asked = test.session_state["asked"]
    declared = params_of(all_methods()[name])
    assert asked == {n: d.default for n, d in declared.items()}
    assert [type(v) for v in asked.values()] == [type(d.default) for d in declared.values()]
    labels = [read(w.label) for kind in ("number_input", "selectbox", "toggle", "text_input") for w in test.get(kind)]
    assert sorted(labels) == sorted(d.label for d in declared.values())


@pytest.fixture
def two_fits() -> Workspace:
    """Attention with its defaults but few epochs, and a narrow one."""
    workspace = workspace_of(shared_pairs(60, noise=1.0))
    for width in (64, 8):
        workspace.add_fusion(journey.fuse(workspace, "attention", {"epochs": 2, "width": width}))
    return workspace


def test_two_fits_of_a_method_are_told_apart_chosen_and_removed(open_page: OpenPage, two_fits):
    test = open_page("fuse", workspace=two_fits)
    assert not test.exception
    table = next(d.value for d in test.dataframe if "shown" in d.value)
    assert table["id"].tolist() == ["attention", "attention-2"] and table["shown"].tolist() == [False, True]
    assert len(set(table["method"])) == 2 and table["method"][1].endswith("width 8")
    shown = test.selectbox(key="shown-fusion")
    assert shown.value == "attention-2" and shown.options == list(two_fits.titles.values())
    shown.set_value("attention").run()
    assert test.session_state["workspace"].current == "attention" and not test.exception
    test.button(key="remove-fit").click().run()
    assert not test.exception
    assert list(two_fits.fusions) == ["attention-2"] and two_fits.current == "attention-2"


@pytest.mark.parametrize("page", ["weights", "latent_space"])
def test_which_fit_is_shown_can_be_chosen_where_it_is_looked_at(open_page: OpenPage, two_fits, page: str):
    test = open_page(page, workspace=two_fits)
    test.selectbox(key="shown-fusion").set_value("attention").run()
    assert not test.exception and two_fits.current == "attention"
    assert not [b for b in test.button if b.key == "remove-fit"]


def test_a_fit_that_was_removed_is_chosen_nowhere(open_page: OpenPage, two_fits):
    test = open_page("missing_modalities", workspace=two_fits)
    methods = test.multiselect(key="choice.missing.methods")
    assert methods.value == ["attention", "attention-2"]
    assert two_fits.titles["attention-2"] in methods.options
    two_fits.remove_fusion("attention-2")
    test.run()
    assert not test.exception and test.multiselect(key="choice.missing.methods").value == ["attention"]


def test_a_second_width_is_fitted_as_a_job_and_told(open_page: OpenPage, two_fits):
    """The notice names the new fit, whose title is made when it has been added."""
    test = open_page("fuse", workspace=two_fits)
    test.number_input(key="choice.fusion.attention.width").set_value(4)
    test.number_input(key="choice.fusion.attention.epochs").set_value(2).run()
    test.button(key="fit").click().run()
    assert test.session_state["jobs"][0].job.wait(60)
    frame = AppTest.from_string(FRAMED)
    for key in ("jobs", "workspace"):
        frame.session_state[key] = test.session_state[key]
    frame.run()
    assert not frame.exception
    assert list(two_fits.fusions)[-1] == two_fits.current == "attention-3"
    assert any("Fitted: " in read(t.value) and "width 4" in read(t.value) for t in frame.toast)
