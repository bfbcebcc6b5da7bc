"""Arrays, lists and DataFrames of whoever calls -> the fields of `Embeddings`; and embeddings in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mmexplore.data.embeddings_check import check_length
from mmexplore.data.identity import new_uid
from mmexplore.data.reading.roles import normal_split
from mmexplore.errors import UserError

if TYPE_CHECKING:
    from mmexplore.data.embeddings import Embeddings


def fields_of(
    vectors: Mapping[str, Any],
    present: Mapping[str, Any] | None,
    ids: Any,
    labels: Any,
    target: Any,
    groups: Any,
    splits: Any,
    spaces: Mapping[str, str] | None,
    columns: Any,
) -> dict[str, Any]:
    """The arguments of `Embeddings.of` as those of `Embeddings`. Raises UserError as it says."""
    if not isinstance(vectors, Mapping) or not vectors:
        raise UserError("no modality is given", "vectors", 'give a name and an array for each, {"image": A, "text": B}')
    _same_index({**vectors, "ids": ids, "labels": labels, "target": target, "groups": groups, "splits": splits})
    matrices = {str(m): matrix(v, str(m)) for m, v in vectors.items()}
    n = len(next(iter(matrices.values())))
    if ids is None:
        ids = _index_of_names(vectors)
    names = np.arange(n).astype(str).astype(object) if ids is None else _texts(ids, n, "ids")
    given = present or {}
    if strange := [str(m) for m in {**given, **(spaces or {})} if m not in matrices]:
        raise UserError("there are no vectors of it", f"modality {strange[0]}", f"choose among {', '.join(matrices)}")
    there = {m: _presence(v, given.get(m), m, n) for m, v in matrices.items()}
    if labels is not None and target is not None:
        raise UserError("both labels and a target are given", "labels", "give one of the two")
    return {
        "vectors": {m: _filled(v, there[m], names, m) for m, v in matrices.items()},
        "present": there,
        "ids": names,
        "groups": names.copy() if groups is None else _texts(groups, n, "groups"),
        "labels": _numbers(target, n) if target is not None else None if labels is None else classes(labels, n),
        "splits": None if splits is None else _splits(splits, n),
        "spaces": {m: str((spaces or {}).get(m, f"as-is:{m}")) for m in matrices},
        "columns": _columns(columns, n),
        "numbered": new_uid() if ids is None else "",
    }


def one_line(embeddings: Embeddings) -> str:
    """ "Embeddings: 1,406 items; picture 1280, english 384 (3 absent); 8 classes; split 1,125 train / 281 test"."""
    n = len(embeddings)
    widths = []
    for m, width in embeddings.dims.items():
        absent = n - int(embeddings.present[m].sum())
        widths.append(f"{m} {width}" + (f" ({absent:,} absent)" if absent else ""))
    parts = [f"{n:,} item{'' if n == 1 else 's'}", ", ".join(widths) or "no modality"]
    if embeddings.target_kind == "regression":
        parts.append("a numeric target")
    elif embeddings.labels is not None:
        found = len({v for v in embeddings.labels.tolist() if v != ""})
        parts.append(f"{found:,} class{'' if found == 1 else 'es'}")
    if embeddings.splits is not None:
        counts = {s: int((embeddings.splits == s).sum()) for s in ("train", "val", "dev", "test")}
        parts.append("split " + " / ".join(f"{count:,} {s}" for s, count in counts.items() if count))
    return "Embeddings: " + "; ".join(parts)


# -- vectors ---------------------------------------------------------------------
def _same_index(given: Mapping[str, Any]) -> None:
    """Tables are taken row by row: two whose rows have other labels are not meant to lie side by side."""
    first: tuple[str, pd.Index] | None = None
    for name, value in given.items():
        if isinstance(value, pd.DataFrame | pd.Series):
            if first is not None and len(value.index) == len(first[1]) and not value.index.equals(first[1]):
                raise UserError(
                    f"its index is not that of {first[0]}",
                    name,
                    "bring both into one order, then reset_index(drop=True)",
                )
            first = first or (name, value.index)


def _index_of_names(vectors: Mapping[str, Any]) -> pd.Index | None:
    """The index of the first DataFrame, where it names its rows: unique, and no mere counting."""
    for value in vectors.values():
        if isinstance(value, pd.DataFrame):
            named = value.index.is_unique and not isinstance(value.index, pd.RangeIndex | pd.MultiIndex)
            return value.index if named and not value.index.hasnans else None
    return None


def matrix(values: Any, modality: str) -> np.ndarray:
    """float32 [N, d]; NaN and infinity are still in it."""
    where = f"modality {modality}"
    try:
        array = np.asarray(values)
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is named as such
            array = array if array.dtype == np.float32 else np.asarray(array, np.float64).astype(np.float32)
    except (ValueError, TypeError) as error:
        raise UserError(f"it is no matrix of numbers ({error})", where, "give an array [items, numbers]") from error
    if array.ndim != 2 or array.shape[1] == 0:
        raise UserError(f"its shape is {array.shape}", where, "give an array [items, numbers]")
    return array


def _presence(vectors: np.ndarray, given: Any, modality: str, n: int) -> np.ndarray:
    """bool [N]: what was given, else where the row is not NaN throughout."""
    if len(vectors) != n:
        raise UserError(f"expected {n:,} rows, found {len(vectors):,}", f"modality {modality}", "give one row an item")
    if given is None:
        return ~np.isnan(vectors).all(axis=1)
    marks = np.asarray(given)
    check_length(marks, n, f"present of {modality}")
    if marks.dtype != bool and not (marks.dtype.kind in "iuf" and np.isin(marks, (0, 1)).all()):
        raise UserError("it must be true or false (or 1 and 0)", f"present of {modality}", "give a bool for each item")
    return marks.astype(bool)


def _filled(vectors: np.ndarray, present: np.ndarray, ids: np.ndarray, modality: str) -> np.ndarray:
    """The vectors with zeros in absent rows; UserError where a row that is there lacks numbers."""
    finite = np.isfinite(vectors)
    broken = present & ~finite.all(axis=1)
    if broken.any():
        row = int(np.argmax(broken))
        bad = vectors[row][~finite[row]]
        what = "NaN" if np.isnan(bad).all() else "infinite or too large for float32"
        raise UserError(
            f"row {row} (id {str(ids[row])[:60]}) has {len(bad):,} of {vectors.shape[1]:,} numbers {what}",
            f"modality {modality}",
            "fill them in, or make the whole row NaN where the modality is absent",
        )
    return vectors if present.all() else np.where(present[:, None], vectors, np.float32(0))


# -- what stands beside them -----------------------------------------------------
def _list(values: Any, n: int, name: str) -> list[Any]:
    """N Python values; None where one is unknown (None, NaN, NaT, NA)."""
    shape = getattr(values, "shape", None)
    if shape is not None and len(shape) != 1:
        raise UserError(
            f"expected {n:,} values, found an array of shape {tuple(shape)}", name, "give one for each item"
        )
    if isinstance(values, str | bytes | Mapping) or not hasattr(values, "__iter__"):
        raise UserError("it is no list of values", name, "give one for each item")
    listed = [v.item() if isinstance(v, np.generic) else v for v in values]
    if len(listed) != n:
        raise UserError(f"expected {n:,} values, found {len(listed):,}", name, "give one value for each item")
    return [None if v is None or v is pd.NA or v is pd.NaT or v != v else v for v in map(_plain, listed)]


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | np.ndarray) else value


def _texts(values: Any, n: int, name: str) -> np.ndarray:
    """`str` [N]; none may be unknown."""
    listed = _list(values, n, name)
    if None in listed:
        raise UserError(f"row {listed.index(None)} has none", name, "give one to every item")
    return _objects([str(v) for v in listed])


def classes(values: Any, n: int) -> np.ndarray:
    """object [N]: the classes as they were given, "" where unknown.

    Raises:
        UserError: numbers that are not whole, values that cannot be told apart as text, or that are not hashable.
    """
    listed = ["" if v is None else v for v in _list(values, n, "labels")]
    try:
        known = {v for v in listed if not (isinstance(v, str) and v == "")}
    except TypeError as error:
        raise UserError(f"a class must be a plain value ({error})", "labels", "give texts or whole numbers") from error
    fraction = next((v for v in known if isinstance(v, float) and not v.is_integer()), None)
    if fraction is not None:
        raise UserError(f"{fraction} is no whole number", "labels", "give numbers to be predicted as target=")
    if len({str(v) for v in known}) < len(known):
        raise UserError("two classes read the same (1 and '1')", "labels", "write every class in one way")
    return _objects(listed)


def _numbers(values: Any, n: int) -> np.ndarray:
    """float64 [N], NaN where unknown."""
    listed = _list(values, n, "target")
    try:
        numbers = np.array([np.nan if v is None or v == "" else float(v) for v in listed], np.float64)
    except (TypeError, ValueError) as error:
        raise UserError(f"it must be numbers ({error})", "target", "give classes as labels=") from error
    if np.isinf(numbers).any():
        raise UserError(f"row {int(np.argmax(np.isinf(numbers)))} is infinite", "target", "give finite numbers or NaN")
    return numbers


def _splits(values: Any, n: int) -> np.ndarray:
    listed = _list(values, n, "splits")
    known = {v: "" if v is None or v == "" else normal_split(v) for v in dict.fromkeys(listed)}
    if unknown := [v for v, split in known.items() if split is None]:
        raise UserError(f"{str(unknown[0])[:40]!r} is no split", "splits", "write train, val or test")
    return _objects([known[v] for v in listed])


def _columns(given: Any, n: int) -> pd.DataFrame:
    if given is None:
        return pd.DataFrame(index=range(n))
    if not isinstance(given, pd.DataFrame):
        given = pd.DataFrame({name: _list(values, n, f"column {name}") for name, values in dict(given).items()})
    if len(given) != n:
        raise UserError(f"expected {n:,} rows, found {len(given):,}", "columns", "give one row for each item")
    return given.reset_index(drop=True)


def _objects(values: list[Any]) -> np.ndarray:
    """object [N], whatever the values are: `np.array` would make a matrix of tuples."""
    return np.fromiter(values, object, len(values))
