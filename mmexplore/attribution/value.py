"""v(S): what a fitted fusion scores for each item when only the modalities in S are really shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmexplore.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.fusion.base import Fusion
from mmexplore.runtime import rng

#: what stands in for a modality that is not shown
BASELINES = {
    "missing": "the modality is absent, as the model was trained to meet it",
    "mean": "the mean vector of the modality over the train rows",
    "permuted": "the modality of another item, averaged over several draws",
}

Value = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Game:
    """The cooperative game whose players are modalities.

    Attributes:
        value: bool [M] (which modalities are shown) -> float [N].
        modalities: the players.  present: bool [N, M], the cells that are there at all.
        meaning: what the value is, for people ("probability of the item's own class").
        baseline: key of BASELINES.
    """

    value: Value
    modalities: list[str]
    present: np.ndarray
    meaning: str
    baseline: str


def game(
    fusion: Fusion,
    embeddings: Embeddings,
    baseline: str = "missing",
    labels: np.ndarray | None = None,
    draws: int = 5,
    seed: int = 0,
) -> Game:
    """The game of a fitted fusion on these rows.

    The value of a set is, by objective: classification, the probability of the item's own class (of the class
    predicted from everything where the label is unknown); regression, minus the squared error in units of the target's
    variance (minus the squared distance to the full prediction where the target is unknown); otherwise the cosine of
    the fused vector with the one fused from everything.

    Args:
        labels: [N], used instead of the embeddings' own (the null permutes them).
        draws: how many other items stand in, for the baseline "permuted".

    Raises:
        UserError: no such baseline.
    """
    if baseline not in BASELINES:
        raise UserError(f"no baseline is called {baseline!r}", "baseline", f"choose one of: {', '.join(BASELINES)}")
    if labels is not None:
        embeddings = embeddings.with_labels(labels)
    stand_ins = _stand_ins(embeddings, baseline, draws, seed)
    score, meaning = _score(fusion, embeddings)

    def value(shown: np.ndarray) -> np.ndarray:
        return np.mean([score(_show(embeddings, shown, s)) for s in stand_ins], axis=0)

    return Game(value, embeddings.modalities, embeddings.mask, meaning, baseline)


# -- what stands in --------------------------------------------------------------
def _stand_ins(embeddings: Embeddings, baseline: str, draws: int, seed: int) -> list[dict[str, np.ndarray] | None]:
    """Vectors [N, d_m] (or [1, d_m]) that replace hidden modalities; None = make them absent."""
    if baseline == "missing":
        return [None]
    if baseline == "mean":
        train = embeddings.in_split("train") if embeddings.splits is not None else np.ones(len(embeddings), bool)
        train = train if train.any() else np.ones(len(embeddings), bool)  # only test rows were handed over
        means = {}
        for m, v in embeddings.vectors.items():
            rows = train & embeddings.present[m]
            means[m] = (v[rows] if rows.any() else np.zeros_like(v[:1])).mean(axis=0, keepdims=True)
        return [means]
    random = rng(seed)
    return [{m: v[donors(embeddings.present[m], random)] for m, v in embeddings.vectors.items()} for _ in range(draws)]


def donors(present: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """For each row another row where the modality is there (its own only where it is the single one)."""
    there = np.flatnonzero(present)
    if len(there) == 0:
        return np.arange(len(present))
    drawn = there[random.integers(0, len(there), len(present))]
    own = drawn == np.arange(len(present))
    place = np.searchsorted(there, drawn[own])
    drawn[own] = there[(place + 1) % len(there)]
    return drawn


def _show(embeddings: Embeddings, shown: np.ndarray, stand_in: dict[str, np.ndarray] | None) -> Embeddings:
    """The embeddings with hidden modalities replaced; a cell that is absent anyway stays absent."""
    hidden = ~np.asarray(shown, bool)
    if not hidden.any():
        return embeddings
    if stand_in is None:
        return embeddings.hide(np.broadcast_to(hidden, embeddings.mask.shape))
    vectors = {
        m: np.where(embeddings.present[m][:, None], stand_in[m], 0).astype(np.float32) if hidden[j] else v
        for j, (m, v) in enumerate(embeddings.vectors.items())
    }
    return embeddings.with_vectors(vectors, embeddings.spaces)


# -- what is scored --------------------------------------------------------------
def _score(fusion: Fusion, embeddings: Embeddings) -> tuple[Callable[[Embeddings], np.ndarray], str]:
    answer = fusion.predict(embeddings)
    if answer is None:
        full = _unit(fusion.transform(embeddings))
        return lambda e: (full * _unit(fusion.transform(e))).sum(axis=1), "cosine with the vector fused from everything"
    if answer.ndim == 2:
        own = _own_class(fusion, embeddings, answer)
        rows = np.arange(len(embeddings))
        return lambda e: _predict(fusion, e)[rows, own], "probability of the item's own class"
    target = answer.astype(np.float64)
    if embeddings.labels is not None and embeddings.target_kind == "regression":
        target = np.where(np.isnan(embeddings.labels), answer, embeddings.labels)
    spread = float(np.var(target)) or 1.0
    return lambda e: -((_predict(fusion, e) - target) ** 2) / spread, "minus the squared error, in target variances"


def _predict(fusion: Fusion, embeddings: Embeddings) -> np.ndarray:
    answer = fusion.predict(embeddings)
    assert answer is not None  # the caller has asked once before
    return answer


def _own_class(fusion: Fusion, embeddings: Embeddings, probabilities: np.ndarray) -> np.ndarray:
    """int [N]: the label's column; the predicted one where the label is unknown to the model."""
    own = probabilities.argmax(axis=1)
    if embeddings.labels is not None and fusion.classes_ is not None:
        column = {str(c): j for j, c in enumerate(fusion.classes_)}
        own = np.array([column.get(str(y), own[i]) for i, y in enumerate(embeddings.labels)])
    return own


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)
