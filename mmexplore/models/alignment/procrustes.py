"""Procrustes: turn every modality's cloud of points onto the others', without bending it."""

from __future__ import annotations

from itertools import combinations
from typing import Annotated

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.alignment.linear import LinearAlignment, Maps
from mmexplore.models.alignment.rows import MIN_PAIRS, pair_rows
from mmexplore.models.alignment.whitening import centre, cross_covariance
from mmexplore.models.card import MethodCard
from mmexplore.models.param import Param
from mmexplore.runtime import RandomState


class Procrustes(LinearAlignment):
    """Orthogonal Procrustes (Schoenemann 1966) of two modalities, generalised Procrustes (Gower 1975) of more.

    Maximises sum_{i<j} tr(R_i' C_ij R_j), C_ij the covariance over the rows that have both, by turns:
    R_i = U V' of the singular value decomposition of sum_j C_ij R_j (ten Berge 1977). The widest modality starts,
    and its width K is that of the space; a narrower one is laid into it, so R_i [d_i, K] has orthonormal rows.

    Args:
        max_rounds: at most so many turns over all modalities; two modalities need one.
    """

    name = "procrustes"
    handles_missing = True
    has_components = False
    card = MethodCard(
        title="Procrustes (orthogonal; generalised for three or more)",
        summary="Only rotates and mirrors: distances within each modality stay exactly as its encoder made them, "
        "and the clouds are turned until matching items lie as close as they can.",
        equation=r"\max_{R_i R_i^\top = I}\; \sum_{i<j}\operatorname{tr}\!\left(R_i^\top X_i^\top X_j R_j\right),"
        r"\qquad M=2:\; R = UV^\top,\; X_1^\top X_2 = U S V^\top",
        paper="Schoenemann 1966, A generalized solution of the orthogonal Procrustes problem; Gower 1975, Generalized "
        "Procrustes analysis",
        look_for="If a rotation alone already retrieves well, the two spaces had the same shape. Where encoders "
        "differ much it falls behind CCA, which may also stretch.",
        missing="Fitted with holes: every pair of modalities uses the rows that have both. An absent cell stays zero.",
    )

    max_rounds: Annotated[
        int,
        Param(
            "Rounds",
            "How often each modality is turned towards the others, at most; it ends earlier when nothing changes. Only "
            "three and more modalities need rounds, two are solved at once.",
            low=1,
            high=100_000,
        ),
    ]

    def __init__(self, max_rounds: int = 50, *, random_state: RandomState = 0) -> None:
        self.max_rounds = max_rounds
        self.random_state = random_state

    def solve(self, embeddings: Embeddings, rows: np.ndarray, seed: int) -> tuple[Maps, Maps]:
        names = sorted(embeddings.modalities)
        means, scales, parts = {}, {}, {}
        for m in names:
            here = pair_rows(embeddings, [m], rows)
            x, means[m], scale = centre(embeddings.vectors[m][here], f"modality {m}")
            scales[m] = scale * np.sqrt(x.shape[1])  # total variance 1: the widest does not rule
            parts[m] = np.zeros((len(here), x.shape[1]))
            parts[m][here] = x / np.sqrt(x.shape[1])
        cross = {}
        for a, b in combinations(names, 2):
            both = pair_rows(embeddings, [a, b], rows)
            if both.sum() >= MIN_PAIRS:
                cross[a, b] = cross_covariance(parts[a], parts[b], both)
                cross[b, a] = cross[a, b].T
        turns = _turn(names, cross, {m: parts[m].shape[1] for m in names}, self.max_rounds)
        return means, {m: turns[m] / scales[m][:, None] for m in names}


def _turn(names: list[str], cross: dict[tuple[str, str], np.ndarray], widths: dict[str, int], rounds: int) -> Maps:
    """Modality -> R [d, K] with orthonormal rows."""
    first = max(names, key=lambda m: widths[m])
    turns: Maps = {first: np.eye(widths[first])}
    while len(turns) < len(names):  # begin with those that share rows with the ones already turned
        for m in names:
            linked = [j for j in turns if (m, j) in cross]
            if m not in turns and linked:
                turns[m] = _nearest_rotation(np.sum([cross[m, j] @ turns[j] for j in linked], axis=0))
    reached = -np.inf
    for _ in range(rounds if len(names) > 2 else 0):
        for m in names:
            turns[m] = _nearest_rotation(np.sum([cross[m, j] @ turns[j] for j in names if (m, j) in cross], axis=0))
        now = sum(float((turns[a] * (cross[a, b] @ turns[b])).sum()) for a, b in cross)
        if now - reached <= 1e-6 * abs(now):
            break
        reached = now
    return turns


def _nearest_rotation(target: np.ndarray) -> np.ndarray:
    u, _, vt = np.linalg.svd(target, full_matrices=False)
    return u @ vt
