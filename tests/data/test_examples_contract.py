"""What every built-in example keeps, by being listed."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.data.dataset import PairedDataset
from mmexplore.data.examples import EXAMPLES, load_example


@pytest.fixture(scope="module")
def twice(request, tmp_path_factory) -> tuple[PairedDataset, PairedDataset]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MMEXPLORE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield load_example(request.param), load_example(request.param)


every_example = pytest.mark.parametrize("twice", EXAMPLES, indirect=True)


@every_example
def test_rows_have_ids_labels_groups_and_two_modalities(twice):
    dataset, _ = twice
    n = len(dataset)
    assert n >= 100 and len(set(dataset.ids)) == n and all(isinstance(i, str) and i for i in dataset.ids)
    assert dataset.labels is not None and len(dataset.labels) == n and len(set(dataset.labels)) >= 2
    assert len(dataset.groups) == n and not dataset.rejected
    assert len(dataset.modalities) >= 2
    for cells in dataset.cells.values():
        assert len(cells) == n and any(cell is not None for cell in cells)
    assert len(dataset.columns) in (0, n)


@pytest.mark.parametrize("name", EXAMPLES)
def test_source_and_licence_are_told_before_it_is_opened(name):
    example = EXAMPLES[name]
    for text in (example.title, example.summary, example.source, example.licence):
        assert text == text.strip() and text
    assert not example.summary.startswith(example.title)


@every_example
def test_source_licence_and_origin_stay_with_the_rows(twice, request):
    dataset, _ = twice
    name = request.node.callspec.params["twice"]
    assert EXAMPLES[name].licence in dataset.source
    assert dataset.origin is not None and dataset.origin.example == name


@every_example
def test_it_is_the_same_each_time(twice):
    first, second = twice
    for part in ("ids", "labels", "groups"):
        np.testing.assert_array_equal(getattr(first, part), getattr(second, part))
    assert first.kinds == second.kinds and first.columns.equals(second.columns)
    for m in first.modalities:
        for a, b in zip(first.cells[m], second.cells[m], strict=True):
            np.testing.assert_array_equal(a, b)
