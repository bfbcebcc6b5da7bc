"""The few lines that make a view's result again, from a saved workspace. Every value is written as Python's repr."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OPEN = """from mmexplore import journey
from mmexplore.workspace.files import open_directory
from pathlib import Path

workspace = open_directory(Path("run"))
"""


def arguments(options: Mapping[str, Any]) -> str:
    """Keyword arguments as they are typed."""
    return ", ".join(f"{k}={v!r}" for k, v in options.items())
