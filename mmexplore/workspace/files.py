"""A workspace on disk: a directory of JSON + Parquet + safetensors, never pickle (as one ZIP: `workspace_zip`).

run.json            what it is: encoders, split, fits, selection, seed
pairs.parquet       the rows: ids, texts, media paths, labels, every other column
cells.safetensors   number cells (vector, series ...)
media/              the media files, named by content (only where they were copied)
embeddings/         see `Embeddings.save`
alignment.*         see `Estimator.save`
fusions/            one `Estimator.save` a fit
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import mmexplore
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.saved import Keep, read_pairs, write_pairs
from mmexplore.errors import UserError
from mmexplore.models.alignment.base import Alignment
from mmexplore.models.estimator import Estimator, load_estimator
from mmexplore.models.fusion.base import Fusion
from mmexplore.models.methods import alignment_methods, fusion_methods
from mmexplore.scores.evaluation import FusionScore
from mmexplore.server.atomic import read_whole, write_whole
from mmexplore.server.progress import Progress
from mmexplore.workspace.fits import name_of
from mmexplore.workspace.state import FittedFusion, Workspace
from mmexplore.workspace.unread import Unread, unread

FORMAT = 1


# -- directory -----------------------------------------------------------------
def save(workspace: Workspace, path: Path, copy_media: bool = False) -> None:
    """Write the workspace as a directory, replacing an earlier one only when the new one is complete.

    Args:
        copy_media: put the media files inside (a directory that can be carried elsewhere); otherwise their
            absolute paths are kept. What lies inside `path` already stays inside: it would go with what is replaced.

    Raises:
        UserError: `path` exists and is not a workspace, or cannot be written.
    """
    path = Path(path).absolute()
    if path.exists() and not (path / "run.json").exists() and (not path.is_dir() or any(path.iterdir())):
        raise UserError("is there already and is not a workspace", str(path), "choose another name")
    try:
        write_whole(path, lambda folder: write_parts(workspace, folder, _keeper(path, folder, copy_media)))
    except OSError as error:
        raise UserError(
            f"cannot be written ({error.strerror or error})", str(path), "check the disk and the folder's rights"
        ) from error


def open_directory(path: Path, trusted: bool = True, own: Sequence[type[Estimator]] = ()) -> Workspace:
    """Read what `save` wrote. A fit or an alignment that cannot be read here (its method is not known, its files are
    damaged) is kept as it is in `Workspace.unread`, and told in `Workspace.notices`.

    Args:
        own: classes of methods that are not installed, such as one's own in a notebook.
        trusted: whether paths of media outside the directory are followed. False for what somebody uploaded:
            there only `media/` inside is read.

    Raises:
        UserError: it is not a workspace, is damaged, or comes from a newer version.
    """
    return read_whole(Path(path).absolute(), lambda folder: _open(folder, trusted, own))


def _open(path: Path, trusted: bool, own: Sequence[type[Estimator]]) -> Workspace:
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
        return _read(path, about, trusted, own)
    except UserError:
        raise
    except Exception as error:  # any damage is one sentence to the person
        raise UserError(f"is damaged ({type(error).__name__}: {error})", str(path), "reopen an earlier copy") from error


def _check_tables(path: Path) -> None:
    """Few bytes of Parquet can stand for very many cells; a table of somebody else's is judged before it is read."""
    import pyarrow.parquet as pq

    from mmexplore.data.reading.arrow import check_unpacked_size

    for file in (path / "pairs.parquet", path / "embeddings" / "rows.parquet"):
        if file.exists():
            check_unpacked_size(pq.read_metadata(file), file.stat().st_size, file.name)


def write_parts(workspace: Workspace, folder: Path, keep: Keep, progress: Progress | None = None) -> None:
    """Everything but the media, which `keep` is told of; of those that stay outside the absolute path is kept."""
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
        about["dataset"] = write_pairs(workspace.dataset, folder, keep, progress)
    if workspace.embeddings is not None:
        progress.check()
        workspace.embeddings.save(folder / "embeddings")
    if workspace.alignment is not None:
        progress.check()
        workspace.alignment.save(folder / "alignment")
    for j, (id_, fitted) in enumerate(workspace.fusions.items()):
        progress.check()
        fitted.fusion.save(folder / "fusions" / str(j))
        about["fusions"].append(
            {
                "name": id_,
                "method": fitted.method,
                "seed": fitted.seed,
                "target": fitted.target,
                "source": fitted.source,
                "labels_per_class": fitted.labels_per_class,
                "score": asdict(fitted.score),
            }
        )
    for kept in workspace.unread:
        if kept.what == "alignment":
            about["alignment"] = kept.about
            kept.write(folder / "alignment")
        else:
            kept.write(folder / "fusions" / str(len(about["fusions"])))
            about["fusions"].append(kept.about)
    (folder / "run.json").write_text(json.dumps(about, ensure_ascii=False, indent=1, default=_plain), encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be saved as JSON")


def _keeper(path: Path, folder: Path, copy_media: bool) -> Keep:
    """Puts into `folder`, which will take the place of `path`, what lies in there already; with `copy_media` all."""
    media = (path / "media").resolve()

    def keep(cell: Path, by_content: Callable[[], str]) -> str | None:
        if cell.is_relative_to(media):
            name = f"media/{cell.relative_to(media).as_posix()}"
        elif copy_media:
            name = by_content()
        else:
            return None
        _copy(cell, folder / name)
        return name

    return keep


def _copy(cell: Path, target: Path) -> None:
    """A link, or a copy where that is another file system; nothing where the same content is there already."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(cell, target)
        except OSError:
            shutil.copyfile(cell, target)


def _read(path: Path, about: dict[str, Any], trusted: bool, own: Sequence[type[Estimator]]) -> Workspace:
    workspace = Workspace(
        encoders=about["encoders"],
        split_source=about["split_source"],
        selection=frozenset(about["selection"]),
        seed=about["seed"],
    )
    if about["dataset"] is not None:
        workspace.dataset = read_pairs(path, about["dataset"], trusted)
    if about["embeddings"]:
        workspace.embeddings = Embeddings.load(path / "embeddings")
    lost: list[Unread] = []
    if about["alignment"] is not None and workspace.embeddings is not None:
        try:
            known = {**alignment_methods(), **{name_of(c): c for c in own if issubclass(c, Alignment)}}
            aligned = load_estimator(path / "alignment", known)
            workspace.aligned = aligned.transform(aligned.fitted_part(workspace.embeddings))
            workspace.alignment = aligned
        except Exception as error:  # noqa: BLE001 - whatever it is, the person is told, and has all the rest
            lost.append(unread("alignment", str(about["alignment"]), about["alignment"], path / "alignment", error))
    fusions = {**fusion_methods(), **{name_of(c): c for c in own if issubclass(c, Fusion)}}
    for j, fit in enumerate(about["fusions"]):
        try:
            if fit["source"] == "aligned" and workspace.aligned is None:
                raise UserError("its alignment cannot be opened")
            workspace.fusions[fit["name"]] = FittedFusion(
                load_estimator(path / "fusions" / str(j), fusions),
                FusionScore(**fit["score"]),
                fit["seed"],
                fit["target"],
                fit["source"],
                fit.get("labels_per_class"),
                fit["name"],
            )
        except Exception as error:  # noqa: BLE001 - as above
            lost.append(unread("fit", str(fit["name"]), fit, path / "fusions" / str(j), error))
    current = about["current"]
    workspace.current = current if current in workspace.fusions else next(reversed(workspace.fusions), None)
    workspace.unread = tuple(lost)
    return workspace
