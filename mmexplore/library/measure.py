"""Two measures in one line each: what one modality finds in another, and what each contributes to a fusion."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pandas as pd

from mmexplore.attribution.null import null_band
from mmexplore.attribution.shapley import shapley as contributions
from mmexplore.attribution.value import game
from mmexplore.data.embeddings import Embeddings, check_embeddings
from mmexplore.errors import UserError
from mmexplore.models.alignment.base import Alignment
from mmexplore.models.fusion.base import Fusion
from mmexplore.models.measured_rows import rows_to_measure
from mmexplore.retrieval.metrics import RetrievalReport, recall_at, retrieval_report
from mmexplore.runtime import RandomState, seed_of
from mmexplore.scores.bootstrap import intervals


def recall(
    shared: Alignment | Embeddings,
    embeddings: Embeddings | None = None,
    k: int | Sequence[int] = (1, 5, 10),
    strict: bool = False,
    random_state: RandomState = 0,
) -> pd.DataFrame:
    """How often one modality finds its partner in another among the first k, in every direction.

    >>> cca = RidgeCCA().fit(emb)
    >>> recall(cca, emb)
    >>> recall(clip_embeddings)  # modalities that lie in one space as they are

    A hit is any item of the query's group; each distinct item stands once in the gallery. Ties count by half.

    Args:
        shared: a fitted alignment, or embeddings of which two modalities or more share a space.
        embeddings: the items, for an alignment: those of the fit or others with the same modalities.
        k: how many of the nearest are looked at, 1 or more each.
        strict: refuse in place of measuring items that were fitted.
        random_state: of the bootstrap.

    Returns:
        a row for each direction ("image -> text"), measured on held-out items where there are any. For each k
        "recall@k" (0..1) with "recall@k low" and "recall@k high" (95 %, bootstrap over groups) and "recall@k chance"
        (a random order); "median rank"; "queries" and "gallery" (distinct items); "rows", which items those are.

    Raises:
        UserError: not fitted, no two modalities share a space or a row, or `strict` and all items were fitted.
    """
    asked = [k] if isinstance(k, int | np.integer) else k
    if isinstance(asked, str) or not hasattr(asked, "__iter__"):
        raise UserError(f"{k!r} is no place", "k", "give whole numbers from 1")
    ks = list(asked)
    if not ks or any(not isinstance(n, int | np.integer) or n < 1 for n in ks):
        raise UserError(f"{ks} are no places", "k", "give whole numbers from 1")
    seed = seed_of(random_state)
    space, rows, said = _in_one_space(shared, embeddings, strict)
    reports, refused = [], []
    for src, dst in permutations(space.modalities, 2):
        if space.spaces[src] == space.spaces[dst]:
            try:
                reports.append(retrieval_report(space, src, dst, rows=rows, seed=seed))
            except UserError as error:  # two that never occur together have no pairs to find
                refused.append(error)
    if not reports:
        raise (
            refused[0]
            if refused
            else UserError("no two modalities lie in one space", "recall", "fit an alignment on them and give it, too")
        )
    table = pd.DataFrame([_line(report, ks, seed) for report in reports])
    table.index = pd.Index([f"{r.src} -> {r.dst}" for r in reports], name="direction")
    table["rows"] = said
    table.attrs["rows"] = said
    return table


def _in_one_space(
    shared: Alignment | Embeddings, embeddings: Embeddings | None, strict: bool
) -> tuple[Embeddings, np.ndarray, str]:
    """The items where modalities can be compared, the rows (bool [N]) to measure, and which those are."""
    if isinstance(shared, Embeddings):
        if embeddings is not None:
            raise UserError("two embeddings are given", "recall", "give one, or an alignment and embeddings")
        return shared, np.ones(len(shared), bool), f"{len(shared):,} items"
    if not isinstance(shared, Alignment):
        raise UserError(f"{type(shared).__name__} is no alignment", "recall", "give a fitted alignment or embeddings")
    if embeddings is None:
        raise UserError("no items are given", "recall", "give embeddings after the alignment")
    check_embeddings(embeddings, "recall")
    space = shared.transform(shared.fitted_part(embeddings))
    if shared.fitted_in_advance:
        return space, np.ones(len(space), bool), f"{len(space):,} items"
    rows, said = rows_to_measure(shared, embeddings, strict, where="recall")
    measured = np.zeros(len(embeddings), bool)
    measured[rows] = True
    return space, measured, said


def _line(report: RetrievalReport, ks: Sequence[int], seed: int) -> dict[str, float]:
    line: dict[str, float] = {}
    for k in ks:
        found = recall_at(report, k, seed)
        line |= {f"recall@{k}": found.value, f"recall@{k} low": found.low, f"recall@{k} high": found.high}
        line[f"recall@{k} chance"] = found.chance
    return line | {"median rank": report.median_rank, "queries": report.n_queries, "gallery": report.n_gallery}


def shapley(
    fusion: Fusion,
    embeddings: Embeddings,
    metric: str | None = None,
    n_null: int = 20,
    strict: bool = False,
    random_state: RandomState = 0,
) -> pd.DataFrame:
    """What each modality contributes to what a fitted fusion answers: its mean Shapley value over the items.

    The values of all modalities sum to what the fusion gains over an answer to nothing. A hidden modality is absent.

    Args:
        fusion: fitted.  embeddings: the items, with the labels (or the target) of the fit where it had some.
        metric: for a classifier "probability" (of the item's own class; the default) or "information" (in bits); other
            fusions have one value each, which `attrs["value"]` names.
        n_null: how often labels (without labels: the pairing of modalities) are permuted for the chance range.
        strict: refuse in place of measuring items that were fitted.
        random_state: of the permutations, the bootstrap, and the orders drawn above six modalities.

    Returns:
        a row for each modality, measured on held-out items where there are any: "value"; "low" and "high" (95 %,
        bootstrap over groups); "chance_low" and "chance_high" (what 95 % of the permutations give: inside, a
        contribution cannot be told from luck); "rows", which items those are. `attrs`: "value" (what it is), "rows",
        "permuted".

    Raises:
        UserError: not fitted, no such metric, or `strict` and all items were fitted.
    """
    if not isinstance(fusion, Fusion):
        raise UserError(f"{type(fusion).__name__} is no fusion", "shapley", "give a fitted fusion")
    check_embeddings(embeddings, "shapley")
    if not isinstance(n_null, int | np.integer) or n_null < 2:
        raise UserError(f"{n_null} permutations show no range", "n_null", "give 2 or more")
    measure, seed = metric or "probability", seed_of(random_state)
    rows, said = rows_to_measure(fusion, embeddings, strict, where="shapley")
    items = embeddings.take(rows)
    found = contributions(game(fusion, items, seed=seed, measure=measure), seed=seed)
    null = null_band(fusion, items, draws=n_null, seed=seed, measure=measure)
    ends = intervals(found.values.T, items.groups, seed)
    table = pd.DataFrame(
        {
            "value": found.mean(),
            "low": ends[:, 0],
            "high": ends[:, 1],
            "chance_low": null.low,
            "chance_high": null.high,
            "rows": said,
        },
        index=pd.Index(found.modalities, name="modality"),
    )
    table.attrs |= {"value": found.meaning, "rows": said, "permuted": null.permuted}
    return table
