"""A whole data set through its encoders: each distinct item once, kept after every batch, bad cells listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np

from mmexplore import runtime
from mmexplore.data.dataset import Kind, PairedDataset, Rejected, content_key
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.embeddings_check import known_splits
from mmexplore.data.split import draw_split
from mmexplore.encoders import registry
from mmexplore.encoders.base import Encoder, FittedEncoder
from mmexplore.encoders.found import EncoderLike, name_of
from mmexplore.encoders.vector import space_of
from mmexplore.errors import UserError
from mmexplore.server.progress import Progress

STORE_CHUNK = 1024  # vectors asked of the store at once
#: train rows that an encoder's scales are taken from at most; of more, a seeded sample
FIT_ROWS = 2000


class KeepsVectors(Protocol):
    """What is asked of a store (`mmexplore.server.store.Store` is one)."""

    def get(self, keys: list[str], encoder: str, version: str) -> dict[str, np.ndarray]: ...

    def put(self, encoder: str, version: str, vectors: dict[str, np.ndarray]) -> object: ...


@dataclass(frozen=True)
class Encoded:
    """embeddings: N rows, absent where a cell was absent or could not be used.  rejected: why it could not."""

    embeddings: Embeddings
    rejected: list[Rejected]


def encode_dataset(
    dataset: PairedDataset,
    encoders: Mapping[str, EncoderLike],
    store: KeepsVectors | None = None,
    progress: Progress | None = None,
    load: Callable[[str, Kind, Progress], Encoder] = registry.load,
    seed: int = 0,
) -> Encoded:
    """Vectors of every modality in `encoders` (modality -> name, class or instance), in the order of the data set.

    Equal cells (by content) are encoded once; what the store has is not encoded again; after every batch the new
    vectors are put into the store, so that an interrupted run loses one batch at most. A cell that cannot be decoded
    becomes absent and is listed; the others go on. An encoder that has to be fitted sees train rows only: without a
    `split` in the data, the 80 / 20 split that any first fit draws is drawn here, with `seed`.

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
    names = {modality: name_of(encoders[modality]) for modality in chosen}
    for modality in chosen:  # before any work: a wrong choice must not cost an hour
        if load is registry.load:
            registry.find_card(names[modality], dataset.kinds[modality])

    content, rejected = {}, []
    for modality in chosen:
        content[modality], unreadable = _content(dataset, modality, progress)
        rejected += unreadable
    totals = {m: len({k for k in content[m] if k}) for m in chosen}
    vectors, present, spaces, done = {}, {}, {}, 0
    for modality in chosen:
        progress.update(done, sum(totals.values()), f"{modality}: loading {names[modality]}")
        given = encoders[modality]
        encoder = given if isinstance(given, Encoder) else load(names[modality], dataset.kinds[modality], progress)
        if isinstance(encoder, FittedEncoder):
            dataset = with_split(dataset, seed)
            encoder = fitted(encoder, dataset, modality)
        work = _Modality(dataset, modality, content[modality], encoder, store)
        work.encode(partial(_tell, progress, done, sum(totals.values()), modality), progress.check)
        done += totals[modality]
        vectors[modality], present[modality], listed = work.rows()
        rejected += listed
        space = space_of(encoder.card, modality, vectors[modality].shape[1])
        spaces[modality] = f"{space}:{modality}" if isinstance(encoder, FittedEncoder) else space
    progress.update(done, sum(totals.values()), "done")
    return Encoded(
        Embeddings(
            vectors=vectors,
            present=present,
            ids=dataset.ids,
            groups=dataset.groups,
            spaces=spaces,
            labels=dataset.labels,
            splits=known_splits(dataset.splits),
            content={m: np.where(present[m], content[m], "").astype(object) for m in chosen},
            columns=dataset.columns,
        ),
        rejected,
    )


def with_split(dataset: PairedDataset, seed: int) -> PairedDataset:
    """The pairs with a split: their own, else the one that a first fit draws with this seed."""
    if dataset.splits is not None:
        return dataset
    rows = Embeddings({}, {}, dataset.ids, dataset.groups, {}, labels=dataset.labels)
    return replace(dataset, splits=draw_split(rows, seed=seed))


def fitted(encoder: FittedEncoder, dataset: PairedDataset, modality: str) -> FittedEncoder:
    """The encoder for a column, its scales taken from the column's train rows (all rows where there are none).

    Args:
        dataset: with splits. Of more than `FIT_ROWS` train rows a seeded sample is looked at.
    """
    assert dataset.splits is not None
    train = np.flatnonzero(dataset.present[modality] & (dataset.splits.astype(str) == "train"))
    rows = train if len(train) else np.flatnonzero(dataset.present[modality])
    if len(rows) > FIT_ROWS:
        rows = np.sort(runtime.rng(0).choice(rows, FIT_ROWS, replace=False))
    try:
        return encoder.fit([dataset.cells[modality][r] for r in rows])
    except UserError as error:
        raise UserError(error.what, modality, error.remedy or "leave it out or mend it") from error


def _tell(progress: Progress, before: int, total: int, modality: str, through: int) -> None:
    progress.update(before + through, total, modality)


def _content(dataset: PairedDataset, modality: str, progress: Progress) -> tuple[np.ndarray, list[Rejected]]:
    """Content key of each cell [N]; "" (and listed) where the file cannot be read any more."""
    keys, rejected = np.full(len(dataset), "", object), []
    for row, cell in enumerate(dataset.cells[modality]):
        if row % 256 == 0:
            progress.check()
            if row:  # a few are through at once
                progress.update(row, len(dataset), f"{modality}: reading what is there")
        try:
            keys[row] = content_key(cell)
        except OSError as error:
            reason = f"the file cannot be read ({error.strerror or type(error).__name__})"
            rejected.append(Rejected(row + 1, str(dataset.ids[row]), modality, reason))
    return keys, rejected


class _Modality:
    """One modality on its way through one encoder.

    Its vectors lie in one array from the start and nothing holds more media than a batch: memory is the answer and
    little else, however many items there are.
    """

    def __init__(
        self, dataset: PairedDataset, modality: str, content: np.ndarray, encoder: Encoder, store: KeepsVectors | None
    ) -> None:
        self.dataset, self.modality, self.content, self.encoder = dataset, modality, content, encoder
        self.store = store if encoder.stored and encoder.version else None
        self.errors: dict[str, str] = {}  # content key -> why it cannot be encoded
        self._first: dict[str, int] = {}  # content key -> the row that its vector is kept in
        for row, key in enumerate(content):
            if key:
                self._first.setdefault(key, row)
        self._done = np.zeros(len(content), bool)
        self._loose: dict[str, np.ndarray] = {}  # vectors of an encoder whose width is known in the end only
        dim = encoder.card.dim
        self._vectors = None if dim is None else np.zeros((len(content), dim), np.float32)

    def encode(self, told: Callable[[int], None], check: Callable[[], None]) -> None:
        """Take from the store what it has, and encode the rest batch by batch."""
        name, version = self.encoder.card.name, f"{self.encoder.card.kind}/{self.encoder.version}"
        keys = list(self._first)
        if self.store is not None:
            for start in range(0, len(keys), STORE_CHUNK):
                check()
                kept = self.store.get(keys[start : start + STORE_CHUNK], name, version)
                self._take({k: v for k, v in kept.items() if self.encoder.card.dim in (None, len(v))})
        missing = [key for key in keys if not self._has(key)]
        told(len(keys) - len(missing))
        cells = self.dataset.cells[self.modality]
        for start in range(0, len(missing), self.encoder.batch_size):
            check()
            batch = missing[start : start + self.encoder.batch_size]
            answers = self.encoder.encode_each([cells[self._first[k]] for k in batch])
            fresh = {k: a for k, a in zip(batch, answers, strict=True) if not isinstance(a, UserError)}
            self.errors |= {k: a.what for k, a in zip(batch, answers, strict=True) if isinstance(a, UserError)}
            if self.store is not None and fresh:
                self.store.put(name, version, fresh)
            self._take(fresh)
            told(len(keys) - len(missing) + start + len(batch))

    def _take(self, vectors: Mapping[str, np.ndarray]) -> None:
        for key, vector in vectors.items():
            row = self._first[key]
            if self._vectors is None:
                self._loose[key] = vector
            else:
                self._vectors[row], self._done[row] = vector, True

    def _has(self, key: str) -> bool:
        return key in self._loose or bool(self._done[self._first[key]])

    def rows(self) -> tuple[np.ndarray, np.ndarray, list[Rejected]]:
        """vectors [N, d], present [N], and the cells that became absent."""
        if self._vectors is None and self._loose:
            self._vectors = self._of_usual_width()
        if self._vectors is None or not self._done.any():
            reason = f" ({next(iter(self.errors.values()))})" if self.errors else ""
            raise UserError(f"none of its cells could be encoded{reason}", self.modality, "leave it out or mend it")
        rejected = []
        first = np.array([self._first.get(key, row) for row, key in enumerate(self.content)], int)
        for row in np.flatnonzero(first != np.arange(len(first))):  # the same content as an earlier row
            self._vectors[row], self._done[row] = self._vectors[first[row]], self._done[first[row]]
        for row in np.flatnonzero(~self._done):
            if (key := self.content[row]) in self.errors:
                rejected.append(Rejected(int(row) + 1, str(self.dataset.ids[row]), self.modality, self.errors[key]))
        return self._vectors, self._done, rejected

    def _of_usual_width(self) -> np.ndarray:
        """One array of the width most vectors have; the others (only a person's own can differ) are turned down."""
        usual = Counter(len(v) for v in self._loose.values()).most_common(1)[0][0]
        vectors = np.zeros((len(self.content), usual), np.float32)
        for key, vector in self._loose.items():
            if len(vector) == usual:
                vectors[self._first[key]], self._done[self._first[key]] = vector, True
            else:
                self.errors[key] = f"has {len(vector)} numbers where most have {usual}"
        return vectors
