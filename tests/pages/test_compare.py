"""The Compare page: chosen, run as a job, read, and opened in the views."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from mmexplore.journey.comparing import Setting, compare
from tests.journey.small import quick
from tests.pages.conftest import OpenPage
from tests.pages.test_every_page import markup

NAMES = ("concat", "attention", "cca", "bridge", "tensor")


@pytest.fixture(scope="module")
def compared(fused):
    workspace = replace(fused, fusions={}, current=None)
    params = quick("concat", "attention", "cca") | {"tensor": {"factor": 300}}
    return workspace, compare(workspace, Setting(NAMES, n_seeds=1, params=params))


def open_compared(open_page: OpenPage, compared) -> AppTest:
    workspace, comparison = compared
    test = open_page("compare", workspace=replace(workspace, fusions={}))
    test.session_state["result.compare"] = comparison
    return test.run()


def test_a_comparison_runs_as_one_job(open_page: OpenPage, stages, monkeypatch):
    test = open_page("compare", "vectors")
    assert not test.exception
    test.multiselect(key="choice.compare.Fusions").set_value(["late-sum"])
    test.multiselect(key="choice.compare.Generative models").set_value([])
    test.multiselect(key="choice.compare.Alignments").set_value(["cca"])
    test.number_input(key="choice.compare.seeds").set_value(2)
    test.run()
    assert "4 fits" in [t.value for t in test.text]
    test.button(key="compare").click().run()
    waiting = test.session_state["jobs"][0]
    assert waiting.job.wait(120) and waiting.job.state == "done", waiting.job.error
    comparison = waiting.job.result
    assert comparison.seeds == (0, 1)
    assert [r.kind for r in comparison.races] == ["fusion", "alignment"]
    assert test.session_state["workspace"].embeddings is comparison.embeddings


def test_what_was_not_measured_is_an_empty_cell(open_page: OpenPage, compared):
    test = open_compared(open_page, compared)
    assert {table.proto.placeholder for table in test.dataframe} == {""}
    assert all(table.proto.HasField("placeholder") for table in test.dataframe)
    said = "\n".join(c.value.replace("\\", "").replace("\u2060", "") for c in test.caption)
    assert "Absent: cap*tion* in 4 of 40 rows. A modality alone can only guess there" in said
    assert "Absent: cap*tion* in 4 of 40 rows. A direction is asked with the rows that have both" in said


def test_all_and_few_are_one_press(open_page: OpenPage):
    from mmexplore.methods import all_methods

    test = open_page("compare", "vectors")
    test.button(key="compare-True").click().run()
    assert sum(len(m.value) for m in test.multiselect) == len(all_methods())
    test.button(key="compare-False").click().run()
    assert sum(len(m.value) for m in test.multiselect) == 7


def test_nothing_chosen_cannot_be_pressed(open_page: OpenPage):
    test = open_page("compare", "vectors")
    for m in test.multiselect:
        m.set_value([])
    test.run()
    assert test.button(key="compare").disabled


def test_tables_charts_and_reasons_are_shown(open_page: OpenPage, compared):
    test = open_compared(open_page, compared)
    assert not test.exception
    fusion, alignment = (d.value for d in test.dataframe)
    assert {"score", "from", "to", "gain", "with holes", "parameters", "fit", "item"} <= set(fusion)
    assert fusion["score"].is_monotonic_decreasing
    assert any(m.startswith("baseline: ") for m in fusion["method"])
    assert "evenness" in fusion and fusion["evenness"].notna().sum() == 1
    assert {"recall@5", "recall@10"} <= set(alignment)
    assert len(test.get("plotly_chart")) == 2
    said = [t.value for t in test.text]
    assert any("Tensor fusion" in t and "low-rank" in t for t in said)
    assert any(t.startswith("Bridge") or "bridge" in t.lower() for t in said)


def test_a_line_is_taken_over_as_fitted(open_page: OpenPage, compared, monkeypatch):
    _, comparison = compared
    test = open_compared(open_page, compared)
    monkeypatch.setattr("streamlit.switch_page", lambda page: None)
    test.selectbox(key="choice.compare.open.fusion").set_value("attention").run()
    test.button(key="open-fusion-Weights").click().run()
    now = test.session_state["workspace"]
    assert now.current == "attention" and now.fitted is comparison.fitted["attention"]
    test.button(key="open-alignment-Latent space").click().run()
    assert test.session_state["workspace"].alignment is comparison.fitted["cca"][0]


def test_other_vectors_close_the_doors(open_page: OpenPage, compared, stages):
    _, comparison = compared
    test = open_page("compare", workspace=stages["vectors"]())
    test.session_state["result.compare"] = comparison
    test.run()
    assert not test.exception
    assert any("changed since" in c.value for c in test.caption)
    assert not [b for b in test.button if b.key and b.key.startswith("open-")]


def test_words_of_strangers_are_never_markup_in_results(open_page: OpenPage, compared):
    assert not [s for s in markup(open_compared(open_page, compared)) if "cap*tion*" in s]


def test_the_python_under_it_can_be_read(compared):
    from mmexplore.ui import python_models

    code = python_models.comparison(compared[1].setting)
    compile(code, "view", "exec")
    assert "n_seeds=1" in code
