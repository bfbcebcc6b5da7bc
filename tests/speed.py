"""What `make test-fast` leaves out because it takes long, and which methods stand for all of them there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: files and folders below tests/ that fit much, run pages, start processes or decode films
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
    "figures/test_flow.py",
    "fuzz/",
    "models/generative/",
    "journey/test_comparing.py",
    "journey/test_kinds.py",
    "journey/test_many_holes.py",
    "journey/test_rebuilding.py",
    "models/methods/test_gradients.py",
    "app/pages/",
    "robustness/test_lab.py",
    "test_deploy.py",
    "journey/test_showcase.py",
    "app/test_python.py",
)
#: file -> values of its parameter `name` that stand for all of them: one of each family of code
REPRESENTED = {"models/methods/test_fusions.py": ("attention", "late-sum", "autoencoder")}


def is_slow(path: str, params: Mapping[str, Any]) -> bool:
    """Is a test left out of the fast run?

    Args:
        path: its file below tests/, with forward slashes.  params: of its case, where it is parametrized.
    """
    if path in REPRESENTED and params.get("name", REPRESENTED[path][0]) not in REPRESENTED[path]:
        return True
    return path.startswith(SLOW)
