"""What each step of a fusion changed: how far it turned the fused vectors, and what can be read from them then."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mmexplore.data.embeddings import unit
from mmexplore.errors import UserError
from mmexplore.journey.fusing import fitted_input, fusion_input, rows_name
from mmexplore.models.methods import fusion_methods
from mmexplore.scores.exam import exam, probe_vectors
from mmexplore.scores.score import entry
from mmexplore.workspace.state import Workspace


@dataclass(frozen=True)
class Step:
    """After one step.

    Attributes:
        step: 0 is the first fused vector.
        cosine, cosine_interval: mean cosine to the step before, over the items (1: nothing changed); None at step 0.
        score, score_interval: of a linear probe of the labels on these vectors, held-out rows; None without labels.
    """

    step: int
    cosine: float | None
    cosine_interval: list[float] | None
    score: float | None = None
    score_interval: list[float] | None = None


@dataclass(frozen=True)
class Steps:
    """All steps of a fusion; intervals are 95 % bootstraps by group.

    Attributes:
        vectors: float32 [T + 1, N, d].  steps: T + 1 of them.
        metric: "accuracy" or "r2" of the probes, None without labels.  chance: of the same.
        rows, n: the scored rows, as in `FusionScore`.
    """

    vectors: np.ndarray
    steps: tuple[Step, ...]
    metric: str | None = None
    chance: float | None = None
    rows: str = ""
    n: int = 0

    def table(self) -> list[dict[str, Any]]:
        """A line a step."""
        return [asdict(step) for step in self.steps]


def steps_of(workspace: Workspace) -> Steps:
    """The steps of the fusion that the views show.

    What a step knows of the labels is asked of a linear probe, fitted anew on the train rows' vectors of that step: the
    fusion's own head has only seen the last step, and a self-supervised fusion has none.

    Raises:
        UserError: nothing is fused, or what is has no steps.
    """
    fitted, given = fitted_input(workspace)
    vectors = fitted.fusion.steps(given)
    if vectors is None:
        those = ", ".join(name for name, method in fusion_methods().items() if method.gives_steps)
        raise UserError("has no steps to go through", fitted.fusion.card.title, f"fit one that has: {those}")
    some, seed = given.mask.any(1), fitted.seed
    turned = [_cosine(vectors[t - 1, some], vectors[t, some], given.groups[some], seed) for t in range(1, len(vectors))]
    cosines = [(None, None), *turned]
    labelled = given if given.target_kind is not None else fusion_input(workspace, None, fitted.source)
    if labelled.target_kind is None:
        return Steps(vectors, tuple(Step(t, *cosine) for t, cosine in enumerate(cosines)))
    asked = exam(labelled, labelled.target_kind, seed)
    groups, steps = labelled.groups[asked.rows], []
    for t, cosine in enumerate(cosines):
        rates = asked.rate(probe_vectors(vectors[t, asked.fitted], asked)(vectors[t, asked.rows]))
        steps.append(Step(t, *cosine, *entry(rates, groups, seed).values()))
    rows = rows_name(workspace, asked.which)
    return Steps(vectors, tuple(steps), asked.metric, asked.chance, rows, len(asked.rows))


def _cosine(before: np.ndarray, after: np.ndarray, groups: np.ndarray, seed: int) -> tuple[float, list[float]]:
    found = entry((unit(before) * unit(after)).sum(1), groups, seed)
    return found["score"], found["interval"]
