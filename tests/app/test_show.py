"""A view on a page: its result is computed once, again for other data, and its figure again for another selection."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import plotly.graph_objects as go
import pytest
import streamlit as st

from mmexplore.app.kit import show
from mmexplore.app.shell import jobs_view, view_jobs
from mmexplore.app.state import session
from mmexplore.server.jobs import Progress
from mmexplore.views.base import View
from mmexplore.views.needs import NeedName
from mmexplore.workspace.state import Workspace
from tests.journey.small import labelled

asked: list[str] = []


@dataclass(frozen=True)
class Count(View[int]):
    """How many items there are."""

    more: int = 0

    name: ClassVar[str] = "count"
    needs: ClassVar[tuple[NeedName, ...]] = ("vectors",)
    dear: ClassVar[bool] = True

    def compute(self, workspace: Workspace, progress: Progress | None = None) -> int:
        asked.append("compute")
        assert workspace.embeddings is not None
        return len(workspace.embeddings) + self.more

    def figure(self, found: int, **shown: Any) -> go.Figure | None:
        asked.append("figure")
        return go.Figure()


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Workspace:
    asked.clear()
    monkeypatch.setattr(st, "session_state", {})
    st.session_state["workspace"] = labelled(30)
    return st.session_state["workspace"]


def test_a_result_is_computed_once_for_a_view_and_its_data(workspace: Workspace):
    assert show.found(Count(), workspace) == show.found(Count(0), workspace) == 30
    assert asked == ["compute"]
    assert show.found(Count(1), workspace) == 31 and len(asked) == 2
    workspace.embeddings = workspace.embeddings.take(np.arange(20))
    assert show.found(Count(), workspace) == 20 and len(asked) == 3
    assert show.found(Count(5), workspace, lambda: 25) == 25 and len(asked) == 3


def test_a_dear_figure_is_drawn_again_only_for_another_selection(workspace: Workspace):
    for selected in (None, None, np.array([1]), np.array([1]), np.array([2])):
        show.figure_of(Count(), 30, workspace, {"selected": selected})
    assert asked == ["figure"] * 3


def test_a_job_computes_it_of_the_workspace_as_it_was(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    given: dict[str, Any] = {}
    monkeypatch.setattr(
        jobs_view, "submit", lambda title, work, take_up, kind: given.update(work=work, take_up=take_up, kind=kind)
    )
    before = replace(workspace)
    view_jobs.as_job(Count(), workspace, "Count", lambda found: f"{found} items")
    workspace.embeddings = workspace.embeddings.take(np.arange(20))
    found = given["work"](Progress())
    assert given["take_up"](found) == "30 items" and given["kind"] == "count"
    assert view_jobs.recall(Count(), workspace) is None
    assert view_jobs.recall(Count(), before) == 30
    assert session.recall(Count().key(before)) == 30
