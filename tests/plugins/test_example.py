"""The example plug-in is built, installed beside mmexplore and used from end to end, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.slow

PLUGIN = REPOSITORY / "examples" / "plugin"
WORK = """
import sys
from pathlib import Path
import numpy as np
from mmexplore import discovery, journey
from mmexplore.workspace import files as workspace_files
from mmexplore.data.reading.read import read_pairs
from mmexplore.workspace.state import Workspace

folder = Path(sys.argv[1])
random, shapes = np.random.default_rng(0), {"ball": (1, 1, 1), "rod": (8, 1, 1), "disc": (8, 8, 1)}
for i in range(60):
    name = list(shapes)[i % 3]
    path = folder / "clouds" / f"{name}{i}"
    path.parent.mkdir(exist_ok=True)
    np.savetxt(path.with_suffix(".xyz"), random.normal(size=(300, 3)) * shapes[name])
    path.with_suffix(".txt").write_text(f"a {name} of points, number {i}")
(folder / "clouds" / "broken.xyz").write_text("no points at all, in many words")
(folder / "clouds" / "broken.txt").write_text("a file that holds nothing of the kind")

data = read_pairs(folder / "clouds", workdir=folder / "unpacked")
assert data.kinds == {"point cloud": "point cloud", "text": "text"}, data.kinds
assert [r.reason for r in data.rejected if "first line" in r.reason], data.rejected
workspace = Workspace()
workspace.set_dataset(data)
chosen = journey.default_encoders(workspace)
assert chosen["point cloud"] == "shape-distribution"
workspace.set_embeddings(journey.encode(workspace, chosen).embeddings, chosen)
workspace.set_alignment(*journey.align(workspace, "principal-axes"))
workspace.add_fusion(journey.fuse(workspace, "max-pooling", {"epochs": 3, "width": 8}))
weights = journey.weights(workspace)["mean"]
assert abs(sum(weights) - 1) < 1e-5

workspace_files.save(workspace, folder / "run")
again = workspace_files.open_directory(folder / "run")
assert again.alignment.name == "principal-axes" and again.fitted.fusion.name == "max-pooling"
assert np.allclose(journey.weights(again)["mean"], weights, atol=1e-5)
assert again.dataset.kinds == data.kinds
shared, _ = journey.shared_space(again)
assert "point cloud" in journey.query_kinds(again, shared)
hits = journey.search_items(again, data.cells["point cloud"][4], "point cloud", k=1)
assert hits[0]["row"] == 4, hits
assert not discovery.problems()
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which the plug-in is installed (without network and without its requirements)."""
    folder = tmp_path_factory.mktemp("plugin")
    copytree(PLUGIN, folder / "source", ignore=ignore_patterns("build", "*.egg-info", "__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run(
        [*pip, "--disable-pip-version-check", "--target", str(folder / "site"), str(folder / "source")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return os.environ | {"PYTHONPATH": f"{REPOSITORY}{os.pathsep}{folder / 'site'}"}


def run(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_shell_lists_its_methods_and_its_encoder(installed: dict[str, str]) -> None:
    listed = json.loads(run(installed, "-m", "mmexplore", "methods", "--json"))["methods"]
    assert {"max-pooling", "principal-axes"} < {m["name"] for m in listed}
    listed = json.loads(run(installed, "-m", "mmexplore", "encoders", "--json"))["encoders"]
    assert ("shape-distribution", "point cloud") in {(e["name"], e["kind"]) for e in listed}


def test_from_files_of_its_kind_to_a_saved_workspace_and_a_search(installed: dict[str, str], tmp_path: Path) -> None:
    run(installed, "-c", WORK, str(tmp_path))


def test_its_own_tests_pass(installed: dict[str, str]) -> None:
    run(installed, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(PLUGIN / "tests"))
