"""What a model rebuilds, draws and finds odd; a rebuilt vector is shown as the nearest real items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mmexplore.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.fusion.base import Fusion
from mmexplore.fusion.score import interval, scored_rows
from mmexplore.generative import Generative
from mmexplore.journey.asking import embeddings_of, known
from mmexplore.journey.fusing import fitted_input, rows_name
from mmexplore.retrieval.chance import chance_hit, chance_median_rank
from mmexplore.retrieval.gallery import Gallery, gallery_of
from mmexplore.workspace import FittedFusion, Workspace

ENOUGH = 20  # items with the same modalities present, for one of them to be called odd
SAME = 1e-6  # distances closer than this share (rounding) count as the same
BLOCK = 256  # rows whose distances are taken at once


@dataclass(frozen=True)
class Rebuilt:
    """One modality of one item, rebuilt from others, among the real items of that modality.

    Attributes:
        given: True where the model was shown this very modality.
        rows: int [k], rows of the nearest real items, nearest first.  distances: [k], in standard deviations a number.
        rank: place of the item's own (best of its group's) among the n_gallery distinct ones; None where it has none.
        chance: the place to be expected by luck.
    """

    modality: str
    given: bool
    rows: np.ndarray
    distances: np.ndarray
    rank: float | None
    chance: float | None
    n_gallery: int


def can_rebuild(fitted: FittedFusion) -> bool:
    """Can this fit give every modality back?"""
    return fitted.fusion.reconstructs or fitted.fusion.objective_ == "reconstruction"


def rebuild_item(workspace: Workspace, item: str, given: Sequence[str], k: int = 6) -> list[Rebuilt]:
    """Every modality of one item as the model rebuilds it from `given`, those that were hidden first.

    Nearest: by Euclidean distance between vectors standardised as in the fit, which is what the model was trained on.

    Raises:
        UserError: no such item or modality, it has none of those given, or the model cannot rebuild.
    """
    fitted, embeddings = _rebuilder(workspace)
    rows = np.flatnonzero(embeddings.ids.astype(str) == str(item))
    if not len(rows):
        raise UserError(f"no item has the id {item!r}", "item", "copy an id from the table of pairs")
    one = embeddings.take(rows[:1])
    shown = _given(embeddings, given)
    if not one.mask[0, [embeddings.modalities.index(m) for m in shown]].any():
        raise UserError(f"has no {' or '.join(shown)}", f"item {item}", "give another modality")
    rebuilt = _reconstruct(fitted.fusion, one, shown)
    answer = []
    for m in sorted(embeddings.modalities, key=lambda m: m in shown):
        gallery = gallery_of(embeddings, m)
        distances = _distances(fitted.fusion, m, rebuilt[m], embeddings.vectors[m][gallery.rows])[0]
        nearest = np.argsort(distances, kind="stable")[:k]
        correct = gallery.items_of([str(embeddings.groups[rows[0]])])
        rank = chance = None
        if len(correct):
            rank, chance = _rank(distances, correct), (len(gallery) + 1) / (len(correct) + 1)
        answer.append(Rebuilt(m, m in shown, gallery.rows[nearest], distances[nearest], rank, chance, len(gallery)))
    return answer


def rebuild_report(workspace: Workspace, given: Sequence[str]) -> dict[str, Any]:
    """How often the item's own comes first, over all held-out items: rows, n, and an entry a modality.

    Returns:
        {"rows", "given", "modalities": {name: {"recall@1", "recall@10" (0..1, "_interval", "chance_" of each),
        "median_rank", "chance_median_rank", "n", "n_gallery", "given"}}}. A modality that no such item has is left out.
    """
    fitted, embeddings = _rebuilder(workspace)
    shown = _given(embeddings, given)
    rows, which = scored_rows(embeddings, np.asarray(embeddings.only(shown).mask.any(1)))
    asked = embeddings.take(rows)
    rebuilt = _reconstruct(fitted.fusion, asked, shown)
    answer: dict[str, Any] = {"rows": rows_name(workspace, which), "given": list(shown), "modalities": {}}
    for m in embeddings.modalities:
        gallery = gallery_of(asked, m)
        own = np.flatnonzero(asked.present[m])
        if len(own):
            answer["modalities"][m] = {"given": m in shown} | _recalls(
                fitted.fusion, m, rebuilt[m][own], asked, own, gallery, workspace.seed
            )
    return answer


def _recalls(
    fusion: Fusion, m: str, rebuilt: np.ndarray, asked: Embeddings, own: np.ndarray, gallery: Gallery, seed: int
) -> dict[str, Any]:
    groups = asked.groups[own].astype(str)
    correct = {g: gallery.items_of([g]) for g in np.unique(groups)}
    real = asked.vectors[m][gallery.rows]
    ranks = np.empty(len(own))
    for start in range(0, len(own), BLOCK):
        distances = _distances(fusion, m, rebuilt[start : start + BLOCK], real)
        for i, row in enumerate(distances):
            ranks[start + i] = _rank(row, correct[groups[start + i]])
    n_correct = np.array([len(correct[g]) for g in groups])
    found: dict[str, Any] = {"n": len(own), "n_gallery": len(gallery), "median_rank": float(np.median(ranks))}
    found["chance_median_rank"] = chance_median_rank(n_correct, len(gallery))
    for k in (1, 10):
        hits = (ranks <= k).astype(float)
        found[f"recall@{k}"], found[f"recall@{k}_interval"] = float(hits.mean()), interval(hits, groups, seed)
        found[f"chance_recall@{k}"] = chance_hit(n_correct, len(gallery), k)
    return found


@dataclass(frozen=True)
class Samples:
    """Items drawn from the model, each modality shown as the nearest real one.

    Attributes:
        rows: int [n, M], the nearest real row of each modality.  distances: [n, M].
        coherence: share of pairs of modalities whose nearest items have the same label; None without classes.
        chance: what rows drawn independently would give.
    """

    modalities: list[str]
    rows: np.ndarray
    distances: np.ndarray
    coherence: float | None
    chance: float | None


def sample_items(workspace: Workspace, n: int = 8, seed: int = 0) -> Samples:
    """`n` draws from the model's prior, as the nearest real items of each modality.

    Raises:
        UserError: the fusion that is shown has no prior to draw from.
    """
    fitted, embeddings = _generative(workspace)
    drawn = fitted.fusion.sample(n, seed)
    rows, distances, labels = [], [], []
    own = embeddings_of(workspace)  # its labels, also where the model was fitted without them
    some = own.labels if own.target_kind == "classification" else None
    for m in embeddings.modalities:
        gallery = gallery_of(embeddings, m)
        apart = _distances(fitted.fusion, m, drawn[m], embeddings.vectors[m][gallery.rows])
        nearest = apart.argmin(1)
        rows.append(gallery.rows[nearest])
        distances.append(apart[np.arange(n), nearest])
        if some is not None:
            labels.append((some[gallery.rows[nearest]].astype(str), some[gallery.rows].astype(str)))
    coherence, chance = _coherence(labels) if len(labels) > 1 else (None, None)
    return Samples(embeddings.modalities, np.stack(rows, 1), np.stack(distances, 1), coherence, chance)


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


# -- inside ------------------------------------------------------------------------
def _rebuilder(workspace: Workspace) -> tuple[FittedFusion, Embeddings]:
    fitted, embeddings = fitted_input(workspace)
    if not can_rebuild(fitted):
        raise UserError(
            "cannot rebuild a modality",
            fitted.fusion.card.title,
            "fit an autoencoder or a multimodal VAE, or choose the objective `reconstruction`",
        )
    return fitted, embeddings


def _generative(workspace: Workspace) -> tuple[Any, Embeddings]:
    fitted, embeddings = fitted_input(workspace)
    if not isinstance(fitted.fusion, Generative):
        raise UserError("has nothing to draw from", fitted.fusion.card.title, "fit a generative model")
    return fitted, embeddings


def _given(embeddings: Embeddings, given: Sequence[str]) -> list[str]:
    for m in given:
        known(m, embeddings.modalities, "given")
    if not given:
        raise UserError("nothing was given to rebuild from", "given", "choose at least one modality")
    return [m for m in embeddings.modalities if m in given]


def _reconstruct(fusion: Any, embeddings: Embeddings, given: Sequence[str]) -> dict[str, np.ndarray]:
    hidden = np.array([m not in given for m in embeddings.modalities])
    return fusion.reconstruct(embeddings.hide(np.tile(hidden, (len(embeddings), 1))))


def _distances(fusion: Any, modality: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """[A, B]: root mean square difference of standardised numbers; those that never moved in the fit do not count."""
    spread = fusion.standard_.spread[fusion.standard_.names.index(modality)]
    moves = np.isfinite(spread)
    x, y = (v[:, moves].astype(np.float64) / spread[moves] for v in (a, b))
    squares = (x**2).sum(1)[:, None] + (y**2).sum(1)[None] - 2 * x @ y.T
    return np.sqrt(np.maximum(squares, 0) / max(int(moves.sum()), 1))


def _rank(distances: np.ndarray, correct: np.ndarray) -> float:
    """Place from 1 of the nearest of `correct` among all others; ties count half."""
    best = distances[correct].min()
    others = np.delete(distances, correct)
    close = SAME * max(best, 1e-12)
    above = int((others < best - close).sum())
    return 1 + above + int((np.abs(others - best) <= close).sum()) / 2
