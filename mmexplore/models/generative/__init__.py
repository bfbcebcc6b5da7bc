"""Models that rebuild every modality from any subset and draw new items: one file a method, found by `methods()`."""

from mmexplore.discovery import find_methods
from mmexplore.models.generative.base import Generative


def methods() -> dict[str, type[Generative]]:
    """Every generative method in this folder by name, in alphabetical order of files."""
    return find_methods(__name__, Generative)


__all__ = ["Generative", "methods"]
