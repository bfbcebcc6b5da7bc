"""The Python that a view hands out runs on a saved workspace and gives the view's own result."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from mmexplore import journey
from mmexplore.app.pages.latent_space import snippets as python_maps
from mmexplore.app.pages.latent_space.maps import Options
from mmexplore.app.snippets import common as python
from mmexplore.app.snippets import models as python_models
from mmexplore.app.snippets import weights as python_weights
from mmexplore.latent.gap import shift_gap
from mmexplore.latent.projection import project_joint, project_space, project_steps
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


def test_the_thermometer_of_moved_clouds(saved, execute):
    from mmexplore.latent.gap import shift_gap

    modalities = ["photo", "cap*tion*"]
    names, shown = execute(python.thermometer(*modalities, 0.5, modalities))
    rows, _ = journey.evaluation_rows(saved[0])
    moved = shift_gap(journey.shared_space(saved[0])[0], 0.5, modalities, rows if rows.all() else ~rows)
    np.testing.assert_allclose(names["shared"].vectors["photo"], moved.vectors["photo"], atol=1e-6)
    assert len(shown) == 1


@pytest.mark.parametrize("colour", ["label", "size", "weight of cap*tion*", ""])
def test_separate_maps(saved, execute, colour: str):
    options = asdict(Options("pca", 2, 3))
    names, shown = execute(python_maps.separate_maps(saved[0], options, colour))
    assert list(names["maps"]) == ["photo", "cap*tion*", "fused"]
    embeddings = saved[0].embeddings
    own = project_space(embeddings.vectors["photo"], embeddings.present["photo"], None, "photo", **options)
    np.testing.assert_allclose(names["maps"]["photo"].points, own.points, atol=1e-5)
    assert len(shown) == 3


def test_joint_map_gap_and_overlap(saved, execute):
    names, shown = execute(python_maps.joint_map(asdict(Options("pca", 2, 0)), ["photo", "cap*tion*"]))
    assert list(names["maps"]) == ["photo", "cap*tion*"]
    moved, _ = execute(python_maps.joint_map(asdict(Options("pca", 2, 0)), ["photo", "cap*tion*"], 1.0))
    rows, _ = journey.evaluation_rows(saved[0])  # nothing was held out: all of them
    shared = shift_gap(journey.shared_space(saved[0])[0], 1.0, ["photo", "cap*tion*"], rows)
    for m, own in project_joint(shared).items():
        np.testing.assert_allclose(moved["maps"][m].points, own.points, atol=1e-5)
        assert not np.allclose(names["maps"][m].points, own.points, atol=1e-3)
    execute(python_maps.gap("photo", "cap*tion*"))
    execute(python_maps.overlap(saved[0], 5))
    assert len(shown) == 3


def test_the_steps_of_a_fusion(tmp_path, monkeypatch):
    workspace = make_workspace(tmp_path / "pictures", method="recurrent")
    workspace_files.save(workspace, tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    shown: list[go.Figure] = []
    monkeypatch.setattr(go.Figure, "show", lambda figure: shown.append(figure))
    names: dict[str, Any] = {}
    exec(
        compile(python_maps.steps(workspace, asdict(Options("pca", 2, 0)), 1, "label"), "handed-out.py", "exec"), names
    )
    fitted, given = journey.fitted_input(workspace)
    own = project_steps(fitted.fusion.steps(given), name="fused")
    np.testing.assert_allclose(names["maps"][1].points, own[1].points, atol=1e-5)
    exec(compile(python_maps.step_changes(workspace), "handed-out.py", "exec"), names)
    assert names["found"].table() == journey.steps_of(workspace).table()
    assert len(shown) == 2


def test_retrieval_and_search(saved, execute, capsys: pytest.CaptureFixture):
    names, _ = execute(python.retrieval("photo", "cap*tion*"))
    shared, _ = journey.shared_space(saved[0])
    assert names["report"].n_queries == int((shared.present["photo"] & shared.present["cap*tion*"]).sum())
    capsys.readouterr()
    execute(python.search_item("item-12", "photo", "cap*tion*", 3))
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_what_is_rebuilt(saved, execute, capsys: pytest.CaptureFixture):
    execute(python_models.rebuild_item("ridge-maps", "item-12", ["photo"]))
    found = journey.rebuild_item(saved[0], "item-12", ["photo"], by=journey.rebuilder(saved[0], "ridge-maps"))
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines() if line[0] in "pc"] == [
        f.modality for f in found
    ]
    names, _ = execute(python_models.rebuild_report("ridge-maps", ["photo"], 2000))
    said = capsys.readouterr().out
    report = journey.rebuild_report(names["workspace"], ["photo"], names["by"], 2000)
    assert said.strip() == str(report)


def test_the_fit_itself(saved, execute):
    names, _ = execute(python_weights.scores(saved[0]))
    assert names["fitted"].score.score == pytest.approx(saved[0].fitted.score.score)


def test_words_of_strangers_stay_inside_their_quotes(saved, execute):
    query = "'''\"\"\"\n__import__('os').abort()\n#"
    lines = python.search_text(query, "photo", 1)
    tree = compile(lines, "x", "exec")
    assert query in tree.co_consts
