"""A workspace on disk: a directory or ZIP of JSON + Parquet + safetensors, never pickle.

run.json            what it is: encoders, split, fits, selection, seed
pairs.parquet       the rows: ids, texts, media paths, labels, every other column
cells.safetensors   number cells (vector, series ...)
media/              the media files, named by content (only where they were copied)
embeddings/         see `Embeddings.save`
alignment.*         see `Estimator.save`
fusions/            one `Estimator.save` a fitted fusion
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import mmexplore
from mmexplore import alignment as alignments
from mmexplore.atomic import read_whole, write_file, write_whole
from mmexplore.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.estimator import load_estimator
from mmexplore.fusion.evaluation import FusionScore
from mmexplore.methods import fusion_methods
from mmexplore.pairs.dataset import Cell, Kind, PairedDataset, Rejected
from mmexplore.progress import Progress
from mmexplore.serving import in_words, not_in_demo
from mmexplore.uploads import account_of
from mmexplore.workspace import FittedFusion, Workspace

FORMAT = 1

#: Keep(media file, its name inside the workspace)
Keep = Callable[[Path, str], None]


# -- directory -----------------------------------------------------------------
def save(workspace: Workspace, path: Path, copy_media: bool = False) -> None:
    """Write the workspace as a directory, replacing an earlier one only when the new one is complete.

    Args:
        copy_media: put the media files inside (a directory that can be carried elsewhere); otherwise their
            absolute paths are kept.

    Raises:
        UserError: `path` exists and is not a workspace, or cannot be written.
    """
    path = Path(path).absolute()
    if path.exists() and not (path / "run.json").exists() and (not path.is_dir() or any(path.iterdir())):
        raise UserError("is there already and is not a workspace", str(path), "choose another name")
    try:
        write_whole(path, lambda folder: _write(workspace, folder, _link_into(folder) if copy_media else None))
    except OSError as error:
        raise UserError(
            f"cannot be written ({error.strerror or error})", str(path), "check the disk and the folder's rights"
        ) from error


def open_directory(path: Path, trusted: bool = True) -> Workspace:
    """Read what `save` wrote.

    Args:
        trusted: whether paths of media outside the directory are followed. False for what somebody uploaded:
            there only `media/` inside is read.

    Raises:
        UserError: it is not a workspace, is damaged, or comes from a newer version.
    """
    return read_whole(Path(path).absolute(), lambda folder: _open(folder, trusted))


def _open(path: Path, trusted: bool) -> Workspace:
    try:
        about = json.loads((path / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            "is not a workspace (no run.json)", str(path), "make one with `mmexplore embed` or Save"
        ) from None
    except (ValueError, OSError, RecursionError) as error:
        raise UserError(f"run.json cannot be read ({error})", str(path), "save it again") from error
    if not isinstance(about, dict) or about.get("format", 0) > FORMAT:
        raise UserError("comes from a newer mmexplore or is damaged", str(path), "update mmexplore")
    try:
        if not trusted:
            _check_tables(path)
        return _read(path, about, trusted)
    except UserError:
        raise
    except Exception as error:  # any damage is one sentence to the person
        raise UserError(f"is damaged ({type(error).__name__}: {error})", str(path), "reopen an earlier copy") from error


def _check_tables(path: Path) -> None:
    """Few bytes of Parquet can stand for very many cells; a table of somebody else's is judged before it is read."""
    import pyarrow.parquet as pq

    from mmexplore.pairs.arrow import check_unpacked_size

    for file in (path / "pairs.parquet", path / "embeddings" / "rows.parquet"):
        if file.exists():
            check_unpacked_size(pq.read_metadata(file), file.stat().st_size, file.name)


def _write(workspace: Workspace, folder: Path, keep: Keep | None, progress: Progress | None = None) -> None:
    """Everything but the media, which `keep` is told of; without it their absolute paths are kept."""
    progress = progress or Progress()
    about: dict[str, Any] = {
        "format": FORMAT,
        "mmexplore": mmexplore.__version__,
        "encoders": workspace.encoders,
        "split_source": workspace.split_source,
        "current": workspace.current,
        "selection": sorted(workspace.selection),
        "seed": workspace.seed,
        "dataset": None,
        "embeddings": workspace.embeddings is not None,
        "alignment": None if workspace.alignment is None else workspace.alignment.name,
        "fusions": [],
    }
    if workspace.dataset is not None:
        about["dataset"] = _write_pairs(workspace.dataset, folder, keep, progress)
    if workspace.embeddings is not None:
        progress.check()
        workspace.embeddings.save(folder / "embeddings")
    if workspace.alignment is not None:
        progress.check()
        workspace.alignment.save(folder / "alignment")
    for j, (name, fitted) in enumerate(workspace.fusions.items()):
        progress.check()
        fitted.fusion.save(folder / "fusions" / str(j))
        about["fusions"].append(
            {
                "name": name,
                "seed": fitted.seed,
                "target": fitted.target,
                "source": fitted.source,
                "labels_per_class": fitted.labels_per_class,
                "score": asdict(fitted.score),
            }
        )
    (folder / "run.json").write_text(json.dumps(about, ensure_ascii=False, indent=1, default=_plain), encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be saved as JSON")


def _write_pairs(dataset: PairedDataset, folder: Path, keep: Keep | None, progress: Progress) -> dict[str, Any]:
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
            if isinstance(cell, Path) and keep is not None:
                name = f"media/{dataset.content[m][i]}{cell.suffix.lower()}"
                keep(cell, name)
                written.append("file:" + name)
            elif isinstance(cell, Path):
                written.append("file:" + str(cell.absolute()))
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
    }


def _link_into(folder: Path) -> Keep:
    return lambda cell, name: _copy(cell, folder / name)


def _copy(cell: Path, target: Path) -> None:
    """A link, or a copy where that is another file system; nothing where the same content is there already."""
    if not target.exists():
        target.parent.mkdir(exist_ok=True)
        try:
            os.link(cell, target)
        except OSError:
            shutil.copyfile(cell, target)


def _read(path: Path, about: dict[str, Any], trusted: bool) -> Workspace:
    workspace = Workspace(
        encoders=about["encoders"],
        split_source=about["split_source"],
        current=about["current"],
        selection=frozenset(about["selection"]),
        seed=about["seed"],
    )
    if about["dataset"] is not None:
        workspace.dataset = _read_pairs(path, about["dataset"], trusted)
    if about["embeddings"]:
        workspace.embeddings = Embeddings.load(path / "embeddings")
    if about["alignment"] is not None and workspace.embeddings is not None:
        aligned = load_estimator(path / "alignment", alignments.methods())
        workspace.alignment = aligned
        workspace.aligned = aligned.transform(aligned.fitted_part(workspace.embeddings))
    for j, fitted in enumerate(about["fusions"]):
        workspace.fusions[fitted["name"]] = FittedFusion(
            load_estimator(path / "fusions" / str(j), fusion_methods()),
            FusionScore(**fitted["score"]),
            fitted["seed"],
            fitted["target"],
            fitted["source"],
            fitted.get("labels_per_class"),
        )
    return workspace


def _read_pairs(path: Path, about: dict[str, Any], trusted: bool) -> PairedDataset:
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


# -- ZIP -----------------------------------------------------------------------
_CHUNK = 1 << 20
_MEMBER = 256  # bytes that a member takes beside its content and its name (twice), ZIP64 fields included


def save_zip(workspace: Workspace, path: Path, workdir: Path, progress: Progress | None = None) -> None:
    """Write the workspace, media inside, as one ZIP that appears whole or not at all.

    Nothing is held in memory but the vectors themselves; the media go from their files straight into the ZIP. Its bytes
    are counted against the session that `path` belongs to, before they are written.

    Args:
        workdir: where the parts that are no media are laid out first; nothing of that stays.

    Raises:
        UserError: it is more than the session, the server or the disk has left, or a media file is no longer there.
        Cancelled: in the middle of a large file, too.
    """
    progress = progress or Progress()
    account, folder = account_of(path), workdir / f"{path.name}.parts"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
        progress.update(0, 0, "Writing the vectors")
        members: dict[str, Path] = {}
        _write(workspace, folder, lambda cell, name: members.__setitem__(name, cell), progress)
        members |= {f.relative_to(folder).as_posix(): f for f in sorted(folder.rglob("*")) if f.is_file()}
        size = sum(file.stat().st_size + 2 * len(name.encode()) + _MEMBER for name, file in members.items())
        if account is not None:
            account.recount()
            try:
                account.spend(size, "the saved workspace")
            except UserError as error:  # to reload the page, as its own advice is, would lose what is to be saved
                raise UserError(error.what, error.where, "save a smaller part of the pairs") from error
        if size > (free := shutil.disk_usage(path.parent).free):
            raise UserError(
                f"it takes {in_words(size)}, and the disk has {in_words(free)} left", path.name, "make room on the disk"
            )
        write_file(path, lambda fresh: _pack(members, fresh, progress))
    except FileNotFoundError as error:
        raise UserError("a file of these pairs is no longer there", str(error.filename), "read them again") from error
    except OSError as error:
        raise UserError(
            f"cannot be written ({error.strerror or error})", path.name, "check the disk and the folder's rights"
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if account is not None:
            account.recount()


def _pack(members: dict[str, Path], fresh: Path, progress: Progress) -> None:
    total, done = sum(file.stat().st_size for file in members.values()) / 1e6, 0
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_STORED) as archive:
        for name, file in members.items():
            about = zipfile.ZipInfo.from_file(file, name, strict_timestamps=False)
            with file.open("rb") as source, archive.open(about, "w") as target:
                while chunk := source.read(_CHUNK):
                    target.write(chunk)
                    done += len(chunk)
                    progress.update(done / 1e6, total, "MB written")
        progress.check()


def open_zip(path: Path, workdir: Path, progress: Progress | None = None) -> Workspace:
    """Read a ZIP that `save_zip` wrote, from anyone: unpacked by the same rules as any uploaded ZIP.

    Raises:
        UserError: it is damaged, no workspace, more than the session has left, or breaks a rule of unpacking. Nothing
            that was unpacked stays then.
        Cancelled: nothing stays either.
    """
    from mmexplore.pairs.archive import unpack

    not_in_demo("a workspace of your own")
    progress = progress or Progress()
    folder = workdir / f"workspace-{path.stem}"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        refused = unpack(path, folder, progress=progress).refused
        if refused:
            raise UserError(refused[0].reason, path.name, "save the workspace again")
        progress.update(0, 0, "Reading")
        opened = open_directory(folder, trusted=False)
        progress.check()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return opened
