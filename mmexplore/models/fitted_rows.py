"""Which rows a fit has seen, so that nobody measures on them and calls them held out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmexplore.data.embeddings import Embeddings

PREFIX = "fitted."  # of the arrays in a saved file


@dataclass(frozen=True)
class FittedRows:
    """The rows of a fit, as they can be known again.

    Attributes:
        ids: object [n].  groups: object [k], each once: another row of a fitted group (a second caption of a fitted
            photo) is no new item.
        content: uint64 [n], digests of all the cells of a row.
        numbered: as `Embeddings.numbered`.
    """

    ids: np.ndarray
    groups: np.ndarray
    content: np.ndarray
    numbered: str

    @classmethod
    def of(cls, embeddings: Embeddings, rows: np.ndarray) -> FittedRows:
        """Those where `rows` (bool [N]) is true."""
        groups = np.array(sorted(set(embeddings.groups[rows].astype(str))), dtype=object)
        return cls(embeddings.ids[rows], groups, content_digests(embeddings)[rows], embeddings.numbered)

    def seen_in(self, embeddings: Embeddings) -> np.ndarray:
        """bool [N]: rows of `embeddings` that are among them: by id and group.

        Ids that only number the rows say nothing about other data: there a row is known again by its content. (Rows
        of another data set that hold the same numbers as a fitted one then count as seen; ids of one's own tell more.)
        """
        if embeddings.numbered != self.numbered:
            return np.isin(content_digests(embeddings), self.content)
        by_id = np.isin(embeddings.ids.astype(str), self.ids.astype(str))
        return by_id | np.isin(embeddings.groups.astype(str), self.groups.astype(str))

    # -- saved -------------------------------------------------------------------
    def arrays(self) -> dict[str, np.ndarray]:
        """For a safetensors file."""
        return (
            _as_arrays("ids", self.ids)
            | _as_arrays("groups", self.groups)
            | {f"{PREFIX}content": self.content, f"{PREFIX}numbered": np.frombuffer(self.numbered.encode(), np.uint8)}
        )

    @classmethod
    def take_from(cls, arrays: dict[str, np.ndarray]) -> FittedRows | None:
        """What `arrays` gave, taken out of them; None where a file of an older version has nothing of it."""
        own: dict[str, Any] = {k: arrays.pop(k) for k in list(arrays) if k.startswith(PREFIX)}
        if not own:
            return None
        numbered = own[f"{PREFIX}numbered"].tobytes().decode()
        return cls(_from_arrays("ids", own), _from_arrays("groups", own), own[f"{PREFIX}content"], numbered)


def content_digests(embeddings: Embeddings) -> np.ndarray:
    """uint64 [N]: of the content of all modalities of a row, in alphabetical order of the modalities."""
    cells = zip(*(embeddings.content[m] for m in sorted(embeddings.modalities)), strict=True)
    return np.array([_digest(row) for row in cells], np.uint64)


def _digest(cells: Iterable[str]) -> int:
    return int.from_bytes(hashlib.blake2b("\0".join(map(str, cells)).encode(), digest_size=8).digest(), "little")


def _as_arrays(name: str, texts: np.ndarray) -> dict[str, np.ndarray]:
    """The texts as UTF-8 bytes, one after another, and the length of each."""
    encoded = [str(text).encode("utf-8", "surrogatepass") for text in texts]
    return {
        f"{PREFIX}{name}.text": np.frombuffer(b"".join(encoded), np.uint8),
        f"{PREFIX}{name}.lengths": np.array([len(e) for e in encoded], np.int32),
    }


def _from_arrays(name: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    data, lengths = arrays[f"{PREFIX}{name}.text"].tobytes(), arrays[f"{PREFIX}{name}.lengths"]
    ends = np.cumsum(lengths)
    texts = [data[end - n : end].decode("utf-8", "surrogatepass") for end, n in zip(ends, lengths, strict=True)]
    return np.array(texts, dtype=object)
