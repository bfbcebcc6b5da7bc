"""One item with some of its modalities switched off by hand: where its fused vector goes, and what that changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmexplore.data.embeddings import Embeddings, unit
from mmexplore.errors import UserError
from mmexplore.journey.fusing import fitted_input
from mmexplore.models.fusion.base import Fusion
from mmexplore.retrieval.search import nearest
from mmexplore.workspace.state import Workspace


@dataclass(frozen=True)
class Seen:
    """What a fusion makes of an item.

    Attributes:
        shown: names of the modalities it saw (present and not switched off).
        vector: float32 [d], unit length (zero where the fused vector is).
        weights: float [M] or None.  answer: probabilities [C], or one value [1], or None.
        rows, scores: [k], the nearest other items in the fused space, their cosines.
    """

    shown: list[str]
    vector: np.ndarray
    weights: np.ndarray | None
    answer: np.ndarray | None
    rows: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True)
class ByHand:
    """One item before and after.

    `cosine`: of the two fused vectors.  `kept`: share (0..1) of the neighbours that stay.
    """

    row: int
    full: Seen
    reduced: Seen

    @property
    def cosine(self) -> float:
        return float(self.full.vector @ self.reduced.vector)

    @property
    def kept(self) -> float:
        return float(np.isin(self.full.rows, self.reduced.rows).mean()) if len(self.full.rows) else 1.0


def by_hand(workspace: Workspace, row: int, off: Sequence[str], k: int = 6, fused: np.ndarray | None = None) -> ByHand:
    """Switch modalities of one item off and fuse it again; nothing is fitted, no other item changes.

    Args:
        row: position in the embeddings.
        off: modalities that are switched off. With all of them off the method gives its answer to nothing.
        k: how many neighbours.
        fused: unit fused vectors [N, d] of all items, where the caller has them already.

    Raises:
        UserError: nothing is fused yet, or no such modality.
    """
    fitted, embeddings = fitted_input(workspace)
    unknown = [m for m in off if m not in embeddings.vectors]
    if unknown:
        raise UserError(
            f"no modality is called {unknown[0]!r}", "by hand", f"choose among: {', '.join(embeddings.modalities)}"
        )
    if fused is None:
        fused = unit(fitted.fusion.transform(embeddings))
    whole = embeddings.take([row])
    reduced = whole.hide(np.isin(whole.modalities, list(off))[None])
    return ByHand(row, _seen(fitted.fusion, whole, fused, row, k), _seen(fitted.fusion, reduced, fused, row, k))


def _seen(fusion: Fusion, one: Embeddings, fused: np.ndarray, row: int, k: int) -> Seen:
    vector = unit(fusion.transform(one))
    scores, rows = (found[0] for found in nearest(fused, vector, k + 1))
    others = np.flatnonzero(rows != row)[:k]
    weights, answer = fusion.modality_weights(one), fusion.answers(one)
    return Seen(
        [m for m in one.modalities if one.present[m][0]],
        vector[0],
        None if weights is None else weights[0],
        None if answer is None else np.atleast_1d(answer[0]),
        rows[others],
        scores[others],
    )
