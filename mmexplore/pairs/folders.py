"""Files that belong together by their names, and folders that say label and split -> a table of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import PurePosixPath
from typing import Any

from mmexplore.errors import UserError
from mmexplore.pairs.dataset import Kind, Rejected
from mmexplore.pairs.files import Files
from mmexplore.pairs.media import kind_of_name, suffix_of
from mmexplore.pairs.roles import ColumnGuess, normal_split
from mmexplore.pairs.tables import Table
from mmexplore.pairs.text import read_text
from mmexplore.progress import Progress


def table_of_files(
    files: Files, limit: int | None = None, progress: Progress | None = None
) -> tuple[Table, list[ColumnGuess]]:
    """One item for each name (without suffix), one modality for each kind of file.

    ``frog.jpg`` + ``frog.txt`` + ``frog.ogg`` are one item of three modalities; each line of the ``.txt`` that is not
    empty is a caption, and an item with several has a row for each, all in one group. The files may lie side by side
    or in parallel folders (``images/frog.jpg``, ``captions/frog.txt``). A folder called train, val, dev or test says
    the split; of what is left, the innermost folder is the label where there are two or more.

    Raises:
        UserError: a single kind of file with neither captions nor label folders is still one modality, so: no files.
    """
    items = _items(files)
    if not items:
        raise UserError("no pictures, sounds, films, series or texts", files.name, "give files of one of these kinds")
    media = [k for k in Kind if k is not Kind.TEXT and any(k in item for item in items.values())]
    captions = any(Kind.TEXT in item for item in items.values())
    columns: dict[str, list[Any]] = {k.value: [] for k in media} | ({"text": []} if captions else {})
    keys: list[str] = []
    rejected: list[Rejected] = []
    for done, (key, item) in enumerate(items.items()):
        if progress is not None and done % 256 == 0:
            progress.update(done, len(items), "Reading captions")
        if limit is not None and len(keys) >= limit:
            break
        if not any(k in item for k in media) and media:
            continue  # a text without a picture: listed as a file that no row uses
        lines = _captions(key, item, files, rejected, whole=not media) if Kind.TEXT in item else [None]
        for line in lines:
            for kind in media:
                columns[kind.value].append(item.get(kind))
            if captions:
                columns["text"].append(line)
            keys.append(key)
    labels, splits = _folder_words(list(dict.fromkeys(keys)))
    if labels:
        columns["label"] = [labels[k] for k in keys]
    if splits:
        columns["split"] = [splits[k] for k in keys]
    if not media:
        columns = {"id": list(keys), **columns}
    table = Table(files.name, columns, range(1, len(keys) + 1), rejected=rejected)
    return table, [_guess(name, values, captions) for name, values in columns.items()]


def _items(files: Files) -> dict[str, dict[Kind, str]]:
    """Key (path without suffix and without a folder of its kind) -> kind -> file name; keys in order."""
    by_kind = {name: kind for name in files.by_name if (kind := kind_of_name(name)) is not None}
    if any(kind is not Kind.SERIES and kind is not Kind.TEXT for kind in by_kind.values()):
        by_kind = {n: k for n, k in by_kind.items() if k is not Kind.SERIES or suffix_of(n) == ".npy"}
    strip = 1 if _parallel(by_kind) else 0
    items: dict[str, dict[Kind, str]] = defaultdict(dict)
    for name, kind in by_kind.items():
        path = PurePosixPath(*PurePosixPath(name).parts[strip:])
        key = str(path.with_suffix(""))
        if kind is Kind.TEXT and kind_of_name(key) not in (None, Kind.TEXT):
            key = str(PurePosixPath(key).with_suffix(""))  # frog.jpg.txt
        if kind in items[key]:
            key = str(path)  # frog.jpg and frog.png are two items
        items[key][kind] = name
    return {key: item for key, item in items.items() if item}


def _parallel(by_kind: dict[str, Kind]) -> bool:
    """Are there two or more folders at the top, each with files of one kind, each of another?"""
    kinds: dict[str, set[Kind]] = defaultdict(set)
    for name, kind in by_kind.items():
        parts = PurePosixPath(name).parts
        if len(parts) < 2:
            return False
        kinds[parts[0]].add(kind)
    single = [next(iter(k)) for k in kinds.values() if len(k) == 1]
    return len(kinds) > 1 and len(single) == len(kinds) == len(set(single))


def _captions(key: str, item: dict[Kind, str], files: Files, rejected: list[Rejected], whole: bool) -> list[str | None]:
    """The texts of one item: its lines, or (``whole``, where texts are all there is) the text as it is."""
    name = item[Kind.TEXT]
    files.used.add(name)
    try:
        text = read_text(files.by_name[name])
    except UserError as error:
        rejected.append(Rejected(0, key, "text", f"{error.what} ({name})"))
        return [None]
    lines = [text.strip()] if whole else [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line]
    if not lines:
        rejected.append(Rejected(0, key, "text", f"the caption file is empty ({name})"))
    return [*lines] or [None]


def _folder_words(keys: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Key -> label, and key -> split, as far as the folders say (each empty where they do not)."""
    splits: dict[str, str] = {}
    labels: dict[str, str] = {}
    for key in keys:
        words = list(PurePosixPath(key).parts[:-1])
        for word in words:
            if split := normal_split(word):
                splits[key] = split
                words.remove(word)
                break
        if words:
            labels[key] = words[-1]
    count = Counter(labels.values())
    labelled = len(labels) == len(keys) and len(count) > 1 and max(count.values()) > 1
    return (labels if labelled else {}), (splits if len(splits) == len(keys) else {})


def _guess(name: str, values: list[Any], captions: bool) -> ColumnGuess:
    example = next((str(v)[:80] for v in values if v is not None), "")
    reasons = {
        "label": "the name of the folder",
        "split": "the name of the folder",
        "id": "the name of the file",
        "text": "the .txt files of the same names, one caption a line",
    }
    kind = Kind(name) if name in [k.value for k in Kind] else None
    return ColumnGuess(name, name, kind, example, reasons.get(name, f"files of the kind {name}"))
