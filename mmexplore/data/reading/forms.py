"""Which form do these files have: a table with media, same-name files and label folders, or vectors?"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path, PurePosixPath

from mmexplore.data.kinds import TABLE_SUFFIXES, VECTOR_SUFFIXES, media_kinds
from mmexplore.data.reading.file_names import kind_of_name, suffix_of, without_suffix
from mmexplore.data.reading.files import Files
from mmexplore.data.reading.recognition import guess_columns
from mmexplore.data.reading.roles import normal_split
from mmexplore.data.reading.tables import read_table
from mmexplore.errors import UserError

_BEST_NAMES = ("pairs", "metadata", "data", "dataset", "items", "captions", "index", "annotations", "table", "labels")
_SHARD = re.compile(r"[-_.]\d{3,6}([-_.]of[-_.]\d{3,6})?$")


def choose_form(files: Files) -> tuple[str, list[str]]:
    """("table", names of its file or of its parts), ("files", []) or ("vectors", []).

    Raises:
        UserError: none of them, or several tables of which none is clearly the one.
    """
    names = list(files.by_name)
    tables = [n for n in names if suffix_of(n) in TABLE_SUFFIXES and not n.rsplit("/", 1)[-1].startswith("cache-")]
    vectors = [n for n in names if suffix_of(n) in VECTOR_SUFFIXES]
    media = [n for n in names if kind_of_name(n) in media_kinds()]
    texts = [n for n in names if suffix_of(n) == ".txt"]
    if tables and (chosen := _choose_tables(tables, files)):
        return "table", chosen
    if tables and not media and len({_parent(n) for n in tables}) > 1:
        return "files", []  # series, one table an item, in label folders
    if tables and not media:
        raise UserError(
            f"{len(tables)} tables, and none is clearly the one",
            files.name,
            f"leave one of {', '.join(tables[:5])}, or call it pairs.csv",
        )
    if any(suffix_of(n) != ".npy" for n in vectors) or (vectors and not media and not texts and _few(vectors)):
        return "vectors", []
    if media and (table := _text_table(texts, media, files)):
        return "table", [table]
    if media or vectors or texts:
        return "files", []
    shown = f" ({', '.join(names[:3])} ...)" if names else ""
    raise UserError(
        f"no table, picture, sound or vectors among the {len(names):,} files{shown}",
        files.name,
        "give a CSV with media beside it, pictures with same-name .txt, or .npz",
    )


def part_of(name: str) -> str | None:
    """The split that a table's file name stands for ("data/train-00000-of-00002.parquet" -> "train"), or None."""
    path = PurePosixPath(name)
    stem = _SHARD.sub("", path.stem)
    return normal_split(stem) or normal_split(path.parent.name)


def _choose_tables(tables: list[str], files: Files) -> list[str]:
    """The table; several only where they are shards or splits of one; [] where it cannot be told."""
    depth = min(n.count("/") for n in tables)
    top = [n for n in tables if n.count("/") == depth]
    if len(top) == 1:
        return top
    for best in _BEST_NAMES:
        found = [n for n in top if PurePosixPath(n).stem.lower() == best]
        if len(found) == 1:
            return found
    same_kind = len({suffix_of(n) for n in top}) == 1
    if same_kind and (all(part_of(n) for n in top) or len({_SHARD.sub("", without_suffix(n)) for n in top}) == 1):
        return top
    if len(top) > 20:
        return []
    with_media = [n for n in top if _names_media(files, n)]
    return with_media if len(with_media) == 1 else []


def _names_media(files: Files, name: str) -> bool:
    try:
        with tempfile.TemporaryDirectory() as spill:
            table = read_table(files.by_name[name], Path(spill), name, limit=20)
            return any(g.kind in media_kinds() for g in guess_columns(table, files))
    except UserError:
        return False


def _text_table(texts: list[str], media: list[str], files: Files) -> str | None:
    """A lone ``captions.txt`` that is really a table naming the pictures (as Flickr8k has it)."""
    stems = {without_suffix(n) for n in media} | set(media)
    alone = [n for n in texts if without_suffix(n) not in stems]
    if len(texts) - len(alone) > 0.5 * len(media) or len(alone) > 5:
        return None
    found = [n for n in alone if _names_media(files, n)]
    return found[0] if len(found) == 1 else None


def _few(vectors: list[str]) -> bool:
    """A few arrays are modalities; many, or arrays in several folders, are items."""
    return len(vectors) <= 32 and len({_parent(n) for n in vectors}) == 1


def _parent(name: str) -> str:
    return name.rpartition("/")[0]
