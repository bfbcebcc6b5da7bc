"""The whole journey where much is missing: a modality in three rows, rows with one modality or none, a class without.

Every step either answers with numbers or says in a sentence why not; nothing is silently dropped.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.export.report import report
from mmexplore.models import alignment
from mmexplore.models.methods import fusion_methods
from mmexplore.workspace import files as workspace_files
from mmexplore.workspace.state import Workspace
from tests.models.methods.made import FAST, data


def holed(n: int = 150) -> Embeddings:
    """Four modalities: sound with holes, image lacking in class 1, text; a touch that three rows have."""
    whole = data(n, holes=0.3)
    random = np.random.default_rng(1)
    touch = random.normal(size=(n, 4)).astype(np.float32)
    vectors, present = whole.vectors | {"touch": touch}, whole.present | {"touch": np.ones(n, bool)}
    made = Embeddings(vectors, present, whole.ids, whole.groups, {m: m for m in vectors}, whole.labels, whole.splits)
    hidden = np.zeros((n, 4), bool)
    hidden[:, 1] |= whole.labels == "class 1"
    hidden[3:, 3] = True
    hidden[60:75, :2] = True  # text alone
    hidden[75:78] = True  # nothing at all
    return made.hide(hidden)


@pytest.fixture
def workspace() -> Workspace:
    made = Workspace()
    made.set_embeddings(holed(), {})
    return made


@pytest.fixture(autouse=True)
def no_silent_nan():
    """A mean over nothing, a division by zero: numpy's warnings are failures here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


FITTED = [name for name, method in alignment.methods().items() if not method.fitted_in_advance]


@pytest.mark.parametrize("name", FITTED)
def test_an_alignment_leaves_out_what_is_too_rare_and_says_so(workspace: Workspace, name: str, tmp_path: Path):
    known = alignment.methods()[name]().get_params()
    params = {k: v for k, v in FAST.items() if k in known}
    workspace.set_alignment(*journey.align(workspace, name, params))
    assert workspace.aligned is not None and workspace.aligned.modalities == ["sound", "image", "text"]
    assert journey.not_aligned(workspace).startswith("Not aligned: touch (fewer than 10 train rows")
    for m, v in workspace.aligned.vectors.items():
        assert np.isfinite(v).all() and not v[~workspace.aligned.present[m]].any()
    workspace_files.save(workspace, tmp_path / "run")
    again = workspace_files.open_directory(tmp_path / "run")
    assert again.aligned is not None and again.aligned.modalities == workspace.aligned.modalities


def test_a_modality_alone_is_refused_in_a_sentence():
    lonely = holed()
    hidden = np.ones_like(lonely.mask)
    hidden[:, 2] = False
    workspace = Workspace()
    workspace.set_embeddings(lonely.hide(hidden), {})
    with pytest.raises(UserError, match="only 0 of the rows"):
        journey.align(workspace, "cca")


@pytest.mark.parametrize("name", ["attention", "late-product", "mopoe"])
def test_what_follows_a_fusion_has_numbers_or_says_why_not(workspace: Workspace, name: str, tmp_path: Path):
    known = fusion_methods()[name]().get_params()
    workspace.add_fusion(journey.fuse(workspace, name, {k: v for k, v in FAST.items() if k in known}))
    fitted, embeddings = journey.fitted_input(workspace)
    assert np.isfinite(fitted.fusion.transform(embeddings)).all() and np.isfinite(fitted.score.score)
    if fitted.fusion.gives_weights:
        weights = journey.weights(workspace)
        assert np.isfinite(weights["mean"]).all() and len(weights["per_item"]) == len(embeddings)
    measured = journey.measured_weights(workspace)
    assert np.isfinite(measured["shapley"]["mean"]).all() and measured["shapley"]["mean"][3] == pytest.approx(
        0, abs=0.05
    )
    workspace.set_alignment(*journey.align(workspace, "gcca"))
    answer = journey.evaluate(workspace)
    assert set(answer["retrieval"]) == {
        f"{a}->{b}" for a in ("sound", "image", "text") for b in ("sound", "image", "text") if a != b
    }
    assert len(journey.mispairs_of(workspace)[0]) and "<html" in report(workspace)[:200].lower()
    assert journey.search_like(workspace, str(embeddings.ids[0]), "text", "image", k=3)
