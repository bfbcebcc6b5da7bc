"""What a model rebuilds of an item from some of its modalities, and how good that is over held-out items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol, cast

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.journey.asking import embeddings_of, known
from mmexplore.journey.fusing import fitted_input, fusion_input, rows_name
from mmexplore.retrieval.real_items import Found, RealItems, judge, real_items_of
from mmexplore.robustness.ridge_fill import RidgeFill
from mmexplore.runtime import rng
from mmexplore.scores.score import scored_rows
from mmexplore.workspace.fits import title_of
from mmexplore.workspace.state import FittedFusion, Workspace


class Rebuilds(Protocol):
    """What can rebuild: a fusion that `can_rebuild`, or `RidgeFill`."""

    def reconstruct(self, embeddings: Embeddings) -> dict[str, np.ndarray]:
        """Every modality, float32 [N, d_m] in its own units, from what is present."""


#: who rebuilds: None = the fusion that the views show; another is fitted on the encoded vectors
By = FittedFusion | Rebuilds | None


def can_rebuild(fitted: FittedFusion) -> bool:
    """Is it a generative method, or a fusion fitted with the objective `reconstruction`?"""
    return fitted.fusion.reconstructs or fitted.fusion.objective_ == "reconstruction"


def rebuilder(workspace: Workspace, name: str) -> FittedFusion | RidgeFill:
    """Who rebuilds: a fit by its id, a method by its name (its latest fit), or the ridge maps (fitted here).

    Raises:
        UserError: nothing of that name is fitted.
    """
    if name == RidgeFill.name:
        embeddings_of(workspace)
        return RidgeFill().fit(workspace.ensure_split())
    if (fitted := workspace.fit_of(name)) is None:
        those = [n for n, f in workspace.fusions.items() if can_rebuild(f)]
        raise UserError(
            f"no fitted method is called {name!r}", "rebuild", f"choose one of: {', '.join([*those, RidgeFill.name])}"
        )
    return fitted


def real_items(workspace: Workspace, by: By = None) -> RealItems:
    """The distinct items among which `rebuild` searches: of the vectors that `by` was fitted on."""
    return real_items_of(fusion_input(workspace, "none", _who(workspace, by)[1]))


def rebuild(
    workspace: Workspace,
    rows: Sequence[int] | np.ndarray,
    given: Sequence[str],
    by: By = None,
    k: int = 6,
    real: RealItems | None = None,
) -> dict[str, Found]:
    """Every modality of some rows, rebuilt from the `given` ones, as the nearest real items.

    A rebuilt vector is no picture and no text: the nearest real items show what it amounts to, and the place of the
    true one how good it is (to be seen beside `chance_rank`; a row that was fitted on has been seen before).

    Args:
        rows: positions in the embeddings, or bool [N].
        given: the modalities it may look at. A row that has none of them has no place: it is not judged.
        k: how many nearest items.
        real: `real_items(workspace, by)`, where the caller has it already.

    Returns:
        modality -> Found, the given ones among them (they show what survives the way through the model).

    Raises:
        UserError: the method cannot rebuild, nothing is given, or a modality is not known.
    """
    rebuilds, real = _who(workspace, by)[0], real or real_items(workspace, by)
    asked = real.embeddings.take(rows)
    shown = asked.hide(np.broadcast_to(~_given(real.embeddings, given), asked.mask.shape))
    made, unseen = rebuilds.reconstruct(shown), ~np.asarray(shown.mask.any(axis=1))
    answer = {}
    for m in real.embeddings.modalities:
        found = real.find(m, made[m], k, asked.groups)
        answer[m] = replace(found, rank=np.where(unseen, np.nan, found.rank))
    return answer


def rebuild_item(
    workspace: Workspace, item: str, given: Sequence[str], k: int = 6, by: By = None, real: RealItems | None = None
) -> list[Found]:
    """As `rebuild` for one item by its id (Q = 1): the modalities that were hidden first, then the given ones.

    Raises:
        UserError: as `rebuild`; no such item, or it has none of those given.
    """
    real = real or real_items(workspace, by)
    rows = np.flatnonzero(real.embeddings.ids.astype(str) == str(item))
    if not len(rows):
        raise UserError(f"no item has the id {item!r}", "item", "copy an id from the table of pairs")
    found = rebuild(workspace, rows[:1], given, by, k, real)
    if not real.embeddings.mask[rows[0], _given(real.embeddings, given)].any():
        raise UserError(f"has no {' or '.join(given)}", f"item {item}", "give another modality")
    return sorted(found.values(), key=lambda f: f.modality in given)


def rebuild_report(
    workspace: Workspace,
    given: Sequence[str],
    by: By = None,
    limit: int | None = None,
    baseline: Rebuilds | None = None,
    real: RealItems | None = None,
) -> dict[str, Any]:
    """How often an item's own is the nearest among all distinct real ones, over the held-out items that have one of
    the given modalities; beside ridge maps and a random order.

    Args:
        limit: at most so many items, drawn once; None = all.
        baseline: fitted ridge maps, where the caller has them already.

    Returns:
        {"rows", "n_rows" of "n_usable", "given", "baseline" (its name; None where it is `by` itself), "modalities":
        {name: `judge(...)` with "given", and "baseline" (the same of the ridge maps; None for what is given: they hand
        it back)}}. A modality that can be judged for no row is left out.
    """
    real = real or real_items(workspace, by)
    data, shown = real.embeddings, _given(real.embeddings, given)
    usable, which = scored_rows(data, np.asarray(data.mask[:, shown].any(axis=1)))
    rows = usable
    if limit is not None and len(usable) > limit:
        rows = np.sort(rng(workspace.seed).choice(usable, limit, replace=False))
    bar: dict[str, Found] = {}
    if not isinstance(by, RidgeFill):
        bar = rebuild(workspace, rows, given, baseline or RidgeFill().fit(data), 1, real)
    modalities: dict[str, Any] = {}
    for m, found in rebuild(workspace, rows, given, by, 1, real).items():
        own = judge(found, data.groups[rows], workspace.seed)
        if own is not None:
            beside = judge(bar[m], data.groups[rows], workspace.seed) if bar and m not in given else None
            modalities[m] = {"given": m in given} | own | {"baseline": beside}
    return {
        "rows": rows_name(workspace, which),
        "n_rows": len(rows),
        "n_usable": len(usable),
        "given": [m for m in data.modalities if m in given],
        "baseline": RidgeFill.name if bar else None,
        "modalities": modalities,
    }


# -- inside ------------------------------------------------------------------------
def _who(workspace: Workspace, by: By) -> tuple[Rebuilds, str]:
    """(what rebuilds, the vectors it was fitted on)."""
    found = fitted_input(workspace)[0] if by is None else by
    if not isinstance(found, FittedFusion):
        return found, "encoded"
    if not can_rebuild(found):
        raise UserError(
            "cannot rebuild a modality",
            title_of(found.fusion),
            "fit an autoencoder or a multimodal VAE, or choose the objective `reconstruction`",
        )
    return cast(Rebuilds, found.fusion), found.source


def _given(embeddings: Embeddings, given: Sequence[str]) -> np.ndarray:
    """bool [M]: which modalities are given."""
    for m in given:
        known(m, embeddings.modalities, "given")
    if not given:
        raise UserError("nothing was given to rebuild from", "given", "choose at least one modality")
    return np.isin(embeddings.modalities, list(given))
