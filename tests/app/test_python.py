"""The Python that a view hands out runs on a saved workspace and gives the view's own result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest

from mmexplore.app import snippets
from mmexplore.workspace import files as workspace_files
from mmexplore.workspace.state import Workspace
from tests.app.pages.small import make_workspace


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Path]:
    folder = tmp_path_factory.mktemp("saved")
    workspace = make_workspace(folder / "pictures")
    workspace_files.save(workspace, folder / "run")
    return workspace, folder


@pytest.fixture
def execute(saved: tuple[Workspace, Path], monkeypatch: pytest.MonkeyPatch):
    """Runs handed-out lines beside the saved workspace; returns their variables and the figures they showed."""
    monkeypatch.chdir(saved[1])
    shown: list[go.Figure] = []
    monkeypatch.setattr(go.Figure, "show", lambda figure: shown.append(figure))

    def run(lines: str) -> tuple[dict[str, Any], list[go.Figure]]:
        names: dict[str, Any] = {}
        exec(compile(lines, "handed-out.py", "exec"), names)
        return names, shown

    return run


def test_the_fit_itself(saved, execute):
    names, _ = execute(snippets.scores(saved[0]))
    assert names["fitted"].score.score == pytest.approx(saved[0].fitted.score.score)
