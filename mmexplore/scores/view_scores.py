"""Self-supervised scores: does a view find its own full view, is a hidden modality rebuilt from the others?"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from mmexplore.data.embeddings import Embeddings, unit
from mmexplore.data.split import train_rows
from mmexplore.errors import UserError
from mmexplore.models.fusion.base import Fusion
from mmexplore.models.ridge import ridge
from mmexplore.models.standardise import fit_standard
from mmexplore.scores.score import FusionScore, entry
from mmexplore.scores.ties import places


class Transforms(Protocol):
    """Whatever makes one vector of an item: a fitted fusion, or a baseline."""

    def transform(self, embeddings: Embeddings) -> np.ndarray: ...


Hits = dict[str, tuple[np.ndarray, np.ndarray]]  # name -> (0..1 a query, the query's group), both [n]


def contrastive_score(fusion: Fusion, test: Embeddings, which: str, seed: int) -> FusionScore:
    """A view with one modality dropped must find its full view among all scored rows."""
    return score_of_hits(contrastive_hits(fusion, test), test, which, seed)


def contrastive_hits(fusion: Transforms, test: Embeddings) -> Hits:
    """What each query found, by name.

    "recall@1", "recall@10": a view with one modality dropped asks for its full view, every modality in turn.
    "disjoint recall@10", "disjoint mrr": one modality alone asks for the view made of all the others. They share
    nothing, so that this is far from 1 where the two above are at it. "NAME alone": the first place, asked with that
    modality alone.
    """
    full = unit(fusion.transform(test))
    groups, mask = test.group_codes, test.mask
    names = ("recall@1", "recall@10", "disjoint recall@10", "disjoint mrr")
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {name: [] for name in names}

    def note(name: str, hits: np.ndarray, asked: np.ndarray) -> None:
        found.setdefault(name, []).append((hits.astype(float), test.groups[asked]))

    for j, name in enumerate(test.modalities):
        hidden = np.zeros_like(mask)
        hidden[:, j] = True
        has, can = mask[:, j], mask[:, j] & (mask.sum(1) > 1)
        dropped = unit(fusion.transform(test.hide(hidden)))
        lonely = unit(fusion.transform(test.hide(~hidden)))
        if can.any():
            rank = find_ranks(dropped[can], full, groups[can], groups)
            note("recall@1", rank <= 1, can)
            note("recall@10", rank <= 10, can)
            # nothing shared: this modality alone finds the view made of all the others
            above, ties = find_places(lonely[can], dropped[can], groups[can], groups[can])
            note("disjoint recall@10", 1 + above + ties / 2 <= 10, can)
            note("disjoint mrr", reciprocal_ranks(above, ties), can)
        if has.any():
            note(f"{name} alone", find_ranks(lonely[has], full, groups[has], groups) <= 1, has)
    if not found["recall@1"]:
        raise UserError("no held-out row has two modalities", "evaluate", "give rows with two modalities present")
    return {name: (np.concatenate([h for h, _ in p]), np.concatenate([g for _, g in p])) for name, p in found.items()}


def hole_hits(fusion: Transforms, test: Embeddings, holes: np.ndarray) -> np.ndarray:
    """[N], 0 or 1: does each row, with the cells of `holes` (bool [N, M]) taken away, find its own full view?"""
    full, partial, groups = fusion.transform(test), fusion.transform(test.hide(holes)), test.group_codes
    return (find_ranks(unit(partial), unit(full), groups, groups) <= 1).astype(float)


def score_of_hits(found: Hits, test: Embeddings, which: str, seed: int) -> FusionScore:
    """`contrastive_hits` as a score."""
    fused = entry(*found["recall@1"], seed)
    chance = contrastive_chance(test)
    details = {name: float(found[name][0].mean()) for name in ("recall@10", "disjoint recall@10")}
    details["chance recall@10"] = min(1.0, 10 * chance)
    alone = {m: entry(*found[f"{m} alone"], seed) for m in test.modalities if f"{m} alone" in found}
    return FusionScore("recall@1", fused["score"], fused["interval"], alone, chance, which, len(test), details)


def contrastive_chance(test: Embeddings) -> float:
    """How often a full view drawn at random is of the query's group."""
    groups = test.group_codes
    return float(np.mean(np.bincount(groups)[groups])) / len(test)


def disjoint_chance(test: Embeddings) -> float:
    """ "disjoint mrr" of answers in a random order: the mean of 1 / (the first place of the query's group)."""
    groups, mask = test.group_codes, test.mask
    expected: list[np.ndarray] = []
    for j in range(len(test.modalities)):
        own = groups[mask[:, j] & (mask.sum(1) > 1)]
        sizes, n = np.bincount(own)[own] if len(own) else own, len(own)
        by_size = {size: _reciprocal_of_first(int(size), n) for size in np.unique(sizes)}
        expected.append(np.array([by_size[size] for size in sizes]))
    return float(np.concatenate(expected).mean())


def _reciprocal_of_first(size: int, n: int) -> float:
    """E[1 / the first place] of `size` right answers among n in a random order."""
    place = np.arange(1, n - size + 2)  # P(the first is later than k) = C(n - k, size) / C(n, size)
    later = np.cumprod((n - size - place + 1) / (n - place + 1))
    return float(((np.concatenate([[1.0], later[:-1]]) - later) / place).sum())


def find_ranks(queries: np.ndarray, answers: np.ndarray, own: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Rank of the best answer of the query's group: 1 + how many others are nearer + half of the ties."""
    above, ties = find_places(queries, answers, own, groups)
    return 1 + above + ties / 2


def find_places(
    queries: np.ndarray, answers: np.ndarray, own: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(how many others are nearer than the best answer of the query's group, how many are as near), int [n] each."""
    above, ties = np.empty(len(queries), int), np.empty(len(queries), int)
    for i in range(0, len(queries), 512):
        cosines = queries[i : i + 512] @ answers.T
        same = own[i : i + 512, None] == groups[None, :]
        best = np.where(same, cosines, -np.inf).max(1)
        above[i : i + 512], ties[i : i + 512] = places(np.where(same, -np.inf, cosines), best)
    return above, ties


def reciprocal_ranks(above: np.ndarray, ties: np.ndarray) -> np.ndarray:
    """1 / rank for each query, the mean over all orders of the tied: (H(above + ties + 1) - H(above)) / (ties + 1)."""
    most = int((above + ties).max(initial=0)) + 1
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, most + 1))])
    return (harmonic[above + ties + 1] - harmonic[above]) / (ties + 1)


def reconstruction_score(fusion: Any, embeddings: Embeddings, rows: np.ndarray, which: str, seed: int) -> FusionScore:
    """Each modality hidden and rebuilt from the others: the share explained of its variance about the train mean."""
    fitted = np.flatnonzero(train_rows(embeddings))
    standard = fit_standard(embeddings, fitted)
    test = embeddings.take(rows)
    xs, present = standard.apply(test)
    train_xs, train_present = standard.apply(embeddings, fitted)
    values, groups = [], []
    singles: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {m: [] for m in standard.names}
    details = {}
    for j, name in enumerate(standard.names):
        can = present[:, j] & (present.sum(1) > 1)
        if not can.any():
            continue
        hidden = np.array([[m == name for m in test.modalities]]).repeat(len(test), 0)
        rebuilt = (fusion.reconstruct(test.hide(hidden))[name] - standard.mean[j]) / standard.spread[j]
        total = max(float((xs[j][can] ** 2).mean()), 1e-12)
        explained = 1 - ((xs[j] - rebuilt)[can] ** 2).mean(1) / total
        values.append(explained)
        groups.append(test.groups[can])
        details[f"r2/{name}"] = float(explained.mean())
        for i, other in enumerate(standard.names):
            both = train_present[:, i] & train_present[:, j]
            if i != j and both.sum() > 2:
                penalty = float(xs[i].shape[1])  # of one a feature: the features are standardised
                guess = xs[i] @ ridge(train_xs[i][both], train_xs[j][both], penalty)
                seen = can & present[:, i]
                singles[other].append((1 - ((xs[j] - guess)[seen] ** 2).mean(1) / total, test.groups[seen]))
    if not values:
        raise UserError("no held-out row has two modalities", "evaluate", "give rows with two modalities present")
    fused = entry(np.concatenate(values), np.concatenate(groups), seed)
    baselines = {
        f"ridge from {m}": entry(
            np.concatenate([v for v, _ in singles[m]]), np.concatenate([g for _, g in singles[m]]), seed
        )
        for m in embeddings.modalities
        if singles[m]
    }
    return FusionScore("r2", fused["score"], fused["interval"], baselines, 0.0, which, len(test), details)
