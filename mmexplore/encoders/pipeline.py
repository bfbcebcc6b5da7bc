"""A whole data set through its encoders: each distinct item once, kept after every batch, bad cells listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from mmexplore.embeddings import Embeddings
from mmexplore.encoders import registry
from mmexplore.encoders.base import Encoder
from mmexplore.encoders.vector import space_of
from mmexplore.errors import UserError
from mmexplore.pairs.dataset import Kind, PairedDataset, Rejected, content_key
from mmexplore.progress import Progress


class KeepsVectors(Protocol):
    """What is asked of a store (`mmexplore.store.Store` is one)."""

    def get(self, keys: list[str], encoder: str, version: str) -> dict[str, np.ndarray]: ...

    def put(self, encoder: str, version: str, vectors: dict[str, np.ndarray]) -> object: ...


@dataclass(frozen=True)
class Encoded:
    """embeddings: N rows, absent where a cell was absent or could not be used.  rejected: why it could not."""

    embeddings: Embeddings
    rejected: list[Rejected]


def encode_dataset(
    dataset: PairedDataset,
    encoders: Mapping[str, str],
    store: KeepsVectors | None = None,
    progress: Progress | None = None,
    load: Callable[[str, Kind, Progress], Encoder] = registry.load,
) -> Encoded:
    """Vectors of every modality named in `encoders` (modality -> encoder name), in the order of the data set.

    Equal cells (by content) are encoded once; what the store has is not encoded again; after every batch the new
    vectors are put into the store, so that an interrupted run loses one batch at most. A cell that cannot be decoded
    becomes absent and is listed; the others go on.

    Raises:
        UserError: an unknown modality or encoder, an encoder of another kind, or no usable cell in a modality.
        Cancelled: by `progress`; what was encoded until then is in the store.
    """
    progress = progress or Progress()
    for modality in encoders:
        if modality not in dataset.kinds:
            raise UserError("there is no such modality", modality, f"choose among {', '.join(dataset.modalities)}")
    chosen = [m for m in dataset.modalities if m in encoders]
    if not chosen:
        raise UserError("no modality has an encoder", dataset.name, "choose an encoder for at least one column")
    for modality in chosen:  # before any work: a wrong choice must not cost an hour
        if load is registry.load:
            registry.find_card(encoders[modality], dataset.kinds[modality])

    content, rejected = {}, []
    for modality in chosen:
        content[modality], unreadable = _content(dataset, modality, progress)
        rejected += unreadable
    totals = {m: len({k for k in content[m] if k}) for m in chosen}
    vectors, present, spaces, done = {}, {}, {}, 0
    for modality in chosen:
        progress.update(done, sum(totals.values()), f"{modality}: loading {encoders[modality]}")
        encoder = load(encoders[modality], dataset.kinds[modality], progress)
        work = _Modality(dataset, modality, content[modality], encoder, store)
        items, errors = work.encode(partial(_tell, progress, done, sum(totals.values()), modality), progress.check)
        done += totals[modality]
        vectors[modality], present[modality], listed = work.rows(items, errors)
        rejected += listed
        spaces[modality] = space_of(encoder.card, modality, vectors[modality].shape[1])
    progress.update(done, sum(totals.values()), "done")
    return Encoded(
        Embeddings(
            vectors=vectors,
            present=present,
            ids=dataset.ids,
            groups=dataset.groups,
            spaces=spaces,
            labels=dataset.labels,
            splits=dataset.splits,
            content={m: np.where(present[m], content[m], "").astype(object) for m in chosen},
            columns=dataset.columns,
        ),
        rejected,
    )


def _tell(progress: Progress, before: int, total: int, modality: str, through: int) -> None:
    progress.update(before + through, total, modality)


def _content(dataset: PairedDataset, modality: str, progress: Progress) -> tuple[np.ndarray, list[Rejected]]:
    """Content key of each cell [N]; "" (and listed) where the file cannot be read any more."""
    keys, rejected = np.full(len(dataset), "", object), []
    for row, cell in enumerate(dataset.cells[modality]):
        if row % 256 == 0:
            progress.check()
        try:
            keys[row] = content_key(cell)
        except OSError as error:
            reason = f"the file cannot be read ({error.strerror or type(error).__name__})"
            rejected.append(Rejected(row + 1, str(dataset.ids[row]), modality, reason))
    return keys, rejected


class _Modality:
    """One modality on its way through one encoder."""

    def __init__(
        self, dataset: PairedDataset, modality: str, content: np.ndarray, encoder: Encoder, store: KeepsVectors | None
    ) -> None:
        self.dataset, self.modality, self.content, self.encoder = dataset, modality, content, encoder
        self.store = store if encoder.stored else None

    def encode(
        self, told: Callable[[int], None], check: Callable[[], None]
    ) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Content key -> vector, and content key -> reason for those that cannot be encoded."""
        first: dict[str, int] = {}
        for row, key in enumerate(self.content):
            if key:
                first.setdefault(key, row)
        name, version = self.encoder.card.name, f"{self.encoder.card.kind}/{self.encoder.version}"
        items = self.store.get(list(first), name, version) if self.store is not None else {}
        items = {k: v for k, v in items.items() if self.encoder.card.dim in (None, len(v))}
        errors: dict[str, str] = {}
        missing = [key for key in first if key not in items]
        told(len(items))
        cells = self.dataset.cells[self.modality]
        for start in range(0, len(missing), self.encoder.batch_size):
            check()
            keys = missing[start : start + self.encoder.batch_size]
            answers = self.encoder.encode_each([cells[first[k]] for k in keys])
            fresh = {k: a for k, a in zip(keys, answers, strict=True) if not isinstance(a, UserError)}
            errors |= {k: a.what for k, a in zip(keys, answers, strict=True) if isinstance(a, UserError)}
            if self.store is not None and fresh:
                self.store.put(name, version, fresh)
            items |= fresh
            told(len(items) + len(errors))
        return items, errors

    def rows(
        self, items: dict[str, np.ndarray], errors: dict[str, str]
    ) -> tuple[np.ndarray, np.ndarray, list[Rejected]]:
        """vectors [N, d], present [N], and the cells that became absent."""
        if not items:
            reason = f" ({next(iter(errors.values()))})" if errors else ""
            raise UserError(f"none of its cells could be encoded{reason}", self.modality, "leave it out or mend it")
        width = self._width(items, errors)
        vectors = np.zeros((len(self.content), width), np.float32)
        present = np.zeros(len(self.content), bool)
        rejected = []
        for row, key in enumerate(self.content):
            if key in items and key not in errors:
                vectors[row], present[row] = items[key], True
            elif key in errors:
                rejected.append(Rejected(row + 1, str(self.dataset.ids[row]), self.modality, errors[key]))
        return vectors, present, rejected

    def _width(self, items: dict[str, np.ndarray], errors: dict[str, str]) -> int:
        """The width most vectors have; the others (only a person's own can differ) are turned down."""
        widths = [len(v) for v in items.values()]
        width = max(set(widths), key=widths.count)
        for key, vector in items.items():
            if len(vector) != width:
                errors[key] = f"has {len(vector)} numbers where most have {width}"
        return width
