"""Many vectors into one (and modality weights): one file a method, found by `methods()`."""

from mmexplore.discovery import find_methods
from mmexplore.models.fusion.base import Fusion


def methods() -> dict[str, type[Fusion]]:
    """Every fusion method in this folder by name, in alphabetical order of files."""
    return find_methods(__name__, Fusion)


__all__ = ["Fusion", "methods"]
