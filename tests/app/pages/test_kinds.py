"""Pages with modalities that are neither photos nor texts: each is drawn, and a table's columns are weighed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.data.dataset import Kind
from mmexplore.data.reading.read import read_pairs
from mmexplore.workspace.state import Workspace
from tests import samples
from tests.app.pages.conftest import OpenPage, each_part
from tests.app.pages.small import make_embeddings

MADE: dict[str, tuple[Callable[..., Path], dict[str, str]]] = {
    "sounds": (samples.sounds, {}),
    "videos": (samples.videos, {}),
    "sensors": (samples.sensors, {}),
    "places": (samples.places, {"soil": "tabular"}),
}


@pytest.fixture(scope="module", params=MADE)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Pairs with made-up vectors (tables and places with their own encoders), fused."""
    make, roles = MADE[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    workspace = Workspace()
    workspace.set_dataset(read_pairs(make(folder, n=12), workdir=folder / "unpacked", roles=roles or None))
    assert workspace.dataset is not None
    if Kind.TABLE in workspace.dataset.kinds.values():
        chosen = {m: e for m, e in journey.default_encoders(workspace).items() if m != "description"}
        workspace.set_embeddings(journey.encode(workspace, chosen).embeddings, chosen)
    else:
        chosen = journey.default_encoders(workspace)
        workspace.set_embeddings(make_embeddings(workspace.dataset), chosen)
    workspace.add_fusion(journey.fuse(workspace, "late-sum"))
    return workspace


def test_every_page_runs(open_page: OpenPage, loaded: Workspace):
    for page in ("data", "encode", "fuse", "weights", "latent_space", "retrieval", "mispairs"):
        test = open_page(page, workspace=loaded)
        assert not test.exception, (page, test.exception)
        for _ in each_part(test):
            assert test.title


def test_each_kind_is_drawn_on_its_card(open_page: OpenPage, loaded: Workspace):
    test = open_page("data", workspace=loaded)
    kinds = set(loaded.dataset.kinds.values())
    captions, texts = [c.value for c in test.caption], [t.value for t in test.text]
    n = len(loaded.dataset)
    if Kind.AUDIO in kinds:
        assert len(test.get("audio")) == n and sum(c.endswith(" s") for c in captions) == n
    if Kind.VIDEO in kinds:
        assert len(test.get("video")) == n
    if Kind.SERIES in kinds:
        assert sum(c.endswith("points x 2 channels") for c in captions) == n
    if Kind.PLACE in kinds:
        assert any(c.startswith("38.") for c in captions) and "Where: place" in [s.value for s in test.subheader]
    if Kind.TABLE in kinds:
        assert "soil: sand" in texts and any(t == "rain: -" for t in texts)


def test_columns_are_weighed_where_there_is_a_table(open_page: OpenPage, loaded: Workspace):
    test = open_page("weights", workspace=loaded)
    shown = "Column by column" in list(each_part(test))  # where it is, it is the last: now open
    assert shown == ("Columns of a table" in [s.value for s in test.subheader])
    assert shown == (Kind.TABLE in loaded.dataset.kinds.values())
    if shown:
        test.session_state["choice.columns.change"] = "empty"
        test.run()
        assert not test.exception


def test_the_table_of_pairs_says_what_each_cell_is(loaded: Workspace):
    from mmexplore.app.kit.selection import item_table

    table = item_table(loaded, np.arange(3))
    for modality, kind in loaded.dataset.kinds.items():
        words = table[modality].tolist()
        assert all(isinstance(w, str) and w for w in words)
        assert "object" not in str(words) and (kind is not Kind.SERIES or words[0].endswith("x 2 numbers"))


@pytest.mark.parametrize("make", [samples.sounds, samples.videos])
def test_a_file_that_is_gone_or_broken_is_named(open_page: OpenPage, make: Callable[..., Path], tmp_path: Path):
    dataset = read_pairs(make(tmp_path, n=4), workdir=tmp_path / "unpacked")
    media = dataset.modalities[0]
    broken = tmp_path / "<b>x.wav"
    broken.write_bytes(b"RIFF no sound")
    cells = (broken, tmp_path / "gone.wav", *dataset.cells[media][2:])
    test = open_page("data", workspace=Workspace(dataset=replace(dataset, cells=dataset.cells | {media: cells})))
    assert not test.exception
    texts = [t.value for t in test.text]
    assert "<b>x.wav (cannot be decoded)" in texts and "gone.wav (cannot be decoded)" in texts
