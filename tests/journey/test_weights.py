"""Mean weights in closed form: an absent modality counts as 0 in the one, and is left out of the other."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.app.kit.weighing import where_present
from mmexplore.cli.results import weights
from mmexplore.data.embeddings import Embeddings
from mmexplore.workspace import files as workspace_files
from mmexplore.workspace.state import FittedFusion, Workspace
from tests.journey.small import labelled, quick, workspace_of


class Even:
    """A fusion in which whatever is there weighs the same."""

    name = "even"

    def modality_weights(self, embeddings: Embeddings) -> np.ndarray:
        return embeddings.mask / embeddings.mask.sum(axis=1, keepdims=True)


@pytest.fixture
def half_absent() -> Workspace:
    """Eight rows; "text" is in six of them, "sound" in none, "image" in all."""
    vectors = {m: np.ones((8, 2)) for m in ("image", "text", "sound")}
    there = {"text": [1, 1, 1, 1, 1, 1, 0, 0], "sound": [0] * 8}
    workspace = workspace_of(Embeddings.of(vectors, present=there))
    workspace.fusions, workspace.current = {"even": FittedFusion(Even(), None)}, "even"
    return workspace


def test_the_mean_where_present_is_over_the_rows_that_have_it(half_absent):
    answer = journey.weights(half_absent)
    assert answer["mean"] == pytest.approx([(6 / 2 + 2) / 8, 6 / 2 / 8, 0])
    assert answer["mean_where_present"] == pytest.approx([(6 / 2 + 2) / 8, 1 / 2, None])


def test_the_page_says_that_number(half_absent):
    embeddings = half_absent.embeddings
    said = where_present(embeddings.modalities, embeddings.present, journey.weights(half_absent))
    assert said.endswith("Mean weight over the rows that have it: text 50%.")


def test_the_shell_prints_that_number(tmp_path, capsys):
    workspace = labelled()
    workspace.add_fusion(journey.fuse(workspace, "attention", quick("attention")["attention"]))
    workspace_files.save(workspace, tmp_path / "run")
    weights(tmp_path / "run", as_json=True)
    answer = json.loads(capsys.readouterr().out)
    learned = np.array([answer["per_item"][i] for i in workspace.embeddings.ids.astype(str)])
    mask = workspace.embeddings.mask
    assert not mask.all()
    expected = [learned[mask[:, j], j].mean() for j in range(mask.shape[1])]
    assert answer["mean_where_present"] == pytest.approx(expected)
    assert answer["mean_where_present"] != pytest.approx(learned.mean(axis=0), abs=1e-3)
