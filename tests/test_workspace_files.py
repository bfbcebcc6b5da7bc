"""A workspace is saved and reopened whole, atomically, and an uploaded one cannot reach outside its folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mmexplore import journey, workspace_files
from mmexplore.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.pairs.dataset import Kind, PairedDataset, Rejected
from mmexplore.workspace import Workspace


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    """Sixty rows of pictures, texts and numbers with holes, fitted with CCA and attention."""
    rng = np.random.default_rng(0)
    n = 60
    for i in range(n):
        Image.new("RGB", (8, 8), (i * 4, 0, 0)).save(tmp_path / f"{i}.png")
    factor = rng.normal(size=(n, 4))
    vectors = {
        m: (factor @ rng.normal(size=(4, 6)) + 0.1 * rng.normal(size=(n, 6))).astype(np.float32)
        for m in ("p", "t", "v")
    }
    present = {m: np.ones(n, bool) for m in vectors}
    present["t"][5] = False
    vectors["t"][5] = 0
    dataset = PairedDataset(
        name="sixty",
        ids=np.array([f"i{i}" for i in range(n)], object),
        kinds={"p": Kind.IMAGE, "t": Kind.TEXT, "v": Kind.VECTOR},
        cells={
            "p": tuple(tmp_path / f"{i}.png" for i in range(n)),
            "t": tuple(None if i == 5 else f"text: {i}" for i in range(n)),
            "v": tuple(vectors["v"]),
        },
        groups=np.array([f"i{i}" for i in range(n)], object),
        labels=np.where(factor[:, 0] > 0, "yes", "no").astype(object),
        columns=pd.DataFrame({"style": np.arange(n)}),
        rejected=(Rejected(3, "x", "p", "missing file"),),
        source="made here",
        language={"t": "en"},
    )
    workspace = Workspace()
    workspace.set_dataset(dataset)
    workspace.set_embeddings(
        Embeddings(
            vectors=vectors,
            present=present,
            ids=dataset.ids,
            groups=dataset.groups,
            labels=dataset.labels,
            spaces={m: m for m in vectors},
            columns=dataset.columns,
        ),
        {"p": "efficientnet-lite0", "t": "minilm", "v": "as-is"},
    )
    workspace.set_alignment(*journey.align(workspace, "cca", {"n_components": 3}))
    workspace.add_fusion(journey.fuse(workspace, "attention"))
    workspace.selection = frozenset({"i1", "i2"})
    return workspace


def same(a: Workspace, b: Workspace) -> None:
    assert a.dataset is not None and b.dataset is not None
    assert list(a.dataset.ids) == list(b.dataset.ids)
    assert a.dataset.content["p"].tolist() == b.dataset.content["p"].tolist()
    assert a.dataset.cells["t"] == b.dataset.cells["t"]
    assert all(np.array_equal(x, y) for x, y in zip(a.dataset.cells["v"], b.dataset.cells["v"], strict=True))
    assert a.dataset.rejected == b.dataset.rejected
    assert a.dataset.language == b.dataset.language
    assert a.selection == b.selection
    assert a.split_source == b.split_source == "drawn"
    assert list(a.embeddings.splits) == list(b.embeddings.splits)
    assert np.array_equal(a.aligned.vectors["p"], b.aligned.vectors["p"])
    assert np.array_equal(a.fitted.fusion.transform(a.embeddings), b.fitted.fusion.transform(b.embeddings))
    assert a.fitted.score == b.fitted.score
    assert a.fitted.fusion.history_.equals(b.fitted.fusion.history_)


def test_directory_round_trip(workspace, tmp_path):
    workspace_files.save(workspace, tmp_path / "run")
    reopened = workspace_files.open_directory(tmp_path / "run")
    same(workspace, reopened)
    workspace_files.save(reopened, tmp_path / "run")  # over itself
    same(workspace, workspace_files.open_directory(tmp_path / "run"))
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".run")], "nothing half-written is left"


def test_zip_carries_its_media(workspace, tmp_path):
    workspace_files.save_zip(workspace, tmp_path / "w.zip", tmp_path / "work")
    for file in tmp_path.glob("*.png"):
        file.unlink()
    reopened = workspace_files.open_zip(tmp_path / "w.zip", tmp_path / "other")
    picture = reopened.dataset.cells["p"][7]
    assert isinstance(picture, Path)
    assert Image.open(picture).getpixel((0, 0)) == (28, 0, 0)
    assert reopened.dataset.cells["t"] == workspace.dataset.cells["t"]


def test_an_uploaded_workspace_cannot_name_files_outside(workspace, tmp_path):
    workspace_files.save(workspace, tmp_path / "run", copy_media=True)
    rows = pd.read_parquet(tmp_path / "run" / "pairs.parquet")
    for stolen in ("/etc/hostname", "../../etc/hostname", "media/../../secret"):
        rows.loc[0, "cell.0"] = f"file:{stolen}"
        rows.to_parquet(tmp_path / "run" / "pairs.parquet")
        with pytest.raises(UserError, match="outside its media folder"):
            workspace_files.open_directory(tmp_path / "run", trusted=False)


def test_killed_between_the_two_renames_the_old_one_is_read(workspace, tmp_path):
    workspace_files.save(workspace, tmp_path / "run")
    (tmp_path / "run").rename(tmp_path / ".run.old")
    same(workspace, workspace_files.open_directory(tmp_path / "run"))


def test_another_folder_is_never_overwritten(workspace, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "letter.txt").write_text("keep me")
    with pytest.raises(UserError, match="not a workspace"):
        workspace_files.save(workspace, folder)
    assert (folder / "letter.txt").read_text() == "keep me"


@pytest.mark.parametrize("damage", ["{", "[]", '{"format": 99}', '{"format": 1}'])
def test_damage_is_one_sentence(tmp_path, damage):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text(damage)
    with pytest.raises(UserError):
        workspace_files.open_directory(tmp_path / "run")


def test_nothing_pickled_is_written(workspace, tmp_path):
    workspace_files.save(workspace, tmp_path / "run", copy_media=True)
    suffixes = {p.suffix for p in (tmp_path / "run").rglob("*") if p.is_file()}
    assert suffixes <= {".json", ".parquet", ".safetensors", ".png"}
    json.loads((tmp_path / "run" / "run.json").read_text())
