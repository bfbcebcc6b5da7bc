"""A column that decides the answer is found, one of noise is not, and nothing changes where the fusion never looks."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.data.dataset import Kind, PairedDataset
from mmexplore.encoders import registry
from mmexplore.errors import UserError
from mmexplore.workspace.state import Workspace


@pytest.fixture(scope="module", params=["late-sum", "attention"])
def workspace(request: pytest.FixtureRequest) -> Workspace:
    """240 rows: `size` tells two classes apart, `hue` tells the third, `noise` and the place tell nothing."""
    random = np.random.default_rng(0)
    n = 240
    label = np.arange(n) % 3
    size, noise = random.normal(3 * (label == 1), 1, n), random.normal(size=n)
    hue = np.where(label == 2, "blue", random.choice(["red", "pink"], n))
    rows = tuple(np.array([f"{a:.3f}", h, f"{b:.3f}"]) for a, h, b in zip(size, hue, noise, strict=True))
    places = tuple(np.array([random.uniform(-50, 50), random.uniform(-99, 99)], np.float32) for _ in range(n))
    ids = np.array([f"i{k}" for k in range(n)], object)
    workspace = Workspace()
    workspace.set_dataset(
        PairedDataset(
            "made",
            ids,
            {"table": Kind.TABLE, "place": Kind.PLACE},
            {"table": rows, "place": places},
            groups=ids,
            labels=np.array(["a", "b", "c"], object)[label],
            parts={"table": ("size", "hue", "noise")},
        )
    )
    workspace.set_embeddings(
        journey.encode(workspace, {"table": "table", "place": "place"}).embeddings, {"table": "table", "place": "place"}
    )
    workspace.add_fusion(journey.fuse(workspace, request.param))
    return workspace


@pytest.mark.parametrize("change", ["permuted", "empty"])
def test_what_decides_is_found_and_noise_is_not(workspace: Workspace, change: str) -> None:
    found = journey.columns_of(workspace, "table", change)
    assert found.columns == ("size", "hue", "noise") and found.n == 48  # the fifth that is held out
    lost = dict(zip(found.columns, found.mean, strict=True))
    assert min(lost["size"], lost["hue"]) > 3 * abs(lost["noise"])
    assert found.low[0] > 0 and found.low[1] > 0 and found.low[2] <= 0.03
    assert (found.low <= found.mean).all() and (found.mean <= found.high).all()
    assert found.flips is not None and found.flips[0] > found.flips[2]


def test_the_same_seed_gives_the_same(workspace: Workspace) -> None:
    first, second = (journey.columns_of(workspace, "table") for _ in range(2))
    np.testing.assert_array_equal(first.mean, second.mean)


def test_the_value_of_an_unchanged_table_is_that_of_the_fusion(workspace: Workspace) -> None:
    """The encoder made again for this is the very one that the vectors came from."""
    from mmexplore.journey.querying import encoder_of

    encoder = encoder_of(workspace, "table", "table", Kind.TABLE)
    again = encoder.encode(list(workspace.dataset.cells["table"]))
    np.testing.assert_allclose(again, workspace.embeddings.vectors["table"], atol=1e-6)
    assert encoder is not registry.load("table")


def test_it_is_fitted_on_train_rows_of_a_split_that_is_kept(workspace: Workspace) -> None:
    assert workspace.dataset.splits is None and workspace.split_source == "drawn"
    assert workspace.embeddings.in_split("train").sum() == 192


def test_a_modality_that_is_no_table_and_a_change_that_is_none(workspace: Workspace) -> None:
    with pytest.raises(UserError, match="no table"):
        journey.columns_of(workspace, "place")
    with pytest.raises(UserError, match="no change"):
        journey.columns_of(workspace, "table", "burnt")


def test_measured_weights_hold_the_columns(workspace: Workspace) -> None:
    answer = journey.measured_weights(workspace)
    assert list(answer["columns"]) == ["table"] and len(answer["columns"]["table"]["mean"]) == 3


def test_on_aligned_vectors(workspace: Workspace) -> None:
    from dataclasses import replace

    copy = replace(workspace, fusions={})
    copy.set_alignment(*journey.align(copy, "cca"))
    copy.add_fusion(journey.fuse(copy, "late-sum", source="aligned"))
    found = journey.columns_of(copy, "table")
    assert found.mean[0] > abs(found.mean[2])
