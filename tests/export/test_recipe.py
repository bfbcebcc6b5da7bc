"""The script that recreates a workspace does recreate it: roles, broken rows, examples; and it refuses other data."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmexplore.data.dataset import PairedDataset
from mmexplore.data.examples import load_example
from mmexplore.data.origin import Origin, origin_of
from mmexplore.data.reading.read import read_pairs
from mmexplore.errors import UserError
from mmexplore.export.recipe import check_data, data_hash, recipe
from mmexplore.export.report import report
from mmexplore.workspace import files as workspace_files
from mmexplore.workspace.state import Workspace
from tests.conftest import REPOSITORY

TABLE = "id,title,body,kind,numbers\n" + "".join(
    f"{i},the title of number {i},a body that says {i * 7},{'odd' if i % 2 else 'even'},"
    f"{'[1, x]' if i == 3 else f'[{i}, {i * i}]'}\n".replace("[", '"[').replace("]", ']"')
    for i in range(12)
)
TELL = """
import json
d = workspace.dataset
print(json.dumps([d.name, d.modalities, None if d.labels is None else d.labels.tolist(), d.ids.tolist()]))
"""


def told(dataset: PairedDataset) -> list:
    labels = None if dataset.labels is None else dataset.labels.tolist()
    return [dataset.name, dataset.modalities, labels, dataset.ids.tolist()]


def run(script: str, folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture
def there(tmp_path, monkeypatch) -> Path:
    """A folder with a table, which processes started here find together with this package."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    (tmp_path / "notes.csv").write_text(TABLE)
    return tmp_path


def opened(pairs: PairedDataset) -> Workspace:
    workspace = Workspace(seed=3)
    workspace.set_dataset(pairs)
    return workspace


@pytest.mark.parametrize("saved", [False, True], ids=["just read", "saved and reopened"])
@pytest.mark.parametrize(
    ("roles", "on_broken", "n"),
    [
        (None, "drop_row", 11),
        ({"kind": "label", "body": "ignore", "numbers": "vector"}, "drop_row", 11),
        ({"kind": "label", "body": "ignore", "numbers": "vector"}, "blank_cell", 12),
        ({"kind": "column", "title": "label"}, "blank_cell", 12),
    ],
)
def test_the_script_brings_the_same_pairs(there, roles, on_broken, n, saved):
    workspace = opened(read_pairs(there / "notes.csv", workdir=there / "w", roles=roles, on_broken=on_broken))
    assert len(workspace.dataset) == n or roles is None
    if saved:
        workspace_files.save(workspace, there / "run")
        workspace = workspace_files.open_directory(there / "run")
    done = run(recipe(workspace) + TELL, there)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == told(workspace.dataset)


def test_an_upload_is_named_by_its_file_and_read_again_beside_the_script(there):
    pairs = read_pairs(there / "notes.csv", workdir=there / "w", roles={"kind": "label", "body": "ignore"})
    workspace = opened(replace(pairs, origin=pairs.origin.names_only()))
    script = recipe(workspace)
    assert str(there) not in script and "Path('notes.csv')" in script
    done = run(script + TELL, there)
    assert json.loads(done.stdout) == told(workspace.dataset)


def test_the_script_refuses_other_data(there):
    workspace = opened(read_pairs(there / "notes.csv", workdir=there / "w", roles={"kind": "label"}))
    (there / "notes.csv").write_text(TABLE.replace("number 4", "number four"))
    done = run(recipe(workspace) + TELL, there)
    assert done.returncode != 0 and not done.stdout
    assert "notes.csv: the SHA-256 is" in done.stderr


@pytest.mark.parametrize(("name", "options"), [("planted", {"n": 30, "noise": [1, 2, 3]}), ("emoji", {"n": 9})])
def test_an_example_is_loaded_as_an_example(there, name, options):
    workspace = opened(load_example(name, **options))
    script = recipe(workspace)
    assert "PAIRS" not in script and f"load_example({name!r}" in script
    done = run(script + TELL, there)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == told(workspace.dataset)


def test_the_report_says_the_same(there):
    workspace = opened(read_pairs(there / "notes.csv", workdir=there / "w", roles={"kind": "label", "body": "ignore"}))
    assert "&#x27;kind&#x27;: &#x27;label&#x27;, &#x27;body&#x27;: &#x27;ignore&#x27;" in report(workspace)


def test_pairs_of_which_nothing_is_known_have_a_placeholder():
    pairs = load_example("planted", n=10).take([0, 1])
    assert pairs.origin is None and "Path('PAIRS')" in recipe(opened(pairs))


def test_the_hash_sees_labels_and_ids_and_gives_way_to_files_that_have_gone(there):
    plain = read_pairs(there / "notes.csv", workdir=there / "w", roles={"kind": "column"})
    labelled = read_pairs(there / "notes.csv", workdir=there / "w", roles={"kind": "label"})
    assert data_hash(plain) != data_hash(labelled)
    again = read_pairs(there / "notes.csv", workdir=there / "w", roles={"kind": "label"})
    assert data_hash(again) == data_hash(labelled)
    check_data(opened(again), data_hash(labelled))
    with pytest.raises(UserError, match="SHA-256"):
        check_data(opened(plain), data_hash(labelled))
    emoji = load_example("emoji", n=5)
    gone = tuple(Path("gone.png") for _ in emoji.ids)
    lost = opened(PairedDataset("lost", emoji.ids, emoji.kinds, dict.fromkeys(emoji.kinds, gone), emoji.groups))
    assert "have gone" in recipe(lost) and "check_data" not in recipe(lost)


@pytest.mark.parametrize(
    "saved",
    [
        {},
        {"paths": []},
        {"paths": [["x"]]},
        {"paths": ["a"], "roles": {"a": 3}},
        {"example": "emoji", "paths": [], "options": {"n=1); import os; f(": 2}},
        {"paths": ["a"], "more": 1},
        [1],
    ],
)
def test_a_damaged_origin_is_refused_before_it_is_in_a_script(saved):
    with pytest.raises(UserError, match="damaged"):
        origin_of(saved, "run")


def test_an_origin_is_saved_whole():
    for origin in (Origin("planted", {"n": 3}), Origin(paths=("a", "b"), many=True, roles={"x": "label"})):
        assert origin_of(json.loads(json.dumps(origin.as_dict())), "run") == origin
    assert origin_of(None, "run") is None


def test_numbers_in_the_hash_are_those_after_saving(there):
    """A numeric target keeps its digits through the files."""
    workspace = opened(replace(load_example("planted", n=10), labels=np.linspace(0, 1, 10)))
    workspace_files.save(workspace, there / "run")
    assert data_hash(workspace_files.open_directory(there / "run").dataset) == data_hash(workspace.dataset)
