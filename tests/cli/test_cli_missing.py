"""`mmexplore missing` in the shell: the numbers of the lab, as JSON and as a table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmexplore import journey
from mmexplore.journey.missing import missing_lab, missing_summary
from mmexplore.scores.evaluation import evaluate_fusion
from mmexplore.workspace import files as workspace_files
from mmexplore.workspace.state import Workspace
from tests.cli.test_cli import mmexplore
from tests.models.methods.made import data


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = Workspace()
    workspace.set_embeddings(data(120), {})
    workspace.add_fusion(journey.fuse(workspace, "late-product"))
    path = tmp_path_factory.mktemp("runs") / "run"
    workspace_files.save(workspace, path)
    return path


def test_json_has_curves_areas_and_subsets(run: Path):
    answer = json.loads(mmexplore("missing", run, "--modality", "text", "--shares", "0,1,.5", "--seeds", "2", "--json"))
    assert answer["shares"] == [0, 0.5, 1] and answer["rows"] == "test" and answer["metric"] == "accuracy"
    methods = [c["method"] for c in answer["curves"]]
    assert methods == ["late-product", "best single modality", "late product"]
    own = answer["curves"][0]
    assert len(own["by_draw"]) == 2 and own["low"][0] <= own["score"][0] <= own["high"][0]
    assert "2 draws of holes" in answer["interval"]
    assert len(answer["subsets"]["late-product"]) == 7
    workspace = workspace_files.open_directory(run)
    fitted, embeddings = journey.fitted_input(workspace)
    assert own["score"][0] == pytest.approx(evaluate_fusion(fitted.fusion, embeddings).score)
    lab = missing_summary(missing_lab(workspace, None, "text", [0, 0.5, 1], seeds=2))
    assert own["area"] == pytest.approx(lab["curves"][0]["area"])
    assert own["area_minus_interval"] == pytest.approx(lab["curves"][0]["area_minus_interval"])


def test_a_table_by_class_at_both(run: Path):
    wish = ["--at", "both", "--by-class", "class 1", "--modality", "image", "--shares", "0,1", "--seeds", "1"]
    printed = mmexplore("missing", run, *wish)
    assert "missing at training and at test from items of class class 1" in printed
    assert "best single modality" in printed and "worst with" in printed


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (["--modality", "smell"], "no modality is called 'smell'"),
        (["--shares", "0,half"], "not a list of numbers"),
        (["--methods", "magic"], "no fusion method is called 'magic'"),
    ],
)
def test_a_wrong_wish_is_one_sentence(run: Path, wish: list[str], says: str):
    assert says in mmexplore("missing", run, *wish, code=1)
