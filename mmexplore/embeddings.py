"""Vectors of paired items: plain arrays, usable with no knowledge of where they came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from mmexplore.errors import UserError


@dataclass(frozen=True)
class Embeddings:
    """N items as vectors in M modalities.

    Attributes:
        vectors: modality -> float32 [N, d_m]; zeros where the modality is absent.
        present: modality -> bool [N].
        ids: str [N], unique.  groups: str [N], rows of one group are answers for one another.
        labels: str [N] (classes; "" = unknown) or float [N] (a numeric target; NaN = unknown), or None.
        splits: "train" / "val" / "test" [N], or None.
        spaces: modality -> name of its space; equal names may be compared directly.
        content: modality -> key [N]; rows with the same key hold the same item ("" = absent).
        columns: other columns to colour and filter by, N rows.
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

    def __post_init__(self) -> None:
        n = len(self.ids)
        for m, v in self.vectors.items():
            if v.ndim != 2 or len(v) != n or len(self.present[m]) != n:
                raise UserError(f"expected {n} rows, found {v.shape}", f"modality {m}", "give one row an item")
        if not self.content:
            object.__setattr__(self, "content", {m: _row_keys(v, self.present[m]) for m, v in self.vectors.items()})
        if self.columns.empty:
            object.__setattr__(self, "columns", pd.DataFrame(index=range(n)))

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

    @property
    def target_kind(self) -> str | None:
        """ "classification", "regression", or None where there are no labels."""
        if self.labels is None:
            return None
        return "regression" if np.issubdtype(self.labels.dtype, np.floating) else "classification"

    def in_split(self, *names: str) -> np.ndarray:
        """bool [N]: rows of these splits; all False where there is no split."""
        found = np.zeros(len(self), bool)
        for name in names if self.splits is not None else ():
            found |= np.asarray(self.splits == name)
        return found

    # -- deriving --------------------------------------------------------------
    def take(self, rows: Sequence[int] | np.ndarray) -> Embeddings:
        """The rows at these positions (or where a bool mask [N] is true)."""
        index = np.asarray(rows)
        index = np.flatnonzero(index) if index.dtype == bool else index.astype(int)
        return replace(
            self,
            vectors={m: v[index] for m, v in self.vectors.items()},
            present={m: p[index] for m, p in self.present.items()},
            ids=self.ids[index],
            groups=self.groups[index],
            labels=None if self.labels is None else self.labels[index],
            splits=None if self.splits is None else self.splits[index],
            content={m: c[index] for m, c in self.content.items()},
            columns=self.columns.iloc[index].reset_index(drop=True),
        )

    def only(self, modalities: Sequence[str]) -> Embeddings:
        """The same rows seen through these modalities only, in this order."""
        return replace(
            self,
            vectors={m: self.vectors[m] for m in modalities},
            present={m: self.present[m] for m in modalities},
            spaces={m: self.spaces[m] for m in modalities},
            content={m: self.content[m] for m in modalities},
        )

    def hide(self, mask: np.ndarray) -> Embeddings:
        """Make cells absent where `mask` (bool [N, M]) is true: their vectors become zero."""
        keep = {m: self.present[m] & ~mask[:, j] for j, m in enumerate(self.modalities)}
        return replace(
            self,
            present=keep,
            vectors={m: np.where(keep[m][:, None], v, 0).astype(np.float32) for m, v in self.vectors.items()},
            content={m: np.where(keep[m], c, "") for m, c in self.content.items()},
        )

    def with_vectors(self, vectors: dict[str, np.ndarray], spaces: dict[str, str]) -> Embeddings:
        """The same items with other vectors (an alignment's answer)."""
        return replace(
            self,
            vectors=vectors,
            spaces=spaces,
            present={m: self.present[m] for m in vectors},
            content={m: self.content[m] for m in vectors},
        )

    def with_splits(self, splits: np.ndarray | None) -> Embeddings:
        return replace(self, splits=splits)

    def with_labels(self, labels: np.ndarray | None) -> Embeddings:
        return replace(self, labels=labels)

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
        about = {"modalities": self.modalities, "spaces": self.spaces}
        (folder / "embeddings.json").write_text(json.dumps(about, ensure_ascii=False, indent=1), encoding="utf-8")

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
                labels=_labels(rows["label"]) if "label" in rows else None,
                splits=rows["split"].to_numpy(object) if "split" in rows else None,
                spaces=about["spaces"],
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


def _labels(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_float_dtype(column):
        return column.to_numpy(np.float64)
    return column.to_numpy(object)


def _row_keys(vectors: np.ndarray, present: np.ndarray) -> np.ndarray:
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    return np.array(
        [hashlib.sha256(r.tobytes()).hexdigest() if p else "" for r, p in zip(rows, present, strict=True)], dtype=object
    )


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows [..., d] scaled to length 1 as float32; zero rows stay zero."""
    vectors = np.asarray(vectors, np.float32)
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)


def concatenate(parts: Sequence[Embeddings]) -> Embeddings:
    """Stack data sets with the same modalities and widths, one under another; ids must stay unique.

    Labels or splits known in only some parts are unknown ("") in the others.
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
        return np.concatenate(
            [np.full(len(p), "", object) if v is None else v for p, v in zip(parts, values, strict=True)]
        )

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
    )


def draw_split(embeddings: Embeddings, held_out: float = 0.2, seed: int = 0) -> np.ndarray:
    """A seeded train / test split that never parts a group; by label shares where there are classes.

    Returns:
        object array of "train" / "test", [N]; `held_out` of the groups are test (at least one of each
        where there are two groups or more).
    """
    from mmexplore.runtime import rng

    groups, first, inverse = np.unique(embeddings.groups.astype(str), return_index=True, return_inverse=True)
    strata = np.zeros(len(groups), int)
    if embeddings.target_kind == "classification" and embeddings.labels is not None:
        strata = np.unique(embeddings.labels[first].astype(str), return_inverse=True)[1]
    random = rng(seed)
    draw, offset = random.random(len(groups)), random.random(strata.max() + 1)
    # Systematic sampling: within a stratum the shuffled groups stand at (k + u) / size, evenly over [0, 1),
    # so the smallest `held_out` of all positions hold the same share of every stratum.
    position = np.empty(len(groups))
    for s in np.unique(strata):
        member = np.flatnonzero(strata == s)
        order = member[np.argsort(draw[member])]
        position[order] = (np.arange(len(order)) + offset[s]) / len(order)
    n_test = min(max(1, round(held_out * len(groups))), len(groups) - 1) if len(groups) > 1 else 0
    test = np.zeros(len(groups), bool)
    test[np.argsort(position, kind="stable")[:n_test]] = True
    return np.where(test[inverse], "test", "train").astype(object)
