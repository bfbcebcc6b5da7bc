"""Self-supervised scores: does a view find its own full view, is a hidden modality rebuilt from the others?"""

from __future__ import annotations

from typing import Any

import numpy as np

from mmexplore.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.fusion.base import Fusion
from mmexplore.fusion.score import FusionScore, entry, in_train
from mmexplore.fusion.standardise import fit_standard


def contrastive_score(fusion: Fusion, test: Embeddings, which: str, seed: int) -> FusionScore:
    """A view with one modality dropped must find its full view among all scored rows."""
    full = _unit(fusion.transform(test))
    groups = np.unique(test.groups.astype(str), return_inverse=True)[1]
    names, mask = test.modalities, test.mask
    first, tenth, alone, across = [], [], {}, []
    for j, name in enumerate(names):
        hidden = np.zeros_like(mask)
        hidden[:, j] = True
        can = mask[:, j] & (mask.sum(1) > 1)
        dropped = _unit(fusion.transform(test.hide(hidden)))
        if can.any():
            rank = find_ranks(dropped[can], full, groups[can], groups)
            first.append((rank <= 1, test.groups[can]))
            tenth.append(rank <= 10)
        lonely = _unit(fusion.transform(test.hide(~hidden)))
        has = mask[:, j]
        if has.any():
            alone[name] = entry(
                (find_ranks(lonely[has], full, groups[has], groups) <= 1).astype(float), test.groups[has], seed
            )
        if can.any():  # nothing shared: this modality alone finds the view made of all the others
            across.append(find_ranks(lonely[can], dropped[can], groups[can], groups[can]) <= 10)
    if not first:
        raise UserError("no held-out row has two modalities", "evaluate", "give rows with two modalities present")
    hits = np.concatenate([h for h, _ in first]).astype(float)
    fused = entry(hits, np.concatenate([g for _, g in first]), seed)
    chance = float(np.mean(np.bincount(groups)[groups])) / len(test)
    details = {
        "recall@10": float(np.concatenate(tenth).mean()),
        "disjoint recall@10": float(np.concatenate(across).mean()),
        "chance recall@10": min(1.0, 10 * chance),
    }
    baselines = {f"{m} alone": alone[m] for m in names if m in alone}
    return FusionScore("recall@1", fused["score"], fused["interval"], baselines, chance, which, len(test), details)


def _unit(v: np.ndarray) -> np.ndarray:
    return v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12)


def find_ranks(queries: np.ndarray, answers: np.ndarray, own: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Rank of the best answer of the query's group: 1 + how many others are nearer + half of the ties."""
    ranks = np.empty(len(queries))
    for i in range(0, len(queries), 512):
        cosines = queries[i : i + 512] @ answers.T
        same = own[i : i + 512, None] == groups[None, :]
        best = np.where(same, cosines, -np.inf).max(1, keepdims=True)
        others = np.where(same, -np.inf, cosines)
        ranks[i : i + 512] = 1 + (others > best).sum(1) + (others == best).sum(1) / 2
    return ranks


def reconstruction_score(fusion: Any, embeddings: Embeddings, rows: np.ndarray, which: str, seed: int) -> FusionScore:
    """Each modality hidden and rebuilt from the others: the share explained of its variance about the train mean."""
    fitted = np.flatnonzero(in_train(embeddings))
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
                guess = _ridge(train_xs[i][both], train_xs[j][both], xs[i])
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


def _ridge(x: np.ndarray, y: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Ridge regression with one penalty a feature (standardised data), as a baseline."""
    penalty = x.shape[1] + 0.0
    if x.shape[1] <= len(x):
        return asked @ np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y)
    return asked @ (x.T @ np.linalg.solve(x @ x.T + penalty * np.eye(len(x)), y))
