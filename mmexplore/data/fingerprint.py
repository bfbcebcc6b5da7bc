"""What vectors are, as a short text: the same vectors of the same items have the same one, wherever they came from."""

from __future__ import annotations

import hashlib

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.identity import uid_of

_known: dict[str, str] = {}  # uid -> digest
KNOWN = 4096


def fingerprint(thing: Embeddings | np.ndarray) -> str:
    """A digest of all vectors and of whose they are; computed once for an object.

    The same vectors with other ids, groups or labels give other results: which answer is right, which rows are drawn.
    Splits are left out: the first fit draws them, and who depends on them has the rows themselves in its key.
    """
    if (known := _known.get(uid_of(thing))) is not None:
        return known
    digest = hashlib.blake2b(digest_size=16)
    arrays = {"": thing} if isinstance(thing, np.ndarray) else thing.vectors
    for name, array in arrays.items():
        digest.update(f"{name}\0{array.shape}{array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).data)
        if isinstance(thing, Embeddings):
            digest.update(np.ascontiguousarray(thing.present[name]).data)
    if isinstance(thing, Embeddings):
        for told in (thing.ids, thing.groups, () if thing.labels is None else thing.labels):
            digest.update("\0".join(map(str, told)).encode("utf-8", "surrogatepass") + b"\0\0")
    return _keep(thing, digest.hexdigest())


def digest_of(values: np.ndarray | None) -> str:
    """A digest of a column [N] (which rows, which splits); "" for None. Of texts it is computed once for an object."""
    if values is None:
        return ""
    if values.dtype != object:
        return hashlib.blake2b(values.tobytes(), digest_size=16).hexdigest()
    if (known := _known.get(uid_of(values))) is not None:
        return known
    raw = "\0".join(map(str, values)).encode("utf-8", "surrogatepass")
    return _keep(values, hashlib.blake2b(raw, digest_size=16).hexdigest())


def _keep(thing: Embeddings | np.ndarray, digest: str) -> str:
    if len(_known) >= KNOWN:  # short texts, most of them of objects that have gone
        _known.clear()
    _known[uid_of(thing)] = digest
    return digest
