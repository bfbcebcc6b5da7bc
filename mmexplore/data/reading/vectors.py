"""Vectors that were computed elsewhere: ``.npz``, ``.npy``, ``.safetensors``, one array a modality. Never a pickle."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np

from mmexplore.data.dataset import Rejected
from mmexplore.data.kinds import VECTOR_SUFFIXES
from mmexplore.data.reading.archive import count_members
from mmexplore.data.reading.file_names import suffix_of
from mmexplore.data.reading.files import Files
from mmexplore.data.reading.roles import ColumnGuess, kind_of_role, role_by_name
from mmexplore.data.reading.tables import Table
from mmexplore.data.reading.values import shorten
from mmexplore.errors import UserError

MAX_BYTES = 8 << 30  # of all arrays of one file
_RATIO, _RATIO_FLOOR = 200, 64 << 20  # of one array
_TOTAL_RATIO, _TOTAL_FLOOR = 50, 256 << 20  # of a file
_REMEDY = "save plain number arrays, np.savez(file, image=..., text=...)"


def table_of_arrays(
    files: Files, roles: dict[str, str] | None = None, look_only: bool = False
) -> tuple[Table, list[ColumnGuess]]:
    """Every array of the files as a column, a row of it as a cell.

    [N, d] arrays are vectors, [N, T, C] time series, [N] arrays columns, or what their name says (id, label, split,
    group). A lone ``.npy`` is called by its file. Rows that hold NaN or infinity are listed when the table is read;
    a row of NaN only, or (two or more numbers) of zeros only, is a hole.

    Args:
        files: the files given.
        roles: array -> role; those to be ignored may have any length.
        look_only: for a preview: arrays of another length than most are guessed to be ignored, and no error.

    Raises:
        UserError: an object array, a damaged file, or arrays with different numbers of rows.
    """
    arrays: dict[str, np.ndarray] = {}
    for name in files.by_name:
        if suffix_of(name) in VECTOR_SUFFIXES:
            files.used.add(name)
            stem = PurePosixPath(name).stem
            for key, array in _load(files.by_name[name], stem).items():
                arrays[f"{stem}.{key}" if key in arrays else key] = array
    ignored = {name for name in arrays if (roles or {}).get(name) == "ignore"}
    n = _rows({name: a for name, a in arrays.items() if name not in ignored}, files.name, look_only)
    rejected: list[Rejected] = []
    columns: dict[str, list[Any]] = {}
    guesses: list[ColumnGuess] = []
    for name, array in arrays.items():
        if array.ndim and len(array) == n:
            columns[name] = _column(array)
            guesses.append(_guess(name, array))
            continue
        if (roles or {}).get(name, "ignore") != "ignore":
            raise UserError(
                f"the array has the shape {list(array.shape)}, and the others have {n:,} rows", name, _REMEDY
            )
        why = f"its shape is {list(array.shape)}, and the others have {n:,} rows"
        guesses.append(ColumnGuess(name, "ignore", None, "", why))
        if name not in ignored:
            rejected.append(Rejected(0, "", name, f"the array is left out: {why}"))
    return Table(files.name, columns, range(1, n + 1), rejected=rejected), guesses


def _load(path: Path, stem: str) -> dict[str, np.ndarray]:
    suffix = suffix_of(path.name)
    if suffix == ".npy":
        return {stem: load_npy(path)}
    return load_npz(path) if suffix == ".npz" else load_safetensors(path)


def load_npy(path: Path) -> np.ndarray:
    """One array. Raises UserError: not a NumPy file, an object array (a pickle), larger than its file."""
    try:
        with path.open("rb") as file:
            return _read_npy(file, path.stat().st_size, path.name)
    except OSError as error:
        raise UserError("the file cannot be read", path.name, _REMEDY) from error


def load_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an ``.npz`` by name. Raises UserError as `load_npy` does, or for a member that is too large."""
    count_members(path, 10_000)
    arrays: dict[str, np.ndarray] = {}
    left = min(MAX_BYTES, max(_TOTAL_FLOOR, _TOTAL_RATIO * path.stat().st_size))
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                name = member.filename.removesuffix(".npy")
                if member.flag_bits & 0x1 or name in arrays or name == member.filename:
                    raise UserError("not a NumPy file (encrypted, repeated or foreign members)", path.name, _REMEDY)
                with archive.open(member) as file:
                    cap = max(_RATIO_FLOOR, _RATIO * member.compress_size)
                    arrays[name] = _read_npy(file, min(cap, left), f"{path.name}, {name}")
                left -= arrays[name].nbytes
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        raise UserError("the .npz file is damaged", path.name, _REMEDY) from error
    return arrays


def _read_npy(file: IO[bytes], cap: int, where: str) -> np.ndarray:
    """Read one array whose header may promise at most `cap` bytes: checked before anything is allocated."""
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(file)
        if dtype.hasobject:
            raise UserError("the array holds Python objects (a pickle), which are never loaded", where, _REMEDY)
        if dtype.kind not in "fiubUSM":
            raise UserError(f"the array holds {dtype}, not numbers or text", where, _REMEDY)
        size = int(np.prod([int(s) for s in shape], dtype=object)) * max(dtype.itemsize, 1)
        if size > min(cap, MAX_BYTES):
            raise UserError(f"the header promises {size:,} bytes, more than the file can hold", where, _REMEDY)
        data = file.read(size)
        if len(data) < size:
            raise UserError("the file is cut off", where, _REMEDY)
        array = np.frombuffer(data, dtype=dtype)
        return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)
    except UserError:
        raise
    except Exception as error:  # NumPy parses the header as Python: tokenizer errors and many more
        raise UserError("not a NumPy file, or a damaged one", where, _REMEDY) from error


def load_safetensors(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a ``.safetensors`` by name; bfloat16 becomes float32. Raises UserError where it is damaged."""
    import safetensors

    arrays: dict[str, np.ndarray] = {}
    try:
        with safetensors.safe_open(path, framework="np") as file:  # checks the header against the file's size
            for name in file.keys():  # noqa: SIM118 - the handle is no mapping
                if file.get_slice(name).get_dtype() == "BF16":
                    arrays[name] = _bfloat16(path, name)
                else:
                    arrays[name] = file.get_tensor(name)
    except (safetensors.SafetensorError, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            "the .safetensors file is damaged or holds a kind of number that NumPy lacks",
            path.name,
            "save the tensors as float32",
        ) from error
    return arrays


def _bfloat16(path: Path, name: str) -> np.ndarray:
    """bfloat16 is the upper half of a float32."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(length))[name]
        start, end = entry["data_offsets"]
        file.seek(8 + length + start)
        upper = np.frombuffer(file.read(end - start), dtype="<u2").astype(np.uint32)
    return (upper << 16).view(np.float32).reshape(entry["shape"])


def _rows(arrays: dict[str, np.ndarray], where: str, look_only: bool) -> int:
    """The number of rows that all modalities share. Single lists of another length describe no rows: passed over."""
    lengths = {name: len(a) for name, a in arrays.items() if a.ndim > 1}
    if not lengths:
        raise UserError("no array of shape [rows, numbers]", where, _REMEDY)
    common = Counter(lengths.values()).most_common()
    if len(common) > 1 and not look_only:
        listed = ", ".join(f"{name} {n:,}" for name, n in lengths.items())
        raise UserError(
            f"the arrays have different numbers of rows ({listed})", where, "give every modality one row for each item"
        )
    return common[0][0]


def _column(array: np.ndarray) -> list[Any]:
    """Rows of an array; text and single numbers as Python values, empty text as None."""
    if array.ndim > 1:
        return list(array)
    if array.dtype.kind == "S":
        return [v.decode("utf-8", "replace").strip() or None for v in array.tolist()]
    if array.dtype.kind in "UM":
        return [str(v).strip() or None for v in array.tolist()]
    return [None if v != v else v for v in array.tolist()]


def _guess(name: str, array: np.ndarray) -> ColumnGuess:
    shape = " x ".join(f"{s:,}" for s in array.shape)
    if array.ndim > 1 and array.dtype.kind not in "fiub":
        role, why = "ignore", "an array of texts in several columns"
    elif array.ndim == 2:
        role, why = "vector", f"an array of {shape} numbers"
    elif array.ndim == 3:
        role, why = "time series", f"an array of {shape} numbers: items, steps, channels"
    elif array.ndim > 3:
        role, why = "vector", f"an array of {shape} numbers, each item laid out in one row"
    else:
        role, why = role_by_name(name) or "column", "the name of the array, one value an item"
    example = shorten(array[0].tolist() if array.ndim == 1 else array[0]) if len(array) else ""
    return ColumnGuess(name, role, kind_of_role(role), example, why)
