"""The steps of the main job, once for the app and the shell: encode -> align -> fuse -> weights, search, evaluate.

No step changes the workspace it is given (so that it can run as a job beside the pages), but for the split that the
first fit draws; the caller keeps the answer with `set_embeddings`, `set_alignment` or `add_fusion`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from mmexplore import alignment as alignments
from mmexplore import fusion as fusions
from mmexplore.alignment.base import Alignment
from mmexplore.embeddings import Embeddings
from mmexplore.encoders import registry
from mmexplore.encoders.pipeline import Encoded, encode_dataset
from mmexplore.errors import UserError
from mmexplore.estimator import Estimator, OnEpoch
from mmexplore.fusion.evaluation import evaluate_fusion
from mmexplore.jobs import Progress
from mmexplore.pairs.dataset import Cell, Kind
from mmexplore.pairs.text import looks_like_language
from mmexplore.store import Store
from mmexplore.workspace import FittedFusion, Workspace

#: alignments that are fitted in advance: using one fits nothing on the person's rows
FITTED_IN_ADVANCE = ("bridge", "conse")


def all_methods() -> dict[str, type[Estimator]]:
    """Every alignment, fusion and generative method by name, in that order."""
    return {**alignments.methods(), **fusions.methods()}


@cache
def default_store() -> Store:
    """The one store of vectors of this process."""
    return Store()


# -- encode --------------------------------------------------------------------
def default_encoders(workspace: Workspace) -> dict[str, str]:
    """Modality -> the offline encoder suggested for it (a multilingual one where the text is not English)."""
    dataset = _dataset(workspace)
    chosen = {}
    for modality, kind in dataset.kinds.items():
        language = dataset.language.get(modality)
        if kind is Kind.TEXT and language is None:
            language = looks_like_language([c for c in dataset.cells[modality] if isinstance(c, str)])
        chosen[modality] = registry.default_encoder(kind, language)
    return chosen


def encode(
    workspace: Workspace, encoders: dict[str, str], store: Store | None = None, progress: Progress | None = None
) -> Encoded:
    """Vectors of the workspace's pairs, and the cells that could not be encoded."""
    return encode_dataset(_dataset(workspace), encoders, store, progress)


# -- one space -----------------------------------------------------------------
def shared_space(workspace: Workspace) -> tuple[Embeddings | None, str]:
    """The vectors in which modalities may be compared, and one sentence on where they come from.

    In order: the fitted alignment; the vectors as they are where two modalities or more share a space; the bridge
    where it covers the encoders (modalities that it does not cover are left out); else None and what to do.
    """
    embeddings = workspace.embeddings
    if embeddings is None:
        return None, "Encode the pairs first."
    if workspace.aligned is not None and workspace.alignment is not None:
        return workspace.aligned, f"aligned by {workspace.alignment.card.title}"
    if together := _together(embeddings):
        return embeddings.only(together), f"as the encoder made them ({embeddings.spaces[together[0]]})"
    bridge = alignments.methods()["bridge"]()
    covered = bridge.covers(embeddings.spaces)  # type: ignore[attr-defined]
    if len(covered) > 1:
        return bridge.fit(embeddings).transform(embeddings), "through the built-in bridge between the offline encoders"
    return None, "These encoders make spaces that cannot be compared: fit an alignment on the Fuse page."


def _together(embeddings: Embeddings) -> list[str]:
    """The largest set of modalities (two or more) whose vectors lie in one space."""
    by_space: dict[str, list[str]] = {}
    for modality, space in embeddings.spaces.items():
        by_space.setdefault(space, []).append(modality)
    largest = max(by_space.values(), key=len, default=[])
    return largest if len(largest) > 1 else []


def align(
    workspace: Workspace, method: str, params: dict[str, Any] | None = None, progress: Progress | None = None
) -> tuple[Alignment, Embeddings]:
    """Fit (or, for one fitted in advance, choose) an alignment on the train rows.

    Raises:
        UserError: no such method, or the data does not allow it.
    """
    estimator = _make(alignments.methods(), method, params, "alignment")
    prepared = method in FITTED_IN_ADVANCE
    embeddings = _embeddings(workspace) if prepared else workspace.ensure_split()
    estimator.fit(embeddings, on_epoch=_epochs(progress), seed=workspace.seed)
    return estimator, estimator.transform(embeddings)


# -- fuse ----------------------------------------------------------------------
def fuse(
    workspace: Workspace,
    method: str,
    params: dict[str, Any] | None = None,
    objective: str | None = None,
    target: str | None = None,
    source: str = "encoded",
    seed: int | None = None,
    progress: Progress | None = None,
) -> FittedFusion:
    """Fit a fusion on the train rows and score it, beside its baselines, on rows it has not seen.

    Args:
        target: "label" (the default where there are labels), another column, or "none" to ignore labels.
        source: "encoded" (the vectors as the encoders made them) or "aligned".
    """
    seed = workspace.seed if seed is None else seed
    estimator = _make(fusions.methods(), method, params, "fusion")
    workspace.ensure_split()
    embeddings = fusion_input(workspace, target, source)
    estimator.fit(embeddings, objective=objective, on_epoch=_epochs(progress), seed=seed)
    score = evaluate_fusion(estimator, embeddings, seed=seed)
    used = None if embeddings.labels is None else target or "label"
    return FittedFusion(estimator, score, seed, used, source)


def fusion_input(workspace: Workspace, target: str | None = None, source: str = "encoded") -> Embeddings:
    """The vectors a fusion is given, with `target` as their labels (see `fuse`)."""
    embeddings = _embeddings(workspace)
    if source == "aligned":
        if workspace.aligned is None:
            raise UserError("there is no alignment yet", "source", "fit one, or fuse the encoded vectors")
        embeddings = workspace.aligned
    if target in (None, "label"):
        if target == "label" and embeddings.labels is None:
            raise UserError("the data has no labels", "target", "choose another column or fuse without labels")
        return embeddings
    if target == "none":
        return embeddings.with_labels(None)
    if target not in embeddings.columns:
        known = ", ".join(map(str, embeddings.columns)) or "none"
        raise UserError(f"no column is called {target!r}", "target", f"choose label or one of: {known}")
    return embeddings.with_labels(_as_labels(embeddings.columns[target]))


def _as_labels(column: pd.Series) -> np.ndarray:
    """Numbers that are not whole are a numeric target; everything else is classes."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
    known = numbers[~np.isnan(numbers)]
    if pd.api.types.is_numeric_dtype(column) and known.size and not np.all(known == np.round(known)):
        return numbers
    return column.astype(object).where(column.notna(), "").astype(str).to_numpy(object)


def fitted_input(workspace: Workspace) -> tuple[FittedFusion, Embeddings]:
    """The fusion that the views show and the vectors it was fitted on; UserError where there is none."""
    fitted = workspace.fitted
    if fitted is None:
        raise UserError("nothing is fused yet", "fusion", "fit one on the Fuse page or with `mmexplore fuse`")
    return fitted, fusion_input(workspace, fitted.target or "none", fitted.source)


# -- weights -------------------------------------------------------------------
def weights(workspace: Workspace) -> dict[str, Any]:
    """Learned weights of the current fusion: modalities, mean, per_class, per_item (id -> list), entropy, source."""
    fitted, embeddings = fitted_input(workspace)
    learned = fitted.fusion.modality_weights(embeddings)
    if learned is None:
        raise UserError(
            "has no weights of its own", fitted.fusion.card.title, "fit `attention` or `gated` to see learned weights"
        )
    some = embeddings.mask.any(axis=1)
    answer: dict[str, Any] = {
        "method": fitted.fusion.name,
        "source": "learned",
        "modalities": embeddings.modalities,
        "mean": learned[some].mean(axis=0).tolist() if some.any() else None,
        "mean_entropy": mean_entropy(learned, embeddings.mask),
        "per_class": {},
        "per_item": {str(i): w.tolist() for i, w in zip(embeddings.ids, learned, strict=True)},
    }
    if embeddings.target_kind == "classification" and embeddings.labels is not None:
        labels = embeddings.labels.astype(str)
        answer["per_class"] = {
            c: learned[some & (labels == c)].mean(axis=0).tolist() for c in np.unique(labels[some]) if c
        }
    return answer


def mean_entropy(weights: np.ndarray, mask: np.ndarray) -> float | None:
    """Mean entropy of the weights as a share of its maximum: 1 = even, 0 = one modality takes all.

    Args:
        weights, mask: [N, M]. Only rows with two or more modalities present count; None where there are none.
    """
    several = mask.sum(axis=1) > 1
    if not several.any():
        return None
    w = weights[several]
    entropy = -(w * np.log(np.where(w > 0, w, 1))).sum(axis=1)
    return float((entropy / np.log(mask[several].sum(axis=1))).mean())


# -- search --------------------------------------------------------------------
def search_items(
    workspace: Workspace, query: Cell, into: str, *, from_modality: str | None = None, k: int = 10
) -> list[dict[str, Any]]:
    """The k distinct items of modality `into` nearest to a typed text or an image file, best first.

    Args:
        query: the text (`str`) or media file (`Path`).
        from_modality: whose encoder reads the query; by default the first of the right kind (for a text, of its
            language where known) in the shared space.

    Returns:
        A list of {"rank" from 1, "id", "score" (cosine), "row"}.
    """
    shared = _shared(workspace)
    _known(into, shared.modalities, "in")
    vector = _encode_query(workspace, shared, query, from_modality)
    return _nearest(shared, vector, into, k)


def search_like(workspace: Workspace, item: str, from_modality: str, into: str, k: int = 10) -> list[dict[str, Any]]:
    """As `search_items`, with what modality `from_modality` of the item with this id shows as the query.

    Each answer also says whether it is a `match` (of the item's group).
    """
    shared = _shared(workspace)
    _known(into, shared.modalities, "in")
    _known(from_modality, shared.modalities, "from")
    rows = np.flatnonzero(shared.ids.astype(str) == str(item))
    if not len(rows):
        raise UserError(f"no item has the id {item!r}", "item", "copy an id from the table of pairs")
    if not shared.present[from_modality][rows[0]]:
        raise UserError(f"has no {from_modality}", f"item {item}", "choose another modality to ask with")
    found = _nearest(shared, shared.vectors[from_modality][rows[:1]], into, k)
    own = shared.groups[rows[0]]
    same_content = {c: set() for c in shared.content[into]}
    for c, g in zip(shared.content[into], shared.groups, strict=True):
        same_content[c].add(g)
    return [hit | {"match": own in same_content[shared.content[into][hit["row"]]]} for hit in found]


def _nearest(shared: Embeddings, vector: np.ndarray, into: str, k: int) -> list[dict[str, Any]]:
    from mmexplore.retrieval.gallery import Gallery
    from mmexplore.retrieval.search import search

    gallery = Gallery(shared, into)
    scores, items = search(gallery, vector, k)
    return [
        {"rank": r + 1, "id": str(shared.ids[gallery.rows[i]]), "score": float(s), "row": int(gallery.rows[i])}
        for r, (s, i) in enumerate(zip(scores[0], items[0], strict=True))
        if i >= 0
    ]


def _encode_query(workspace: Workspace, shared: Embeddings, query: Cell, from_modality: str | None) -> np.ndarray:
    """float32 [1, d]: the query in the shared space, by the encoder of a modality of the right kind."""
    dataset = _dataset(workspace)
    kind = Kind.TEXT if isinstance(query, str) else Kind.IMAGE
    fitting = [m for m in shared.modalities if dataset.kinds.get(m) is kind]
    if from_modality is not None:
        _known(from_modality, fitting, "from")
    elif not fitting:
        return _other_half(workspace, shared, query, kind)
    else:
        language = looks_like_language([query]) if isinstance(query, str) else None
        from_modality = next((m for m in fitting if language and dataset.language.get(m) == language), fitting[0])
    name = workspace.encoders[from_modality]
    vector = registry.load(name, kind).encode([query])
    one = Embeddings(
        vectors={
            m: vector if m == from_modality else np.zeros((1, d), np.float32)
            for m, d in _embeddings(workspace).dims.items()
        },
        present={m: np.array([m == from_modality]) for m in _embeddings(workspace).modalities},
        ids=np.array(["query"], object),
        groups=np.array(["query"], object),
        spaces=_embeddings(workspace).spaces,
    )
    if workspace.alignment is not None:
        one = workspace.alignment.transform(one)
    elif shared.spaces[from_modality] != one.spaces[from_modality]:
        one = alignments.methods()["bridge"]().fit(one).transform(one)
    return one.vectors[from_modality]


def _other_half(workspace: Workspace, shared: Embeddings, query: Cell, kind: Kind) -> np.ndarray:
    """The query by the other half of the encoder (typed text into images only encoded by a CLIP)."""
    for modality, name in workspace.encoders.items():
        halves = [c for c in registry.cards(kind) if c.name == name]
        if modality in shared.modalities and halves and shared.spaces[modality] == halves[0].space:
            return registry.load(name, kind).encode([query])
    raise UserError(
        f"no {kind} modality lies in the shared space",
        "query",
        f"add a {kind} column, or encode with an open_clip model",
    )


# -- evaluate ------------------------------------------------------------------
def evaluation_rows(workspace: Workspace) -> tuple[np.ndarray, str]:
    """bool [N] of the rows that retrieval is measured on, and their name: "test", "held-out" or "all".

    The data's own `test` split; else, where something was fitted on these pairs, the rows held out of the fit; else
    all of them.
    """
    embeddings = _embeddings(workspace)
    if workspace.split_source == "data" and embeddings.in_split("test").any():
        return embeddings.in_split("test"), "test"
    fitted = workspace.alignment is not None and workspace.alignment.name not in FITTED_IN_ADVANCE
    if fitted and workspace.split_source == "drawn":
        return embeddings.in_split("test"), "held-out"
    if fitted and (~embeddings.in_split("train")).any():
        return ~embeddings.in_split("train"), "held-out"
    return np.ones(len(embeddings), bool), "all"


def evaluate(workspace: Workspace) -> dict[str, Any]:
    """Everything measured on this workspace, as `mmexplore evaluate --json` prints it."""
    from mmexplore.retrieval.metrics import map_label, retrieval_report

    embeddings = _embeddings(workspace)
    shared, where = shared_space(workspace)
    rows, rows_name = evaluation_rows(workspace)
    answer: dict[str, Any] = {
        "rows": rows_name,
        "n_rows": int(rows.sum()),
        "split": workspace.split_source,
        "space": where,
        "retrieval": {},
    }
    relevance: list[float] = []
    for src in shared.modalities if shared else []:
        for dst in shared.modalities if shared else []:
            if src == dst or shared is None:
                continue
            report = retrieval_report(shared, src, dst, rows=rows, seed=workspace.seed)
            entry = report.as_dict()
            if embeddings.target_kind == "classification":
                entry["map_label"] = map_label(shared, src, dst, rows=rows)
                relevance.append(entry["map_label"])
            answer["retrieval"][f"{src}->{dst}"] = entry
    if relevance:
        answer["map_label"] = float(np.mean(relevance))
    if workspace.fitted is not None:
        answer["fusion"] = fusion_summary(workspace.fitted)
    return answer


def fusion_summary(fitted: FittedFusion) -> dict[str, Any]:
    """method, metric, score, interval, baselines, rows: what stands beside a fusion wherever it is shown."""
    from dataclasses import asdict

    return {
        "method": fitted.fusion.name,
        "objective": fitted.fusion.objective_,
        "target": fitted.target,
        "seed": fitted.seed,
        **asdict(fitted.score),
    }


# -- shared by the steps -------------------------------------------------------
def _dataset(workspace: Workspace):
    if workspace.dataset is None:
        raise UserError("no pairs are loaded", "data", "open an example or bring your own on the Data page")
    return workspace.dataset


def _embeddings(workspace: Workspace) -> Embeddings:
    if workspace.embeddings is None:
        raise UserError("the pairs are not encoded yet", "vectors", "press Encode or run `mmexplore embed`")
    return workspace.embeddings


def _shared(workspace: Workspace) -> Embeddings:
    shared, why = shared_space(workspace)
    if shared is None:
        raise UserError("modalities cannot be compared", "retrieval", why.rstrip("."))
    return shared


def _known(name: str, names: list[str], where: str) -> None:
    if name not in names:
        raise UserError(
            f"no comparable modality is called {name!r}", where, f"choose one of: {', '.join(names) or 'none'}"
        )


def _make(methods: dict[str, type], name: str, params: dict[str, Any] | None, what: str) -> Any:
    if name not in methods:
        raise UserError(f"no {what} method is called {name!r}", "method", f"choose one of: {', '.join(methods)}")
    try:
        return methods[name](**(params or {}))
    except TypeError as error:
        raise UserError(
            f"does not take these parameters ({error})", name, "see its card with `mmexplore methods`"
        ) from error


def _epochs(progress: Progress | None) -> OnEpoch | None:
    if progress is None:
        return None

    def on_epoch(epoch: int, epochs: int, values: dict[str, float]) -> None:
        shown = ", ".join(f"{name} {value:.3g}" for name, value in values.items())
        progress.update(epoch, epochs, f"epoch {epoch}: {shown}")
        progress.check()

    return on_epoch
