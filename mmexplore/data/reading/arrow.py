"""Parquet and Arrow files in batches; pictures and sounds that stand in the cells are written to files at once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mmexplore.data.reading.delimited import MAX_CELLS, check_header, too_many_cells
from mmexplore.data.reading.file_names import suffix_of
from mmexplore.data.reading.values import suffix_of_bytes
from mmexplore.errors import UserError
from mmexplore.server.uploads import spend

_RATIO, _RATIO_FLOOR = 100, 256 << 20
_BATCH_ROWS = 500  # of 200 KB photos: 100 MB


def read_arrow(
    path: Path, name: str, spill: Path, batch_rows: int = _BATCH_ROWS
) -> Iterator[tuple[int, dict[str, Any]]]:
    """First (0, {column: None}), then (row from 1, {column: value}).

    Lists of numbers come as float32 arrays. Bytes, and Hugging Face's ``{bytes, path}``, are written beneath `spill`
    under their SHA-256 and come as that `Path`, so that no more than a batch of media is ever in memory. Hugging
    Face's class numbers come as their names.

    Raises:
        UserError: damaged, no such file, or it would unpack to far more than it is.
    """
    import pyarrow as pa

    try:
        row = 0
        for batch in _batches(path, name, batch_rows):
            if row == 0:
                header = check_header([str(n) for n in batch.schema.names], name)
                classes = _class_names(batch.schema)
                yield 0, dict.fromkeys(header)
            columns = [
                _values(batch.column(j), spill, classes.get(batch.schema.names[j])) for j in range(batch.num_columns)
            ]
            for values in zip(*columns, strict=True):
                row += 1
                yield row, dict(zip(header, values, strict=True))
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise UserError("the table cannot be read (damaged Parquet or Arrow file)", name, "save it again") from error


def _batches(path: Path, name: str, batch_rows: int) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if suffix_of(path.name) != ".arrow":
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:  # else whole row groups are held
            check_unpacked_size(file.metadata, path.stat().st_size, name)
            yield from file.iter_batches(batch_size=batch_rows)
        return
    with pa.memory_map(str(path)) as source:
        try:
            reader: Any = pa.ipc.open_stream(source)
        except pa.ArrowInvalid:
            source.seek(0)
            file = pa.ipc.open_file(source)
            reader = (file.get_batch(i) for i in range(file.num_record_batches))
        for batch in reader:
            batch.validate(full=True)  # offsets are believed from here on: a damaged one would end the process
            yield from (batch.slice(start, batch_rows) for start in range(0, batch.num_rows, batch_rows))


def check_unpacked_size(about: Any, packed: int, name: str) -> None:
    """Few bytes can stand for very many cells, or for one very large one: judged by a Parquet file's footer.

    Args:
        about: the footer.  packed: bytes of the file.  name: for the message.

    Raises:
        UserError: too many cells, or it would unpack to far more than it is.
    """
    if about.num_rows * about.num_columns > MAX_CELLS:
        raise too_many_cells(name)
    # Of the columns' own entries nothing is asked: pyarrow ends the process at some that are damaged.
    unpacked = sum(about.row_group(g).total_byte_size for g in range(about.num_row_groups))
    if unpacked > max(_RATIO_FLOOR, _RATIO * packed):
        raise UserError(f"the table unpacks to more than {_RATIO} times its size", name, "save it uncompressed")


def _class_names(schema: Any) -> dict[str, list[str]]:
    """Column -> names of its class numbers, where Hugging Face `datasets` wrote them into the schema."""
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        named = {str(c): f["names"] for c, f in features.items() if isinstance(f, dict) and "names" in f}
        return {column: [str(n) for n in names] for column, names in named.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _values(column: Any, spill: Path, classes: list[str] | None) -> list[Any]:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if _is_list(kind) and (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)):
        return [
            np.asarray(cell.values.to_numpy(zero_copy_only=False), dtype=np.float32) if cell.is_valid else None
            for cell in column
        ]
    values = column.to_pylist()
    if pa.types.is_temporal(kind) or pa.types.is_decimal(kind):
        return [None if v is None else str(v) for v in values]
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_struct(kind):
        return [_spilled(v, spill) for v in values]
    if classes and pa.types.is_integer(kind):
        return [classes[v] if v is not None and 0 <= v < len(classes) else None for v in values]
    return values


def _spilled(value: Any, spill: Path) -> Any:
    """Bytes (alone or in ``{bytes, path}``) -> the file they were written to; text that was kept as bytes -> text."""
    data, hint = value, ""
    if isinstance(value, dict):
        data, hint = value.get("bytes"), str(value.get("path") or "")
        if data is None:
            return hint or (value if value and "path" not in value else None)
    if not isinstance(data, bytes) or not data:
        return value if isinstance(value, dict) and "bytes" not in value else None
    suffix = suffix_of_bytes(data[:16])
    if not suffix and not hint:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass  # bytes of an unknown kind: kept as a file, and said to be so when its kind is asked for
    digest = hashlib.sha256(data).hexdigest()
    hinted = suffix_of(hint) if re.fullmatch(r"\.[a-z0-9]{1,8}", suffix_of(hint)) else ""
    target = spill / digest[:2] / f"{digest}{suffix or hinted}"
    if not target.exists():
        spend(target, len(data), "the media in the table")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return target


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
