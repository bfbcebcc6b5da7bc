"""The Compare page: chosen, run as a job, read, and opened in the views."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from mmexplore import journey
from mmexplore.app.pages.compare.race import take_over
from mmexplore.journey.comparing import Setting, compare
from mmexplore.models.fusion.concat import ConcatFusion
from mmexplore.models.methods import all_methods
from mmexplore.server.jobs import pool
from tests.app.pages.conftest import OpenPage
from tests.app.pages.test_every_page import markup
from tests.journey.small import quick, shared_pairs, workspace_of

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
    test = open_page("compare", "vectors")
    test.button(key="compare-all").click().run()
    assert sum(len(m.value) for m in test.multiselect) == len(all_methods())
    test.button(key="compare-few").click().run()
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
    from mmexplore.app import snippets

    code = snippets.comparison(compared[1].setting)
    compile(code, "view", "exec")
    assert "n_seeds=1" in code


# -- while it runs, and when it is stopped -------------------------------------------
@pytest.fixture
def gate(monkeypatch):
    """The second method of a race waits for this; nothing depends on how quick the machine is."""
    gate, fit = threading.Event(), ConcatFusion.fit

    def waits(self, embeddings, *a, on_epoch=None, **k):
        while not gate.wait(0.01):
            on_epoch(1, 2, {})
        return fit(self, embeddings, *a, on_epoch=on_epoch, **k)

    monkeypatch.setattr(ConcatFusion, "fit", waits)
    yield gate
    gate.set()
    until = time.monotonic() + 60
    while any(pool().load) and time.monotonic() < until:  # the job has gone before the next test, or the interpreter
        time.sleep(0.02)


def begun(open_page: OpenPage) -> AppTest:
    """A race of late-sum (scored), concat (waits) and cca, one seed, as it stands before concat is done."""
    test = open_page("compare", "vectors")
    test.multiselect(key="choice.compare.Fusions").set_value(["late-sum", "concat"])
    test.multiselect(key="choice.compare.Generative models").set_value([])
    test.multiselect(key="choice.compare.Alignments").set_value(["cca"])
    test.number_input(key="choice.compare.seeds").set_value(1)
    test.run()
    test.button(key="compare").click().run()
    heard = test.session_state["watch.compare"]
    until = time.monotonic() + 60
    while (heard.so_far is None or heard.so_far.n_done < 1) and time.monotonic() < until:
        time.sleep(0.02)
    return test.run()


def collected(test: AppTest) -> AppTest:
    """As app.py does before the page: what has ended is taken up."""
    test.session_state["jobs"][0].job.wait(120)

    def page() -> None:
        from mmexplore.app.pages.compare import race
        from mmexplore.app.pages.compare.comparing import last
        from mmexplore.app.shell import jobs_view
        from mmexplore.app.state.session import workspace

        jobs_view.collect()
        comparison, current = last(workspace())
        if comparison is not None:
            race.show(workspace(), comparison, current)

    after = AppTest.from_function(page, default_timeout=60)
    for key in ("workspace", "jobs", "watch.compare", "result.compare"):
        if key in test.session_state:
            after.session_state[key] = test.session_state[key]
    return after.run()


def test_a_scored_method_is_on_the_page_while_the_others_run(open_page: OpenPage, gate):
    test = begun(open_page)
    assert not test.exception
    assert test.session_state["jobs"][0].job.state == "running"
    assert "So far 1 of 3 methods." in [t.value for t in test.text]
    table, alignments = (d.value for d in test.dataframe)
    assert all(m.startswith("baseline: ") for m in alignments["method"]), "it has not come to these yet"
    title = all_methods()["late-sum"].card.title
    assert title in set(table["method"]) and any(m.startswith("baseline: ") for m in table["method"])
    assert [c for c in test.get("plotly_chart") if "live-fusion" in c.proto.id]
    assert not [b for b in test.button if b.key and b.key.startswith("open-")]
    gate.set()
    after = collected(test)
    assert not after.exception and not [i for i in after.info if "Stopped" in i.value]
    assert len(after.session_state["result.compare"].fitted) == 3


def test_a_stopped_race_keeps_what_was_scored(open_page: OpenPage, gate):
    test = begun(open_page)
    test.session_state["jobs"][0].job.cancel()
    after = collected(test)
    assert not after.exception
    assert [i.value for i in after.info] == ["Stopped: 1 of 3 methods. What was measured until then stands below."]
    assert all_methods()["late-sum"].card.title in set(after.dataframe[0].value["method"])
    assert any("None of these was scored" in c.value for c in after.caption)
    assert after.button(key="open-fusion-Weights"), "what was fitted can be looked at"


def test_a_race_that_is_stopped_before_its_first_score_leaves_the_last_one(open_page: OpenPage, compared, gate):
    test = begun(open_page)
    test.session_state["watch.compare"].so_far = replace(compared[1], races=(), n_done=0)
    test.session_state["result.compare"] = compared[1]
    test.session_state["jobs"][0].job.cancel()
    assert collected(test).session_state["result.compare"] is compared[1]


def test_a_race_on_other_vectors_says_so_while_it_runs(open_page: OpenPage, stages, gate):
    test = begun(open_page)
    test.session_state["workspace"] = stages["vectors"]()
    assert any("changed since this race began" in c.value for c in test.run().caption)


def test_all_at_the_ceiling_is_said_for_the_measure_that_is_shown(open_page: OpenPage):
    workspace = workspace_of(shared_pairs())
    found = compare(workspace, Setting(("concat", "attention"), n_seeds=1))
    easy = found.races[0]
    assert easy.metric == "disjoint mrr" and {"recall@1", "recall@10"} <= set(easy.saturated) - {easy.metric}
    test = open_page("compare", workspace=workspace)
    test.session_state["result.compare"] = found
    test.run()
    assert not [i for i in test.info if "ceiling" in i.value]
    assert any("too easy to rank by" in c.value for c in test.caption)
    shown = "choice.compare.measure.fusion.disjoint mrr"
    test.segmented_control(key=shown).set_value("recall@1").run()
    assert [i for i in test.info if "ceiling" in i.value]


def test_without_anything_to_predict_no_method_that_needs_it_is_offered_first(open_page: OpenPage):
    first = open_page("compare", "vectors").multiselect(key="choice.compare.Fusions").value
    assert len(first) == 4 and "late-product" in first
    bare = workspace_of(shared_pairs())
    bare.embeddings = replace(bare.embeddings, labels=None)
    test = open_page("compare", workspace=bare)
    test.button(key="compare-few").click().run()
    first = test.multiselect(key="choice.compare.Fusions").value
    assert len(first) == 4 and not any(all_methods()[name].needs_labels for name in first)


def test_the_settings_of_a_fit_race_beside_the_defaults(open_page: OpenPage, stages):
    workspace = stages["vectors"]()
    workspace.add_fusion(journey.fuse(workspace, "concat", {"epochs": 2, "width": 8}))
    test = open_page("compare", workspace=workspace)
    test.multiselect(key="choice.compare.Fusions").set_value(["concat"])
    test.multiselect(key="choice.compare.Generative models").set_value([])
    test.multiselect(key="choice.compare.Alignments").set_value([])
    test.multiselect(key="choice.compare.settings").set_value(["concat"])
    test.number_input(key="choice.compare.seeds").set_value(1)
    test.run()
    assert not test.exception and "2 fits" in [t.value for t in test.text]
    test.button(key="compare").click().run()
    job = test.session_state["jobs"][0].job
    assert job.wait(120) and job.state == "done", job.error
    comparison = job.take()
    small = next(name for name in comparison.fitted if "width=8" in name)
    assert set(comparison.fitted) == {"concat", small}
    test.session_state["jobs"], test.session_state["result.compare"] = [], comparison
    test.run()
    look = test.selectbox(key="choice.compare.open.fusion")
    assert not test.exception and len(set(look.options)) == 2
    take_over(workspace, comparison, small)
    assert list(workspace.fusions) == ["concat"], "the very same fit: same settings, same seed"
    take_over(workspace, comparison, "concat")
    assert list(workspace.fusions) == ["concat", "concat-2"]
    workspace.remove_fusion("concat")
    test.run()
    assert not test.exception
