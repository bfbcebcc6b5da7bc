"""The Weights page on planted data: estimates beside the truth, the parts of information; and what is measured."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mmexplore import journey
from mmexplore.app.state import session
from mmexplore.data.examples.planted import planted
from mmexplore.workspace.state import Workspace
from tests.app.pages.conftest import OpenPage, part_of

TRUTH = "Against the truth"


@pytest.fixture(scope="module")
def planted_workspace() -> Workspace:
    workspace = Workspace()
    workspace.set_dataset(planted(200, seed=0, redundant=1.5, unique=(3.0, 0.0, 0.0), synergistic=0.0)[0])
    encoders = journey.default_encoders(workspace)
    workspace.set_embeddings(journey.encode(workspace, encoders).embeddings, encoders)
    workspace.add_fusion(journey.fuse(workspace, "gated", {"epochs": 4, "width": 8}))
    return workspace


@pytest.fixture
def page(open_page: OpenPage, planted_workspace: Workspace) -> Iterator[AppTest]:
    yield open_page("weights", workspace=replace(planted_workspace, fusions=dict(planted_workspace.fusions)))


def finished(test: AppTest, kind: str) -> Any:
    """The result of the job of this kind, waited for and taken out of the queue."""
    for _ in range(600):
        waiting = [w for w in test.session_state["jobs"] if w.kind == kind]
        assert waiting
        if waiting[0].job.finished:
            break
        time.sleep(0.1)
    assert waiting[0].job.state == "done", waiting[0].job.error
    test.session_state["jobs"] = [w for w in test.session_state["jobs"] if w.kind != kind]
    return waiting[0].job.take()


def headings(test: AppTest) -> list[str]:
    return [s.value for s in test.subheader]


def test_the_truth_stands_beside_the_shown_fusion_at_once(page: AppTest):
    part_of(page, TRUTH)
    assert not page.exception
    assert "Beside the truth, method by method" in headings(page)
    table = next(d.value for d in page.dataframe if "bits told" in d.value)
    assert len(table) == 1
    shares = table[[c for c in table if c.startswith("true ")]].iloc[0]
    assert shares.sum() == pytest.approx(1)


def test_other_methods_are_fitted_as_a_job(page: AppTest):
    part_of(page, TRUTH)
    page.multiselect(key="choice.truth.methods").set_value(["late-product", "concat"]).run()
    page.button(key="truth-fit").click().run()
    told = finished(page, "truth")
    found = {f.method: f for f in told.methods}
    assert set(found) == {"late-product", "concat"} and not told.refused
    assert found["late-product"].learned is not None and found["concat"].learned is None


def test_the_parts_of_information_are_estimated_as_a_job_and_drawn(page: AppTest, monkeypatch: pytest.MonkeyPatch):
    part_of(page, "What two share")
    assert "What two modalities share" in headings(page)
    page.button(key="pid-estimate").click().run()
    result = finished(page, "information")
    recall = session.recall
    monkeypatch.setattr(session, "recall", lambda key: result if key[0] == "information" else recall(key))
    page.run()
    assert not page.exception
    assert any("bits to be told" in i.value.replace("\\", "") for i in page.info)
    gates = next(d.value for d in page.dataframe if "gate" in d.value)
    assert gates["gate"].tolist() == ["XOR", "AND", "RDN", "UNQ"]


def test_photos_without_truth_have_no_such_section(open_page: OpenPage):
    assert TRUTH not in open_page("weights").segmented_control(key="choice.weights.part").options


def test_baseline_null_and_residual_are_named(page: AppTest):
    said = " ".join(c.value for c in part_of(page, "All of the data").caption).replace("\\", "")
    assert "In place of a hidden modality" in said and "labels permuted" in said
    assert "Residual" in said and "what is left over is 0." in said
    for baseline in ("mean", "permuted"):
        page.session_state["choice.shapley.baseline"] = baseline
        page.run()
        assert not page.exception
        assert any(f"({baseline})" in c.value.replace("\\", "") for c in page.caption)


def test_measured_items_can_be_sorted_by_disagreement(page: AppTest):
    from mmexplore.app.kit.weighing import DIFFER

    page.selectbox(key="choice.weights.order").set_value(DIFFER).run()
    assert not page.exception
    assert any(t.value.startswith(("measured: sight +", "measured: sight -")) for t in page.text)


def test_a_job_that_waits_measures_the_vectors_it_was_started_on(page: AppTest, monkeypatch: pytest.MonkeyPatch):
    """ "Encode again" is pressed while it waits in the queue: what it finds is of the old vectors, and kept as that."""
    part_of(page, TRUTH)
    gate, measure, kept = threading.Event(), journey.truth_of_methods, {}

    def waits(workspace, chosen, progress):
        assert gate.wait(60)
        return measure(workspace, chosen, progress)

    monkeypatch.setattr(journey, "truth_of_methods", waits)
    monkeypatch.setattr(session, "keep", lambda key, value: kept.update({key: value}))
    page.multiselect(key="choice.truth.methods").set_value(["late-product"]).run()
    page.button(key="truth-fit").click().run()
    live = page.session_state["workspace"]
    before = live.embeddings
    other = before.with_vectors({m: v[::-1].copy() for m, v in before.vectors.items()}, before.spaces)
    live.set_embeddings(other, dict(live.encoders))
    gate.set()
    waiting = next(w for w in page.session_state["jobs"] if w.kind == "truth")
    assert waiting.job.wait(60) and waiting.job.state == "done", waiting.job.error
    result = waiting.job.take()
    waiting.take_up(result)
    (key,) = kept
    assert session.fingerprint(before) in key and session.fingerprint(other) not in key
    old = Workspace(embeddings=before, split_source="drawn")
    assert np.array_equal(result.methods[0].measured, measure(old, ["late-product"])[0][0].measured)
