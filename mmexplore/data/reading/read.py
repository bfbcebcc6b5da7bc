"""The front door: whatever a person brings -> paired data, or first a look at what its columns seem to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from mmexplore.data.dataset import PairedDataset
from mmexplore.data.origin import read_from
from mmexplore.data.reading.files import Files, beside_table, gather
from mmexplore.data.reading.folders import table_of_files
from mmexplore.data.reading.forms import choose_form, part_of
from mmexplore.data.reading.recognition import guess_columns
from mmexplore.data.reading.roles import ColumnGuess, correct
from mmexplore.data.reading.rows import OnBroken, assemble
from mmexplore.data.reading.tables import Table, join_tables, read_table
from mmexplore.data.reading.values import shorten
from mmexplore.data.reading.vectors import table_of_arrays
from mmexplore.errors import UserError
from mmexplore.server.progress import Progress
from mmexplore.server.serving import not_in_demo

PREVIEW_ROWS = 20
SAMPLE_ROWS = 5_000
_SAVED_BESIDE = ("dataset_info.json", "state.json", "dataset_dict.json")


@dataclass(frozen=True)
class Recognised:
    """What was seen in a person's files, to be shown and corrected before they are read.

    Attributes:
        form: "table", "files" (same-name files, folders as labels) or "vectors".
        columns: a guess for each column (or array), in order.
        n_rows: rows in the table, or None where only the first `SAMPLE_ROWS` were looked at.
        preview: the first `PREVIEW_ROWS` rows as short texts.
    """

    form: str
    columns: list[ColumnGuess]
    n_rows: int | None
    preview: pd.DataFrame


def recognise(path: Path | Sequence[Path], *, workdir: Path, progress: Progress | None = None) -> Recognised:
    """Look at what was given and guess what each column is for, without checking the media.

    Args and errors as of `read_pairs`. An archive is unpacked here, and found again by `read_pairs`.
    """
    form, table, _, guesses = _open(path, workdir, SAMPLE_ROWS, progress)
    preview = pd.DataFrame({c: [shorten(v) for v in values[:PREVIEW_ROWS]] for c, values in table.columns.items()})
    return Recognised(form, guesses, len(table) if len(table) < SAMPLE_ROWS or form != "table" else None, preview)


def read_pairs(
    path: Path | Sequence[Path],
    *,
    workdir: Path,
    roles: dict[str, str] | None = None,
    on_broken: OnBroken = "drop_row",
    progress: Progress | None = None,
    check_rows: Callable[[int], None] = lambda n: None,
) -> PairedDataset:
    """Read paired data in any of its forms.

    - a table (CSV, TSV, JSON Lines, Parquet, Arrow) with media beside it: a folder, a ZIP, or many files at once;
      also in parts (shards; train.csv and test.csv) and as Hugging Face `datasets` saves one to disk;
    - pictures (or sounds, films ...) with same-name ``.txt`` captions, one caption a line: a folder, a ZIP or a
      TAR (WebDataset);
    - a folder whose sub-folders are labels (or train / val / test): a folder or ZIP;
    - vectors: ``.npz``, ``.npy``, ``.safetensors`` (or Parquet with list columns), one array a modality.

    Args:
        path: a file, a folder, or many of them.
        workdir: a folder of this reading's own; archives are unpacked beneath it, and the cells are files in it.
        roles: column -> role, to correct what `recognise` guessed (`mmexplore.data.reading.roles.ROLES`).
        on_broken: a filled cell that cannot be used drops its row ("drop_row") or becomes a hole ("blank_cell").
        progress: told how far it is; may cancel.
        check_rows: given the number of rows once it is known, before their media are looked at; what it raises (a
            quota) leaves here.

    Returns:
        the data; everything that could not be used is in ``rejected``. Media are checked by their headers here and
        decoded when encoded, so a file that is sound at its beginning and damaged later is listed then.

    Raises:
        UserError: what was given cannot be read as a whole.
    """
    _, table, files, guesses = _open(path, workdir, None, progress, roles)
    check_rows(len(table))
    if on_broken not in ("drop_row", "blank_cell"):
        raise UserError(f"{on_broken!r} is not known", "on_broken", "choose drop_row or blank_cell")
    pairs = assemble(table, correct(guesses, roles), files, on_broken=on_broken, progress=progress)
    return replace(pairs, origin=read_from(path, roles, on_broken))


def _open(
    path: Path | Sequence[Path],
    workdir: Path,
    limit: int | None,
    progress: Progress | None,
    roles: dict[str, str] | None = None,
) -> tuple[str, Table, Files, list[ColumnGuess]]:
    not_in_demo("your own pairs")
    workdir = Path(workdir)
    workdir.mkdir(parents=True, exist_ok=True)
    files = gather(path, workdir, progress=progress)
    form, tables = choose_form(files)
    if form == "vectors":
        table, guesses = table_of_arrays(files, roles, look_only=limit is not None)
        return form, table, files, guesses
    if form == "files":
        table, guesses = table_of_files(files, limit, progress)
        return form, table, files, guesses
    if isinstance(path, (str, Path)) and tables == [Path(path).name] and Path(path).is_file():
        files = beside_table(Path(path))  # a table alone, not an archive with one in it
    table = _read_tables(files, tables, workdir / "cells", limit, progress)
    return form, table, files, guess_columns(table, files)


def _read_tables(files: Files, names: list[str], spill: Path, limit: int | None, progress: Progress | None) -> Table:
    """One table, or the parts of one (shards; train, test ...) one under another."""
    tables = [read_table(files.by_name[name], spill, name, limit, progress) for name in names]
    files.used.update(names)
    if names[0].endswith(".arrow"):  # what Hugging Face `datasets` writes beside its tables
        files.used.update(n for n in files.by_name if n.rpartition("/")[2] in _SAVED_BESIDE)
    return tables[0] if len(tables) == 1 else join_tables(tables, [part_of(name) for name in names])
