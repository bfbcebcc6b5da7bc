"""Every method by name, whichever folder it lives in."""

from __future__ import annotations

from mmexplore import alignment, fusion, generative
from mmexplore.estimator import Estimator


def fusion_methods() -> dict[str, type[fusion.Fusion]]:
    """Every fusion and generative method by name."""
    return {**fusion.methods(), **generative.methods()}


def all_methods() -> dict[str, type[Estimator]]:
    """Every alignment, fusion and generative method by name, in that order."""
    return {**alignment.methods(), **fusion_methods()}
