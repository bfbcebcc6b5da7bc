"""What happens when modalities go missing: the lab on a workspace, once for the page and the shell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.journey.asking import make
from mmexplore.journey.fusing import fusion_input
from mmexplore.models.fusion.base import Fusion
from mmexplore.robustness.curves import Curve, difference
from mmexplore.robustness.holes import ANY
from mmexplore.robustness.judge import LATE_PRODUCT
from mmexplore.robustness.lab import Lab, Plan, run_lab
from mmexplore.server.jobs import Progress
from mmexplore.workspace.state import Workspace

ALL = "all"
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
INTERVAL = "95 % bootstrap over the judged items (whole groups) of the mean over {} draw{} of holes"


def missing_target(workspace: Workspace) -> tuple[str | None, str]:
    """(target, source) of the lab: those of the fusion that the views show, else the labels of the encoded vectors."""
    fitted = workspace.fitted
    return (None, "encoded") if fitted is None else (fitted.target or "none", fitted.source)


def missing_methods(workspace: Workspace) -> list[str]:
    """What to begin with: the ids of all fits, else attention fusion."""
    return list(workspace.fusions) or ["attention"]


def missing_lab(
    workspace: Workspace,
    methods: Sequence[str] | None = None,
    modality: str = ALL,
    shares: Sequence[float] = SHARES,
    at: str = "test",
    by_class: str | None = None,
    seeds: int = 3,
    progress: Progress | None = None,
) -> Lab:
    """Take modalities away for a share of the items and judge each method, on the same rows with the same holes.

    A fit of the same target is taken as it is; one of another target is fitted anew with its parameters, a method that
    is not fitted with its defaults. Nothing is kept in the workspace but the split, where it had none.

    Args:
        methods: ids of fits, or names of fusion or generative methods (the latest fit of the method where there is
            one); None = `missing_methods`.
        modality: a name, "all" (each in turn), or `robustness.holes.ANY` (every cell by itself).
        shares, at, seeds: see `robustness.lab.Plan`.
        by_class: only items with this label lose it.

    Raises:
        UserError: no such method, modality or class.
    """
    workspace.ensure_split()
    target, source = missing_target(workspace)
    embeddings = fusion_input(workspace, target, source)
    names = list(dict.fromkeys(missing_methods(workspace) if methods is None else methods))
    if not names:
        raise UserError("no method is chosen", "missing", "name one or more")
    columns = embeddings.modalities if modality == ALL else [modality]
    plan = Plan(columns, shares, at, by_class, seeds, workspace.seed)
    plan.check(embeddings)
    progress = progress or Progress()

    def on_epoch(epoch: int, epochs: int, values: dict[str, float]) -> None:
        progress.check()

    def fit(name: str, given: Embeddings) -> Fusion:
        kept = workspace.fit_of(name)
        objective, seed = (None, workspace.seed) if kept is None else (kept.fusion.objective_, kept.seed)
        if objective not in (None, "contrastive", "reconstruction", given.target_kind):
            objective = None  # it was fitted to another kind of target
        blank = make(name if kept is None else kept.fusion, None, "fusion", objective=objective, random_state=seed)
        return blank.fit(given, on_epoch=on_epoch)

    fitted: dict[str, Fusion] = {}
    for i, name in enumerate(names):
        progress.update(i, len(names), f"fit {name}")
        kept = workspace.fit_of(name)
        same = kept is not None and (kept.target or "none", kept.source) == (_named(target, embeddings), source)
        fitted[name] = kept.fusion if kept is not None and same else fit(name, embeddings)
    lab = run_lab(embeddings, fitted, fit, plan, progress)
    drawn = workspace.split_source == "drawn" and lab.which == "test"
    return replace(lab, which="held-out") if drawn else lab  # `test` is a word for the data's own split


def _named(target: str | None, embeddings: Embeddings) -> str:
    return target or ("label" if embeddings.labels is not None else "none")


def missing_summary(lab: Lab) -> dict[str, Any]:
    """What `mmexplore missing --json` prints."""
    plan = lab.plan
    return {
        "at": plan.at,
        "by_class": plan.only,
        "modalities": list(plan.modalities),
        "shares": list(plan.shares),
        "seeds": plan.seeds,
        "seed": plan.seed,
        "metric": lab.metric,
        "chance": lab.chance,
        "rows": lab.which,
        "n": lab.n,
        "interval": INTERVAL.format(plan.seeds, "" if plan.seeds == 1 else "s"),
        "left_with_nothing": lab.emptied,
        "curves": [_curve(c, lab) for c in lab.curves],
        "curves_of_class": [_curve(c, lab) for c in lab.of_class],
        "subsets": {name: [vars(s) | {"shown": list(s.shown)} for s in found] for name, found in lab.subsets.items()},
    }


def _curve(c: Curve, lab: Lab) -> dict[str, Any]:
    keys = ("method", "modality", "reference", "note", "score", "low", "high", "by_draw", "area", "area_interval")
    answer = {key: getattr(c, key) for key in keys}
    gain = area_gain(lab, c)
    return answer | ({} if gain is None else {"area_minus_late_product": gain[0], "area_minus_interval": gain[1]})


def area_gain(lab: Lab, c: Curve) -> tuple[float, list[float]] | None:
    """Area of a method's curve minus that of the late product, with its interval; None where there is none of it."""
    bar = lab.curve(LATE_PRODUCT, c.modality)
    if c.reference or bar is None or len(c.item_area) != len(bar.item_area):
        return None
    return difference(c, bar, lab.groups, lab.plan.seed)


def missing_choices(embeddings: Embeddings) -> list[str]:
    """What can go missing: each in turn, one modality, or any cell."""
    return [ALL, *embeddings.modalities, ANY]


def classes_of(embeddings: Embeddings) -> list[str]:
    """Labels that a class-wise drop can name, in alphabetical order; none for a numeric target."""
    if embeddings.target_kind != "classification" or embeddings.labels is None:
        return []
    return [str(c) for c in np.unique(embeddings.labels.astype(str)) if c]
