"""Vectors of paired items: plain arrays, usable with no knowledge of where they came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmexplore.data.embeddings_check import (
    check_all,
    check_length,
    check_splits,
    check_unique,
    check_vectors,
    known_splits,
)
from mmexplore.data.identity import new_uid
from mmexplore.errors import UserError


@dataclass(frozen=True, repr=False)
class Embeddings:
    """N items as vectors in M modalities. `Embeddings.of` makes them from plain arrays.

    Attributes:
        vectors: modality -> float32 [N, d_m]; zeros where the modality is absent.
        present: modality -> bool [N].
        ids: str [N], unique.  groups: str [N], rows of one group are answers for one another.
        labels: object [N] (classes of any one kind, `str` or `int` mostly; "" = unknown) or float [N] (a numeric
            target; NaN = unknown), or None.
        splits: "train" / "val" / "dev" / "test" [N] ("" = in none), or None.
        spaces: modality -> name of its space; equal names may be compared directly.
        content: modality -> key [N]; rows with the same key hold the same item ("" = absent).
        columns: other columns to colour and filter by, N rows.
        numbered: "" where ids are names. Where they only number the rows ("0", "1", ...), the uid of the data that were
            numbered: the same ids of other data are other items.
        uid: of this very object: whatever is derived from it has another one (see `mmexplore.data.identity`).

    Raises:
        UserError: fields that do not fit one another, ids that repeat, numbers that are not finite, unknown splits.
    """

    vectors: dict[str, np.ndarray]
    present: dict[str, np.ndarray]
    ids: np.ndarray
    groups: np.ndarray
    spaces: dict[str, str]
    labels: np.ndarray | None = None
    splits: np.ndarray | None = None
    content: dict[str, np.ndarray] = field(default_factory=dict)
    columns: pd.DataFrame = field(default_factory=pd.DataFrame)
    numbered: str = ""
    uid: str = field(default_factory=new_uid, init=False, compare=False)

    def __post_init__(self) -> None:
        self._set(vectors={m: _float32(v) for m, v in self.vectors.items()})
        if not len(self.columns.columns):
            self._set(columns=pd.DataFrame(index=range(len(self.ids))))
        keyed = bool(self.content) or not self.vectors
        if not keyed:
            self._set(content={m: np.full(len(self.ids), "", object) for m in self.vectors})
        check_all(self)
        if not keyed:  # only now: of vectors that are there
            self._set(content={m: _row_keys(v, self.present[m]) for m, v in self.vectors.items()})

    @classmethod
    def of(
        cls,
        vectors: Mapping[str, Any],
        present: Mapping[str, Any] | None = None,
        ids: Any = None,
        labels: Any = None,
        target: Any = None,
        groups: Any = None,
        splits: Any = None,
        spaces: Mapping[str, str] | None = None,
        columns: Any = None,
    ) -> Embeddings:
        """Checked embeddings from arrays, lists or DataFrames.

        >>> emb = Embeddings.of({"image": A, "text": B}, labels=y)

        Args:
            vectors: modality -> numbers [N, d_m]; a row of NaN only is absent.
            present: modality -> bool (or 0 and 1) [N], for those modalities that NaN does not tell it of.
            ids: [N], unique; when None the index of the first DataFrame that has names in it, else "0", "1", ...
            labels: classes [N], kept as given (`int` stays `int`); "", None or NaN = unknown.
            target: numbers [N] for a regression, in place of labels; NaN = unknown.
            groups: [N], rows of one group are answers for one another; every row alone when None.
            splits: [N], "train", "val" or "test" ("Train", "validation", "dev" ... are understood; "" = in none).
            spaces: modality -> name of its space; each modality has one of its own when None. Only those whose
                spaces have the same name can be compared without an alignment.
            columns: DataFrame or name -> values [N], to colour and filter by.

        Raises:
            UserError: whatever does not fit, one sentence; a row that is NaN in part names its modality and row.
        """
        from mmexplore.data.embeddings_of import fields_of

        try:
            return cls(**fields_of(vectors, present, ids, labels, target, groups, splits, spaces, columns))
        except UserError:
            raise
        except Exception as error:  # whatever numpy or pandas cannot take in: one sentence, too
            raise UserError(
                f"something given cannot be read ({type(error).__name__}: {str(error)[:120]})",
                "Embeddings.of",
                "give arrays, lists or DataFrames with one row an item",
            ) from error

    def __repr__(self) -> str:
        from mmexplore.data.embeddings_of import one_line

        return one_line(self)

    # -- reading ---------------------------------------------------------------
    def __len__(self) -> int:
        return len(self.ids)

    @property
    def modalities(self) -> list[str]:
        return list(self.vectors)

    @property
    def dims(self) -> dict[str, int]:
        return {m: v.shape[1] for m, v in self.vectors.items()}

    @cached_property
    def mask(self) -> np.ndarray:
        """bool [N, M], the columns in the order of `modalities`."""
        return np.stack([self.present[m] for m in self.modalities], axis=1)

    @cached_property
    def group_codes(self) -> np.ndarray:
        """int [N], 0 .. G - 1: the groups in the order of their names."""
        return np.unique(self.groups.astype(str), return_inverse=True)[1]

    @property
    def target_kind(self) -> str | None:
        """ "classification", "regression", or None where there are no labels."""
        if self.labels is None:
            return None
        return "regression" if np.issubdtype(self.labels.dtype, np.floating) else "classification"

    def in_split(self, *names: str) -> np.ndarray:
        """bool [N]: rows of these splits ("val" and "dev" are the same); all False where there is no split."""
        if self.splits is None:
            return np.zeros(len(self), bool)
        wanted = {*names, "val", "dev"} if {"val", "dev"} & set(names) else set(names)
        return np.isin(self.splits, list(wanted))

    # -- deriving --------------------------------------------------------------
    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _derived(self, **changes: Any) -> Embeddings:
        """A copy with these fields, unchecked: who calls it has checked what is new. `replace` would check it all."""
        made = object.__new__(type(self))
        made._set(**{f.name: getattr(self, f.name) for f in fields(self)} | changes | {"uid": new_uid()})
        return made

    def take(self, rows: Sequence[int] | np.ndarray) -> Embeddings:
        """The rows at these positions (or where a bool mask [N] is true).

        Raises:
            UserError: a row is asked for twice (ids are unique).
        """
        index = np.asarray(rows)
        index = np.flatnonzero(index) if index.dtype == bool else index.astype(int)
        ids = self.ids[index]
        if not np.all(np.diff(index) > 0):
            check_unique(ids)
        return self._derived(
            vectors={m: v[index] for m, v in self.vectors.items()},
            present={m: p[index] for m, p in self.present.items()},
            ids=ids,
            groups=self.groups[index],
            labels=None if self.labels is None else self.labels[index],
            splits=None if self.splits is None else self.splits[index],
            content={m: c[index] for m, c in self.content.items()},
            columns=self.columns.iloc[index].reset_index(drop=True),
        )

    def only(self, modalities: Sequence[str]) -> Embeddings:
        """The same rows seen through these modalities only, in this order."""
        return self._derived(
            vectors={m: self.vectors[m] for m in modalities},
            present={m: self.present[m] for m in modalities},
            spaces={m: self.spaces[m] for m in modalities},
            content={m: self.content[m] for m in modalities},
        )

    def hide(self, mask: np.ndarray) -> Embeddings:
        """Make cells absent where `mask` (bool [N, M]) is true: their vectors become zero."""
        keep = {m: self.present[m] & ~mask[:, j] for j, m in enumerate(self.modalities)}
        return self._derived(
            present=keep,
            vectors={m: np.where(keep[m][:, None], v, 0).astype(np.float32) for m, v in self.vectors.items()},
            content={m: np.where(keep[m], c, "") for m, c in self.content.items()},
        )

    def with_vectors(self, vectors: dict[str, np.ndarray], spaces: dict[str, str]) -> Embeddings:
        """The same items with other vectors (an alignment's answer). Raises UserError where they do not fit."""
        vectors = {m: _float32(v) for m, v in vectors.items()}
        for m, v in vectors.items():
            check_vectors(v, self.present[m], m, len(self))
        return self._derived(
            vectors=vectors,
            spaces={m: spaces[m] for m in vectors},
            present={m: self.present[m] for m in vectors},
            content={m: self.content[m] for m in vectors},
        )

    def with_splits(self, splits: np.ndarray | None) -> Embeddings:
        """The same items with these splits [N]. Raises UserError: another number, or a word that is no split."""
        if splits is not None:
            check_length(splits, len(self), "splits")
            check_splits(splits)
        return self._derived(splits=splits)

    def with_labels(self, labels: np.ndarray | None) -> Embeddings:
        """The same items with these labels [N]. Raises UserError: another number of them."""
        if labels is not None:
            check_length(labels, len(self), "labels")
        return self._derived(labels=labels)

    # -- saving ----------------------------------------------------------------
    def save(self, folder: Path) -> None:
        """Write vectors.safetensors, rows.parquet and embeddings.json into `folder`."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        names = {m: str(j) for j, m in enumerate(self.modalities)}
        arrays = {f"vectors.{names[m]}": np.ascontiguousarray(v, dtype=np.float32) for m, v in self.vectors.items()}
        arrays |= {f"present.{names[m]}": self.present[m].astype(np.uint8) for m in self.modalities}
        save_file(arrays, folder / "vectors.safetensors")
        rows = pd.DataFrame({"id": self.ids.astype(str), "group": self.groups.astype(str)})
        if self.labels is not None:
            rows["label"] = self.labels if self.target_kind == "regression" else self.labels.astype(str)
        if self.splits is not None:
            rows["split"] = self.splits.astype(str)
        for m, name in names.items():
            rows[f"content.{name}"] = self.content[m].astype(str)
        for column in self.columns:
            rows[f"column.{column}"] = self.columns[column].to_numpy()
        rows.to_parquet(folder / "rows.parquet")
        about = {"modalities": self.modalities, "spaces": self.spaces, "label_type": self._label_type()}
        about["numbered"] = self.numbered
        (folder / "embeddings.json").write_text(json.dumps(about, ensure_ascii=False, indent=1), encoding="utf-8")

    def _label_type(self) -> str:
        """What `load` makes of the classes' texts: of `_LABEL_TYPES` where all known ones are that, else "str"."""
        known = [] if self.labels is None else [v for v in self.labels.tolist() if v != ""]
        kinds = {type(v) for v in known}
        name = kinds.pop().__name__ if len(kinds) == 1 else "str"
        return name if name in _LABEL_TYPES else "str"

    @classmethod
    def load(cls, folder: Path) -> Embeddings:
        """Read what `save` wrote. Raises UserError when a file is absent or damaged."""
        from safetensors.numpy import load_file

        try:
            about = json.loads((folder / "embeddings.json").read_text(encoding="utf-8"))
            arrays = load_file(folder / "vectors.safetensors")
            rows = pd.read_parquet(folder / "rows.parquet")
            names = {m: str(j) for j, m in enumerate(about["modalities"])}
            prefix = "column."
            return cls(
                vectors={m: arrays[f"vectors.{j}"] for m, j in names.items()},
                present={m: arrays[f"present.{j}"].astype(bool) for m, j in names.items()},
                ids=rows["id"].to_numpy(object),
                groups=rows["group"].to_numpy(object),
                labels=_labels(rows["label"], about.get("label_type", "str")) if "label" in rows else None,
                splits=known_splits(rows["split"].to_numpy(object)) if "split" in rows else None,
                spaces=about["spaces"],
                numbered=about.get("numbered", ""),
                content={m: rows[f"content.{j}"].to_numpy(object) for m, j in names.items()},
                columns=pd.DataFrame({c.removeprefix(prefix): rows[c] for c in map(str, rows) if c.startswith(prefix)}),
            )
        except UserError:
            raise
        except Exception as error:  # any damage is one sentence to the person
            raise UserError(
                f"cannot be read as saved embeddings ({error})",
                str(folder),
                "run `mmexplore embed` again or reopen another workspace",
            ) from error


_LABEL_TYPES: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "bool": "True".__eq__}


def _labels(column: pd.Series, kind: str) -> np.ndarray:
    if pd.api.types.is_float_dtype(column):
        return column.to_numpy(np.float64)
    if kind not in _LABEL_TYPES:
        return column.to_numpy(object)
    return np.array([v if v == "" else _LABEL_TYPES[kind](v) for v in column], dtype=object)


def _float32(vectors: Any) -> Any:
    """Numbers as float32; anything else as it is, for the check to name."""
    if isinstance(vectors, np.ndarray) and vectors.dtype.kind in "fiu":
        return vectors.astype(np.float32, copy=False)
    return vectors


def _row_keys(vectors: np.ndarray, present: np.ndarray) -> np.ndarray:
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    return np.array(
        [hashlib.sha256(r.tobytes()).hexdigest() if p else "" for r, p in zip(rows, present, strict=True)], dtype=object
    )


def check_embeddings(given: Any, where: str) -> None:
    """Raise UserError unless `given` are embeddings; a list or a dictionary of arrays is what people try first."""
    if not isinstance(given, Embeddings):
        raise UserError(
            f"expected embeddings and found {type(given).__name__}",
            where,
            'make them with Embeddings.of({"image": A, "text": B}), one array [N, d] a modality',
        )


def unit(vectors: np.ndarray, present: np.ndarray | None = None) -> np.ndarray:
    """Rows [..., d] scaled to length 1 as float32; zero rows stay zero.

    float64 is measured as it is: the squares of very small numbers are 0 in float32.

    Args:
        present: bool [...]: the other rows become zero; None: all are there.
    """
    vectors = np.asarray(vectors)
    if vectors.dtype != np.float64:
        vectors = vectors.astype(np.float32, copy=False)
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    found = vectors / np.where(length > 0, length, 1)
    if present is not None:
        found[~present] = 0
    return found.astype(np.float32, copy=False)


def concatenate(parts: Sequence[Embeddings]) -> Embeddings:
    """Stack data sets with the same modalities and widths, one under another; ids must stay unique.

    Labels or splits known in only some parts are unknown ("", or NaN for numbers) in the others.

    Raises:
        UserError: other modalities or widths, ids in two parts, classes in one part and numbers in another.
    """
    first = parts[0]
    for part in parts[1:]:
        if part.dims != first.dims:
            raise UserError(f"modalities differ: {part.dims} and {first.dims}", "concatenate", "give the same encoders")
    ids = np.concatenate([p.ids for p in parts])
    if len(set(ids)) != len(ids):
        raise UserError("two parts share ids", "concatenate", "rename the ids of one part")

    def stack(values: list[np.ndarray | None]) -> np.ndarray | None:
        if all(v is None for v in values):
            return None
        numeric = {v.dtype.kind == "f" for v in values if v is not None}
        if len(numeric) > 1:
            raise UserError("one part has classes and another numbers", "labels", "give all parts the same kind")
        unknown = np.full(1, np.nan) if numeric == {True} else np.full(1, "", object)
        return np.concatenate([unknown.repeat(len(p)) if v is None else v for p, v in zip(parts, values, strict=True)])

    names = first.modalities
    return Embeddings(
        vectors={m: np.concatenate([p.vectors[m] for p in parts]) for m in names},
        present={m: np.concatenate([p.present[m] for p in parts]) for m in names},
        content={m: np.concatenate([p.content[m] for p in parts]) for m in names},
        ids=ids,
        groups=np.concatenate([p.groups for p in parts]),
        labels=stack([p.labels for p in parts]),
        splits=stack([p.splits for p in parts]),
        spaces=first.spaces,
        columns=pd.concat([p.columns for p in parts], ignore_index=True),
        numbered=first.numbered if len({p.numbered for p in parts}) == 1 else new_uid(),
    )
