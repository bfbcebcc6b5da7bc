"""Each kind of data goes from a file to weights, retrieval and a query by file, and survives being saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.data.dataset import Kind
from mmexplore.data.reading.read import read_pairs
from mmexplore.errors import UserError
from mmexplore.workspace import files as workspace_files
from mmexplore.workspace.state import Workspace
from tests import samples
from tests.media import tone, write_sound

#: sample -> its modalities and their kinds, and the roles a person has to correct
EXPECTED: dict[Callable[..., Path], tuple[dict[str, Kind], dict[str, str]]] = {
    samples.sounds: ({"sound": Kind.AUDIO, "caption": Kind.TEXT}, {}),
    samples.videos: ({"video": Kind.VIDEO, "caption": Kind.TEXT}, {}),
    samples.sensors: ({"sensor": Kind.SERIES, "note": Kind.TEXT}, {}),
    samples.places: ({"place": Kind.PLACE, "description": Kind.TEXT, "table": Kind.TABLE}, {"soil": "tabular"}),
    samples.six_views: ({f"view{j}": Kind.VECTOR for j in range(6)}, {}),
}


@pytest.fixture(scope="module", params=EXPECTED, ids=lambda s: s.__name__)
def workspace(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Read, encoded by the defaults, aligned and fused."""
    folder = tmp_path_factory.mktemp(request.param.__name__)
    kinds, roles = EXPECTED[request.param]
    workspace = Workspace()
    workspace.set_dataset(read_pairs(request.param(folder), workdir=folder / "unpacked", roles=roles or None))
    assert workspace.dataset is not None and workspace.dataset.kinds == kinds and not workspace.dataset.rejected
    chosen = journey.default_encoders(workspace)
    assert set(chosen) == set(kinds)  # an offline encoder reads every kind
    encoded = journey.encode(workspace, chosen)
    assert not encoded.rejected
    workspace.set_embeddings(encoded.embeddings, chosen)
    workspace.set_alignment(*journey.align(workspace, "ridge-map"))
    workspace.add_fusion(journey.fuse(workspace, "attention"))
    return workspace


def test_weights_of_every_item(workspace: Workspace) -> None:
    answer = journey.weights(workspace)
    weights = np.array(list(answer["per_item"].values()))
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
    assert answer["modalities"] == workspace.dataset.modalities


def test_the_classes_are_told_apart(workspace: Workspace) -> None:
    assert workspace.fitted.score.score >= 0.75  # three or four classes, and each is plain to see in one modality


def test_every_direction_is_measured(workspace: Workspace) -> None:
    reports, refused = journey.retrieval_reports(workspace)
    m = len(workspace.dataset.modalities)
    assert len(reports) == m * (m - 1) and not refused


def test_a_saved_workspace_comes_back_whole(workspace: Workspace, tmp_path: Path) -> None:
    workspace_files.save(workspace, tmp_path / "run", copy_media=True)
    again = workspace_files.open_directory(tmp_path / "run", trusted=False)
    assert again.dataset.kinds == workspace.dataset.kinds and again.dataset.parts == workspace.dataset.parts
    assert again.split_source == workspace.split_source
    for modality in workspace.dataset.modalities:
        np.testing.assert_array_equal(again.dataset.content[modality], workspace.dataset.content[modality])
    assert journey.weights(again)["mean"] == pytest.approx(journey.weights(workspace)["mean"], abs=1e-5)


def test_asking_with_what_an_item_shows_finds_it(workspace: Workspace) -> None:
    """A file or numbers of the data, encoded as a query, lie where the item does."""
    shared, _ = journey.shared_space(workspace)
    dataset = workspace.dataset
    for modality in dataset.modalities:
        if dataset.kinds[modality] not in journey.query_kinds(workspace, shared) or modality == "table":
            continue
        hits = journey.search_items(workspace, dataset.cells[modality][4], modality, from_modality=modality, k=3)
        assert hits[0]["score"] == pytest.approx(1, abs=1e-3)
        assert workspace.dataset.content[modality][hits[0]["row"]] == dataset.content[modality][4]


def test_a_query_of_a_kind_that_nothing_reads_says_so(workspace: Workspace, tmp_path: Path) -> None:
    kinds = set(workspace.dataset.kinds.values())
    if Kind.AUDIO not in kinds:
        with pytest.raises(UserError, match="audio"):
            sound = write_sound(tmp_path / "q.wav", tone(440))
            journey.search_items(workspace, sound, workspace.dataset.modalities[0])
    with pytest.raises(UserError, match="no encoder reads"):
        journey.search_items(workspace, tmp_path / "q.xyz", workspace.dataset.modalities[0])


def test_split_and_scales_are_drawn_once(workspace: Workspace) -> None:
    """What an encoder was fitted on is what every later fit calls train."""
    assert workspace.split_source == "drawn"
    assert workspace.ensure_split() is workspace.embeddings


def test_videos_and_typed_texts_meet_through_the_bridge(tmp_path: Path) -> None:
    """The frames lie in the image encoder's space, so a text finds a video without any alignment."""
    workspace = Workspace()
    workspace.set_dataset(read_pairs(samples.videos(tmp_path, n=6), workdir=tmp_path / "unpacked"))
    chosen = journey.default_encoders(workspace)
    workspace.set_embeddings(journey.encode(workspace, chosen).embeddings, chosen)
    shared, where = journey.shared_space(workspace)
    assert shared is not None and "bridge" in where
    assert set(journey.query_kinds(workspace, shared)) == {Kind.TEXT, Kind.IMAGE, Kind.VIDEO}
    assert len(journey.search_items(workspace, "a lamp", "video", shared=shared, k=6)) == 6
