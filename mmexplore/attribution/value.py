"""v(S): what a fitted fusion scores for each item when only the modalities in S are really shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmexplore.data.embeddings import Embeddings, unit
from mmexplore.errors import UserError
from mmexplore.models.fusion.base import Fusion
from mmexplore.runtime import rng

#: what stands in for a modality that is not shown
BASELINES = {
    "missing": "the modality is absent, as the model was trained to meet it",
    "mean": "the mean vector of the modality over the train rows",
    "permuted": "the modality of another item, averaged over several draws",
}

#: what a classifier's answer is worth to an item
MEASURES = {
    "probability": "probability of the item's own class",
    "information": "bits that the answer tells of the item's own class",
}
LEAST = 2.0**-20  # probabilities below this count as this: one sure mistake must not outweigh all other items

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


class Answers:
    """What a fitted fusion answers when only some modalities are shown; each set is asked once.

    The answer is the prediction (classification [N, C], regression [N]) or, for other objectives, the fused unit
    vectors [N, d]; a list with one entry for each stand-in.
    """

    def __init__(
        self, fusion: Fusion, embeddings: Embeddings, baseline: str = "missing", draws: int = 5, seed: int = 0
    ) -> None:
        if baseline not in BASELINES:
            raise UserError(f"no baseline is called {baseline!r}", "baseline", f"choose one of: {', '.join(BASELINES)}")
        self.fusion, self.embeddings, self.baseline = fusion, embeddings, baseline
        self._stand_ins = _stand_ins(embeddings, baseline, draws, seed)
        self._known: dict[bytes, list[np.ndarray]] = {}

    def __call__(self, shown: np.ndarray) -> list[np.ndarray]:
        key = np.asarray(shown, bool).tobytes()
        if key not in self._known:
            self._known[key] = [self._ask(_show(self.embeddings, shown, s)) for s in self._stand_ins]
        return self._known[key]

    def _ask(self, embeddings: Embeddings) -> np.ndarray:
        return answer_of(self.fusion, embeddings)


def answer_of(fusion: Fusion, embeddings: Embeddings) -> np.ndarray:
    """The prediction (probabilities [N, C] or values [N]), or the fused unit vectors [N, d] where there is none."""
    answer = fusion.answers(embeddings)
    return unit(fusion.transform(embeddings)) if answer is None else answer


def game(
    fusion: Fusion,
    embeddings: Embeddings,
    baseline: str = "missing",
    draws: int = 5,
    seed: int = 0,
    measure: str = "probability",
) -> Game:
    """The game of a fitted fusion on these rows.

    The value of a set is, by objective: classification, the probability p of the item's own class (of the class
    predicted from everything where the label is unknown), or log2 p with the measure "information", whose mean over
    items is v(S) = H(label | nothing) - H(label | S) up to a constant, and so in units of the planted truth;
    regression, minus the squared error in units of the target's variance (minus the squared distance to the full
    prediction where the target is unknown); otherwise the cosine of the fused vector with the one fused from
    everything.

    Args:
        draws: how many other items stand in, for the baseline "permuted".
        measure: key of MEASURES; only a classifier has a choice.

    Raises:
        UserError: no such baseline or measure.
    """
    if measure not in MEASURES:
        raise UserError(f"no measure is called {measure!r}", "measure", f"choose one of: {', '.join(MEASURES)}")
    return game_of(Answers(fusion, embeddings, baseline, draws, seed), embeddings.labels, measure)


def game_of(answers: Answers, labels: np.ndarray | None, measure: str = "probability") -> Game:
    """The same from answers already given, for these labels [N] (the null permutes them)."""
    full = answers(np.ones(len(answers.embeddings.modalities), bool))[0]
    score, meaning = scorer(answers.fusion, full, labels, measure)

    def value(shown: np.ndarray) -> np.ndarray:
        return np.mean([score(a) for a in answers(shown)], axis=0)

    return Game(value, answers.embeddings.modalities, answers.embeddings.mask, meaning, answers.baseline)


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
def scorer(
    fusion: Fusion, full: np.ndarray, labels: np.ndarray | None, measure: str = "probability"
) -> tuple[Callable[[np.ndarray], np.ndarray], str]:
    """How an answer [N, ...] becomes a value [N], given the answer to everything, and what that value is."""
    if fusion.objective_ == "classification":
        own = _own_class(fusion, full, labels)
        rows = np.arange(len(full))
        if measure == "information":
            return lambda answer: np.log2(np.maximum(answer[rows, own], LEAST)), MEASURES[measure]
        return lambda answer: answer[rows, own], MEASURES[measure]
    if fusion.objective_ == "regression":
        target = full.astype(np.float64)
        if labels is not None and np.issubdtype(labels.dtype, np.floating):
            target = np.where(np.isnan(labels), target, labels)
        spread = float(np.var(target)) or 1.0
        return lambda answer: -((answer - target) ** 2) / spread, "minus the squared error, in target variances"
    return lambda answer: (full * answer).sum(axis=1), "cosine with the vector fused from everything"


def _own_class(fusion: Fusion, probabilities: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    """int [N]: the label's column; the predicted one where the label is unknown to the model."""
    own = probabilities.argmax(axis=1)
    if labels is not None and fusion.classes_ is not None:
        column = {str(c): j for j, c in enumerate(fusion.classes_)}
        own = np.array([column.get(str(y), own[i]) for i, y in enumerate(labels)])
    return own
