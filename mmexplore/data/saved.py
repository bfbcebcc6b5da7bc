"""Pairs in a folder of a workspace: rows in Parquet, numbers in safetensors, media by content or by their path."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmexplore.data.dataset import Cell, Kind, PairedDataset, Rejected
from mmexplore.data.origin import origin_of
from mmexplore.errors import UserError
from mmexplore.server.progress import Progress

#: Keep(media file, what gives its name by content) -> its name inside the folder, or None where it stays outside.
#: Only who asks for the name has the file read.
Keep = Callable[[Path, Callable[[], str]], str | None]


def write_pairs(dataset: PairedDataset, folder: Path, keep: Keep, progress: Progress) -> dict[str, Any]:
    """Write everything but the media, which `keep` is told of; of those that stay outside the absolute path is kept.

    Returns:
        what `read_pairs` needs beside the files: JSON-able.
    """
    from safetensors.numpy import save_file

    rows = pd.DataFrame({"id": dataset.ids.astype(str), "group": dataset.groups.astype(str)})
    arrays: dict[str, np.ndarray] = {}
    for name, values in (("label", dataset.labels), ("split", dataset.splits)):
        if values is not None:
            rows[name] = values
    for j, (m, cells) in enumerate(dataset.cells.items()):
        written: list[str | None] = []
        for i, cell in enumerate(cells):
            if i % 256 == 0:
                progress.check()
            if isinstance(cell, Path):
                inside = keep(cell, partial(_by_content, dataset, m, i, cell))
                written.append("file:" + (inside or str(cell.absolute())))
            elif isinstance(cell, np.ndarray) and cell.dtype.kind == "U":  # a row of a table
                written.append("row:" + json.dumps(cell.tolist(), ensure_ascii=False))
            elif isinstance(cell, np.ndarray):
                arrays[f"{j}.{i}"] = np.ascontiguousarray(cell)
                written.append("array:")
            else:
                written.append(None if cell is None else "text:" + cell)
        rows[f"cell.{j}"] = pd.Series(written, dtype=object)
    for column in dataset.columns:
        rows[f"column.{column}"] = dataset.columns[column].to_numpy()
    rows.to_parquet(folder / "pairs.parquet")
    if arrays:
        save_file(arrays, folder / "cells.safetensors")
    return {
        "name": dataset.name,
        "kinds": {m: str(k) for m, k in dataset.kinds.items()},
        "source": dataset.source,
        "language": dataset.language,
        "parts": dataset.parts,
        "rejected": [asdict(r) for r in dataset.rejected],
        "origin": None if dataset.origin is None else dataset.origin.as_dict(),
    }


def _by_content(dataset: PairedDataset, modality: str, row: int, cell: Path) -> str:
    return f"media/{dataset.content[modality][row]}{cell.suffix.lower()}"


def read_pairs(path: Path, about: dict[str, Any], trusted: bool) -> PairedDataset:
    """Read what `write_pairs` wrote, and said.

    Args:
        trusted: False for what somebody uploaded: only media inside `path` are read.

    Raises:
        UserError: it names a file elsewhere, and is not trusted.
    """
    from safetensors.numpy import load_file

    rows = pd.read_parquet(path / "pairs.parquet")
    arrays = load_file(path / "cells.safetensors") if (path / "cells.safetensors").exists() else {}
    cells = {
        m: tuple(_cell(text, arrays, f"{j}.{i}", path, trusted) for i, text in enumerate(rows[f"cell.{j}"]))
        for j, m in enumerate(about["kinds"])
    }
    labels = None
    if "label" in rows:
        labels = rows["label"].to_numpy(np.float64 if pd.api.types.is_float_dtype(rows["label"]) else object)
    prefix = "column."
    return PairedDataset(
        name=about["name"],
        ids=rows["id"].to_numpy(object),
        kinds={m: Kind(k) for m, k in about["kinds"].items()},
        cells=cells,
        groups=rows["group"].to_numpy(object),
        labels=labels,
        splits=rows["split"].to_numpy(object) if "split" in rows else None,
        columns=pd.DataFrame(
            {c.removeprefix(prefix): rows[c] for c in map(str, rows) if c.startswith(prefix)}, index=rows.index
        ),
        rejected=tuple(Rejected(**r) for r in about["rejected"]),
        source=about["source"],
        language=about["language"],
        parts={m: tuple(columns) for m, columns in about.get("parts", {}).items()},
        origin=origin_of(about.get("origin"), path.name),
    )


def _cell(written: str | None, arrays: dict[str, np.ndarray], key: str, path: Path, trusted: bool) -> Cell:
    if not isinstance(written, str):
        return None
    kind, _, value = written.partition(":")
    if kind == "text":
        return value
    if kind == "row":
        return np.array(json.loads(value), dtype=str)
    if kind == "array":
        return arrays[key]
    file = Path(value)
    inside = (path / file).resolve()
    if not file.is_absolute() and inside.is_relative_to((path / "media").resolve()):
        return inside
    if not trusted:
        raise UserError(
            f"names a file outside its media folder ({value})", path.name, "save it again with media inside"
        )
    return file
