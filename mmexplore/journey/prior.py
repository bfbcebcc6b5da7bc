"""What a generative model takes for typical, and what it finds odd: draws from its prior, and its bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.journey.asking import embeddings_of
from mmexplore.journey.fusing import fitted_input
from mmexplore.models.generative import Generative
from mmexplore.retrieval.real_items import RealItems, real_items_of
from mmexplore.workspace.state import Workspace

ENOUGH = 20  # items with the same modalities present, for one of them to be called odd


@dataclass(frozen=True)
class Samples:
    """Items drawn from the model, each modality shown as the nearest real one.

    Attributes:
        rows: int [n, M], the nearest real row of each modality.  scores: [n, M], its cosine (`RealItems`).
        coherence: share of pairs of modalities whose nearest items have the same label; None without classes.
        chance: what rows drawn independently would give.
    """

    modalities: list[str]
    rows: np.ndarray
    scores: np.ndarray
    coherence: float | None
    chance: float | None


def sample_items(workspace: Workspace, n: int = 8, seed: int = 0, real: RealItems | None = None) -> Samples:
    """`n` draws from the model's prior, as the nearest real items of each modality.

    Args:
        real: `real_items(workspace)`, where the caller has it already.

    Raises:
        UserError: the fusion that is shown has no prior to draw from.
    """
    fitted, embeddings = _generative(workspace)
    real = real or real_items_of(embeddings)
    drawn = fitted.fusion.sample(n, seed)
    modalities = [m for m in embeddings.modalities if len(real.galleries[m])]
    found = [real.find(m, drawn[m], 1) for m in modalities]
    rows, scores = np.hstack([f.rows for f in found]), np.hstack([f.scores for f in found])
    own = embeddings_of(workspace)  # its labels, also where the model was fitted without them
    coherence = chance = None
    if own.labels is not None and own.target_kind == "classification" and len(found) > 1:
        all_rows = [real.galleries[m].rows for m in modalities]
        some = own.labels.astype(str)
        coherence, chance = _coherence([(some[r], some[every]) for r, every in zip(rows.T, all_rows, strict=True)])
    return Samples(modalities, rows, scores, coherence, chance)


def _coherence(labels: list[tuple[np.ndarray, np.ndarray]]) -> tuple[float, float]:
    """(share of equal labels over pairs of modalities, the same for independent draws of the galleries)."""
    agree, luck = [], []
    for i, (a, all_a) in enumerate(labels):
        for b, all_b in labels[:i]:
            agree.append(float((a == b).mean()))
            shares = [pd.Series(x).value_counts(normalize=True) for x in (all_a, all_b)]
            luck.append(float((shares[0] * shares[1]).sum()))
    return float(np.mean(agree)), float(np.mean(luck))


def oddest(workspace: Workspace) -> pd.DataFrame:
    """The items the model knows least, oddest first: row, id, elbo, oddness, modalities.

    Bounds can be compared only among items with the same modalities present: `oddness` is how far below the median of
    those an item lies, in robust standard deviations (1.48 MAD). Patterns of fewer than `ENOUGH` items are left out.
    """
    fitted, embeddings = _generative(workspace)
    bound = np.asarray(fitted.fusion.elbo(embeddings), float)
    patterns = embeddings.mask.astype(np.int64) @ (1 << np.arange(len(embeddings.modalities), dtype=np.int64))
    parts = []
    for pattern in np.unique(patterns[patterns > 0]):
        rows = np.flatnonzero(patterns == pattern)
        if len(rows) < ENOUGH:
            continue
        middle = np.median(bound[rows])
        spread = 1.4826 * np.median(np.abs(bound[rows] - middle)) or 1.0
        here = [m for m in embeddings.modalities if embeddings.present[m][rows[0]]]
        parts.append(
            pd.DataFrame(
                {
                    "row": rows,
                    "id": embeddings.ids[rows].astype(str),
                    "elbo": bound[rows],
                    "oddness": (middle - bound[rows]) / spread,
                    "modalities": ", ".join(here),
                }
            )
        )
    if not parts:
        raise UserError(
            f"there are not {ENOUGH} items with the same modalities present", "oddest", "bring more complete items"
        )
    return pd.concat(parts).sort_values("oddness", ascending=False, kind="stable").reset_index(drop=True)


def _generative(workspace: Workspace) -> tuple[Any, Embeddings]:
    fitted, embeddings = fitted_input(workspace)
    if not isinstance(fitted.fusion, Generative):
        raise UserError("has nothing to draw from", fitted.fusion.card.title, "fit a generative model")
    return fitted, embeddings
