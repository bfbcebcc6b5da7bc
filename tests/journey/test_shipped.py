"""What comes with mmexplore of the emoji example: opened at once, of this code, and what anybody can compute again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.encoders.text.minilm import MiniLM
from mmexplore.journey import showcase
from mmexplore.journey.source import PACKAGE, _with_imports, code_digest
from mmexplore.models.fusion.attention import AttentionFusion
from tests.conftest import REPOSITORY

MAKE = "run scripts/make_examples.py"


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MMEXPLORE_CACHE", str(tmp_path))
    return tmp_path


def test_it_opens_with_an_empty_cache_and_draws_nothing(empty_cache: Path):
    assert showcase.is_prepared("emoji"), MAKE
    workspace = showcase.read_shipped("emoji")
    embeddings = workspace.embeddings
    assert embeddings.dims == {"picture": 1280, "english": 384, "chinese": 512}
    assert len(embeddings) == len(workspace.dataset) == 1406
    assert list(embeddings.ids) == list(workspace.dataset.ids)
    for vectors in embeddings.vectors.values():
        assert vectors.dtype == np.float32 and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert list(workspace.fusions) == [workspace.current] and workspace.fitted.fusion.name == showcase.METHOD
    assert workspace.split_source == "drawn" and 0.15 < embeddings.in_split("test").mean() < 0.25
    assert not list(empty_cache.rglob("*.png"))


def test_what_is_shipped_is_of_this_code():
    assert showcase.comes_with_results("emoji"), MAKE
    assert showcase.shipped_vectors("emoji") is not None, MAKE


def test_the_shipped_results_are_those_of_the_shipped_vectors():
    """The fit can be repeated from what is shipped: the split, the weights of the items, the score."""
    shipped, again = showcase.read_shipped("emoji"), showcase.shipped_vectors("emoji")
    again.add_fusion(journey.fuse(again, showcase.METHOD))
    assert list(again.embeddings.splits) == list(shipped.embeddings.splits)
    weights = [w.fitted.fusion.modality_weights(w.embeddings) for w in (shipped, again)]
    assert np.abs(weights[0] - weights[1]).mean() < 0.02, MAKE
    assert abs(shipped.fitted.score.score - again.fitted.score.score) < 0.02, MAKE


def test_other_code_parameters_or_encoders_have_another_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    key = showcase.results_key("emoji")
    copy = tmp_path / "mmexplore"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("*.safetensors", "__pycache__"))
    file = copy.joinpath(*AttentionFusion.__module__.split(".")[1:]).with_suffix(".py")
    assert showcase.results_key("emoji", copy) == key
    file.write_text("# said otherwise\n" + file.read_text())
    assert showcase.results_key("emoji", copy) == key
    file.write_text(file.read_text() + "\nANOTHER = 1\n")
    assert showcase.results_key("emoji", copy) != key

    with monkeypatch.context() as changed:
        changed.setattr(AttentionFusion, "get_params", lambda self: {"width": 3})
        assert showcase.results_key("emoji") != key
    with monkeypatch.context() as changed:
        changed.setattr(MiniLM, "version", "another")
        assert showcase.results_key("emoji") != key and showcase.vectors_key("emoji") != showcase.vectors_key("digits")
        assert showcase.shipped_vectors("emoji") is None and not showcase.comes_with_results("emoji")


def test_results_of_other_code_are_computed_anew(empty_cache: Path, monkeypatch: pytest.MonkeyPatch):
    showcase.prepare_example("planted")
    assert showcase.is_prepared("planted")
    digest = code_digest
    monkeypatch.setattr(showcase, "code_digest", lambda modules, *rest: digest(modules, *rest) + "changed")
    assert not showcase.is_prepared("planted") and not showcase.is_prepared("emoji")


def test_the_digest_follows_imports_and_leaves_out_what_is_only_said(tmp_path: Path):
    package = tmp_path / "house"
    (package / "room").mkdir(parents=True)
    files = {
        "__init__.py": "",
        "room/__init__.py": '"""A room."""\n',
        "room/door.py": "import house.wall\n\ndef open():\n    from house.room import key\n    return key\n",
        "room/key.py": "SHAPE = 1  # of its beard\n",
        "wall.py": "from house import paint\n",
        "paint.py": "COLOUR = 'white'\n",
        "roof.py": "TILES = 3\n",
    }
    for name, text in files.items():
        (package / name).write_text(text)
    before = code_digest(["house.room.door"], package)

    def after(name: str, text: str) -> str:
        (package / name).write_bytes(text.encode())
        changed = code_digest(["house.room.door"], package)
        (package / name).write_text(files[name])
        return changed

    assert after("roof.py", "TILES = 4\n") == before
    assert after("room/key.py", "SHAPE = 1\n") == before
    assert after("room/key.py", '"""Keys."""\r\n\r\nSHAPE = 1   # of no beard\r\n') == before
    assert after("room/door.py", files["room/door.py"].replace("open():", 'open():\n    """Opens."""')) == before
    assert after("paint.py", "COLOUR = 'white  # 2'\n") != before
    assert after("room/key.py", "SHAPE = 2\n") != before
    with pytest.raises(FileNotFoundError, match="cellar"):
        code_digest(["house.cellar"], package)


def test_making_them_again_changes_nothing(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "scripts/make_examples.py"],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.split("\n")[:3] == ["rows: unchanged", "vectors: unchanged", "results: unchanged"]


def test_what_is_computed_is_in_the_key_and_what_shows_it_is_not():
    """Else a word on a page would make the shipped results stale."""
    known = set(_with_imports([AttentionFusion.__module__, showcase.SCORING], PACKAGE))
    for part in ("models.training", "models.networks.net", "scores.bootstrap", "data.embeddings"):
        assert f"mmexplore.{part}" in known
    assert not [m for m in known if m.split(".")[1:2] in (["app"], ["views"], ["journey"], ["library"], ["workspace"])]
