"""What `make test-fast` leaves out because it takes long, and which methods stand for all of them there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: files, folders (ending in /) and tests (after ::) below tests/ that fit much, run pages or start processes
SLOW = (
    "models/alignment/test_bridge.py",
    "attribution/test_columns.py",
    "attribution/test_explanation.py",
    "attribution/test_pid.py",
    "attribution/test_relevance.py",
    "attribution/test_truth.py",
    "browser/",
    "cli/",
    "encoders/test_open_clip.py",
    "encoders/test_series.py::test_the_transform_is_that_of_aeon",
    "encoders/test_sounds.py::test_a_linear_probe_tells_spoken_digits_apart",
    "figures/test_flow.py",
    "fuzz/",
    "library/test_multiview.py",
    "models/generative/",
    "journey/test_comparing.py",
    "journey/test_kinds.py",
    "journey/test_many_holes.py",
    "journey/test_rebuilding.py",
    "latent/test_projection.py::test_umap_and_tsne_at_their_smallest_and_with_equal_rows",
    "models/methods/test_gradients.py",
    "app/pages/",
    "data/test_hostile.py::test_a_parquet_of_few_bytes_and_one_very_large_cell",
    "data/test_hostile.py::test_a_quoted_cell_of_100_megabytes_with_line_breaks",
    "data/test_hostile.py::test_a_table_of_rubbish_is_given_up_early",
    "data/test_hostile.py::test_many_arrays_of_nothing_do_not_fill_the_memory",
    "retrieval/test_rescore.py::test_the_controlled_numbers_of_both_banks",
    "robustness/test_lab.py",
    "test_deploy.py",
    "test_layers.py",
    "views/",
    "journey/test_showcase.py",
    "app/test_python.py",
)
#: file -> values of its parameter `name` that stand for all of them: one of each family of code
REPRESENTED = {
    f"models/methods/test_{file}.py": ("attention", "late-sum", "autoencoder") for file in ("fusions", "estimators")
}


def is_slow(test: str, params: Mapping[str, Any]) -> bool:
    """Is a test left out of the fast run?

    Args:
        test: its file below tests/, with forward slashes, then "::" and its name.
        params: of its case, where it is parametrized.
    """
    chosen = REPRESENTED.get(test.partition("::")[0])
    if chosen is not None and params.get("name", chosen[0]) not in chosen:
        return True
    return test.startswith(SLOW)
