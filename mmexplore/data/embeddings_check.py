"""What must hold of embeddings before anything is computed from them; what does not is one sentence to the person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.errors import UserError

if TYPE_CHECKING:
    from mmexplore.data.embeddings import Embeddings

#: what a row's split may be; "" = in none of them (it is neither fitted nor scored)
SPLITS = ("train", "val", "dev", "test", "")
BLOCK = 1 << 16  # rows looked at at a time: the marks of a whole matrix would be a quarter of its size


def check_all(embeddings: Embeddings) -> None:
    """Check every field. Raises UserError on the first that does not fit the others."""
    n = len(embeddings.ids)
    check_modalities(embeddings)
    for m, v in embeddings.vectors.items():
        check_vectors(v, embeddings.present[m], m, n)
    for name in ("ids", "groups", "labels", "splits"):
        values = getattr(embeddings, name)
        if values is not None:
            check_length(values, n, name)
    check_unique(embeddings.ids)
    check_splits(embeddings.splits)
    for m, keys in embeddings.content.items():
        check_length(keys, n, f"content of {m}")
    if len(embeddings.columns) != n:
        raise UserError(f"{len(embeddings.columns):,} rows for {n:,} items", "columns", "give one row for each item")


def check_modalities(embeddings: Embeddings) -> None:
    """Every modality has vectors, presence, a space and content keys, and nothing else has."""
    names = set(embeddings.vectors)
    for name in ("present", "spaces", "content"):
        given: Mapping[str, object] = getattr(embeddings, name)
        if missing := [m for m in embeddings.vectors if m not in given]:
            raise UserError(f"`{name}` has no entry for it", f"modality {missing[0]}", f"give `{name}` for every one")
        if more := [str(m) for m in given if m not in names]:
            raise UserError(f"`{name}` names it and there are no vectors of it", f"modality {more[0]}", "leave it out")


def check_vectors(vectors: np.ndarray, present: np.ndarray, modality: str, n: int) -> None:
    """float [n, d] with finite numbers, and bool [n]."""
    where = f"modality {modality}"
    if getattr(vectors, "ndim", None) != 2 or len(vectors) != n:
        shape = getattr(vectors, "shape", "no array")
        raise UserError(f"expected {n:,} rows of numbers, found {shape}", where, "give one row an item")
    if vectors.dtype.kind != "f":
        raise UserError(f"expected numbers, found {vectors.dtype}", where, "give float32")
    if getattr(present, "shape", None) != (n,) or present.dtype != bool:
        found = f"{getattr(present, 'dtype', 'no array')} of shape {getattr(present, 'shape', '')}"
        raise UserError(f"`present` must be {n:,} truth values, found {found}", where, "give bool, one an item")
    for start in range(0, n, BLOCK):
        finite = np.isfinite(vectors[start : start + BLOCK]).all(axis=1)
        if not finite.all():
            row = start + int(np.argmin(finite))
            if not present[row]:
                raise UserError(
                    f"row {row} is absent and holds NaN or infinity", where, "give zeros there, or use Embeddings.of"
                )
            raise UserError(
                f"row {row} holds NaN or infinity", where, "mark the row as absent, or fill what is missing in it"
            )


def check_length(values: np.ndarray, n: int, name: str) -> None:
    """An array [n]."""
    if getattr(values, "shape", None) != (n,):
        shape = getattr(values, "shape", None)
        found = "no array" if shape is None else f"{shape[0]:,}" if len(shape) == 1 else f"an array of shape {shape}"
        raise UserError(f"expected {n:,} values, found {found}", name, "give one value for each item")


def check_unique(ids: np.ndarray) -> None:
    """No id twice."""
    given = ids.tolist()
    if len(set(given)) != len(given):
        twice = next(i for i, times in Counter(given).items() if times > 1)
        raise UserError(f"{str(twice)[:60]!r} is there more than once", "ids", "give every item an id of its own")


def check_splits(splits: np.ndarray | None) -> None:
    """Each is one of `SPLITS`."""
    if splits is not None and (other := strangers(splits.tolist())):
        raise UserError(
            f"{str(other[0])[:40]!r} is no split", "splits", "write train, val, dev or test, or use Embeddings.of"
        )


def strangers(values: Iterable[object]) -> list[object]:
    """The values that are no split, each once."""
    return [v for v in dict.fromkeys(values) if v not in SPLITS]


def known_splits(splits: np.ndarray | None) -> np.ndarray | None:
    """The same with "" for every other word: a reader keeps (and lists) a word that it does not know."""
    if splits is None or not strangers(splits.tolist()):
        return splits
    return np.array([s if s in SPLITS else "" for s in splits.tolist()], object)
