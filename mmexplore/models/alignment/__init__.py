"""Many spaces into one: one file a method, found by `methods()`."""

from mmexplore.discovery import find_methods
from mmexplore.models.alignment.base import Alignment


def methods() -> dict[str, type[Alignment]]:
    """Every alignment method in this folder by name, in alphabetical order of files."""
    return find_methods(__name__, Alignment)


__all__ = ["Alignment", "methods"]
