"""Planted data: every method's estimates beside the true weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mmexplore.attribution.truth import BesideTruth, beside_truth
from mmexplore.errors import UserError
from mmexplore.journey.asking import make
from mmexplore.journey.fusing import fusion_input
from mmexplore.models.methods import fusion_methods
from mmexplore.server.jobs import Progress
from mmexplore.workspace.state import Workspace


def truth_of_methods(
    workspace: Workspace, methods: Sequence[str] | None = None, progress: Progress | None = None
) -> tuple[list[BesideTruth], list[str]]:
    """Fit each method to the labels with its default parameters (or take a fit of the labels as it is) and measure it.

    Args:
        methods: ids of fits, or names of methods (the latest fit of the method where there is one); every fusion and
            generative method by default.

    Returns:
        what was measured, in the order asked for and under the names asked for, and a sentence for each method that
        could not be.

    Raises:
        UserError: the data does not carry the truth.
    """
    names = list(fusion_methods()) if methods is None else list(methods)
    workspace.ensure_split()
    embeddings = fusion_input(workspace, "label")
    found, refused = [], []
    for i, name in enumerate(names):
        if progress is not None:
            progress.update(i, len(names), f"fitting {name}")
        kept = workspace.fit_of(name)
        try:
            if kept is not None and (kept.target, kept.source) == ("label", "encoded"):
                fusion = kept.fusion
            else:
                again = name if kept is None else kept.fusion
                fusion = make(again, None, "fusion", objective="classification", random_state=workspace.seed)
                fusion.fit(embeddings)
            found.append(replace(beside_truth(fusion, embeddings, workspace.seed), method=name))
        except UserError as error:
            refused.append(f"{name}: {error}")
    return found, refused
