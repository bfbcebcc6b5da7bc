"""Maps: what the lines that are handed out colour points by, and the clouds that are moved first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from mmexplore import journey
from mmexplore.app.pages.latent_space.maps import in_python
from mmexplore.latent.gap import shift_gap
from mmexplore.latent.projection import project_joint, project_space
from mmexplore.views.colours import colour_choices, colour_values
from mmexplore.views.maps import JointMap, SeparateMaps
from mmexplore.workspace import files as workspace_files
from mmexplore.workspace.state import Workspace
from tests.app.pages.small import make_workspace


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Path]:
    folder = tmp_path_factory.mktemp("saved")
    workspace = make_workspace(folder / "pictures")
    workspace_files.save(workspace, folder / "run")
    return workspace, folder


@pytest.mark.parametrize("colour", ["label", "size", "split", "weight of cap*tion*", ""])
def test_the_lines_colour_as_the_page_does(saved, colour: str, monkeypatch: pytest.MonkeyPatch):
    workspace, folder = saved
    assert colour in colour_choices(workspace)
    view = SeparateMaps(fit=workspace.current, seed=3)
    shown: list[go.Figure] = []
    monkeypatch.chdir(folder)
    monkeypatch.setattr(go.Figure, "show", lambda figure: shown.append(figure))
    names: dict[str, Any] = {}
    exec(compile(view.python(in_python(workspace, colour)), "handed-out.py", "exec"), names)
    values = colour_values(workspace, colour)
    assert (values is None) == (colour == "")
    own = view.figures(view.compute(workspace), colour=values, colour_name=colour)
    assert list(own) == ["photo", "cap*tion*", "fused"]
    for theirs, ours in zip(shown, own.values(), strict=True):
        assert [t.name for t in theirs.data] == [t.name for t in ours.data]
        assert np.allclose(theirs.data[0].x, ours.data[0].x, atol=1e-4)


def test_a_map_of_a_space_is_its_projection(saved):
    embeddings = saved[0].embeddings
    found = SeparateMaps(method="pca", seed=3).compute(saved[0])
    own = project_space(embeddings.vectors["photo"], embeddings.present["photo"], None, "photo", seed=3)
    np.testing.assert_allclose(found.of["photo"].points, own.points, atol=1e-5)


def test_clouds_are_moved_before_they_are_drawn(saved):
    workspace = saved[0]
    rows, _ = journey.evaluation_rows(workspace)  # nothing was held out: all of them
    shared = shift_gap(journey.shared_space(workspace)[0], 1.0, ["photo", "cap*tion*"], rows)
    moved, still = JointMap(gap=1.0).compute(workspace), JointMap().compute(workspace)
    for m, own in project_joint(shared).items():
        np.testing.assert_allclose(moved.of[m].points, own.points, atol=1e-5)
        assert not np.allclose(still.of[m].points, own.points, atol=1e-3)
