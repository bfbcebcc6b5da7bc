"""Files that belong together by their names, and folders that say label and split -> a table of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

from mmexplore.data.dataset import Kind, Rejected
from mmexplore.data.kinds import cards
from mmexplore.data.reading.attributes import item_attributes
from mmexplore.data.reading.file_names import kind_of_name, suffix_of, without_suffix
from mmexplore.data.reading.files import Files
from mmexplore.data.reading.recognition import guess_columns
from mmexplore.data.reading.roles import ONE_ONLY, ColumnGuess, normal_split
from mmexplore.data.reading.tables import Table
from mmexplore.data.reading.text import read_text
from mmexplore.errors import UserError
from mmexplore.server.progress import Progress

_TEXT = Kind.TEXT.value


def table_of_files(
    files: Files, limit: int | None = None, progress: Progress | None = None
) -> tuple[Table, list[ColumnGuess]]:
    """One item for each name (without suffix), one modality for each kind of file.

    ``frog.jpg`` + ``frog.txt`` + ``frog.ogg`` are one item of three modalities; each line of the ``.txt`` that is not
    empty is a caption, and an item with several has a row for each, all in one group. The files may lie side by side
    or in parallel folders (``images/frog.jpg``, ``captions/frog.txt``). A folder called train, val, dev or test says
    the split; of what is left, the innermost folder is the label where there are two or more. ``frog.json`` and
    ``frog.cls`` say more about the item. In a TAR ``left.jpg`` and ``right.jpg`` of one name are two modalities.

    Raises:
        UserError: there is no file of a known kind.
    """
    items, strip = _items(files)
    if not items:
        raise UserError("no pictures, sounds, films, series or texts", files.name, "give files of one of these kinds")
    modalities = list(dict.fromkeys(m for item in items.values() for m in item))
    media = [m for m in modalities if m != _TEXT]
    columns: dict[str, list[Any]] = {m: [] for m in media} | ({_TEXT: []} if _TEXT in modalities else {})
    keys: list[str] = []
    rejected: list[Rejected] = []
    for done, (key, item) in enumerate(items.items()):
        if progress is not None and done % 256 == 0:
            progress.update(done, len(items), "Reading captions")
        if limit is not None and len(keys) >= limit:
            break
        if media and not any(m in item for m in media):
            continue  # a text without a picture: listed as a file that no row uses
        lines = _captions(key, item[_TEXT], files, rejected, whole=not media) if _TEXT in item else [None]
        for line in lines:
            for modality in media:
                columns[modality].append(item.get(modality))
            if _TEXT in columns:
                columns[_TEXT].append(line)
            keys.append(key)
    about = _about(keys, columns, files, strip, rejected)
    if not media:
        columns = {"id": list(keys), **columns}
    table = Table(files.name, columns, range(1, len(keys) + 1), rejected=rejected)
    guesses = [_guess(name, values) for name, values in columns.items()]
    if about:
        table.columns.update(about)
        extra = Table(files.name, about, table.rows)
        taken = {g.role for g in guesses if g.role in ONE_ONLY}
        guesses += [replace(g, role="column", kind=None) if g.role in taken else g for g in guess_columns(extra)]
    return table, guesses


def _about(
    keys: list[str], columns: dict[str, list[Any]], files: Files, strip: int, rejected: list[Rejected]
) -> dict[str, list[Any]]:
    """Adds the folders' label and split to `columns`; returns what small files say, except what is there already."""
    named = {n: _key(n, files, strip) for n in files.by_name if n.lower().endswith((".json", ".cls"))}
    about = item_attributes(keys, named, files, rejected) if named else {}
    labels, splits = _folder_words(list(dict.fromkeys(keys)))
    if labels and "label" not in about:
        columns["label"] = [labels[k] for k in keys]
    if splits and "split" not in about:
        columns["split"] = [splits[k] for k in keys]
    texts = columns.get(_TEXT)
    return {name: values for name, values in about.items() if name not in columns and values != texts}


def _items(files: Files) -> tuple[dict[str, dict[str, str]], int]:
    """(key -> modality -> file name, keys in order; how many folders at the top say no more than the kind)."""
    kinds = _kinds(files)
    strip = 1 if _parallel(kinds) else 0
    items: dict[str, dict[str, str]] = defaultdict(dict)
    for name, kind in kinds.items():
        key, modality = _key(name, files, strip), kind.value
        if files.first_dot:
            middle = name.rsplit("/", 1)[-1].split(".")[1:-1]
            modality = " ".join([modality, *middle]) if kind is not Kind.TEXT else modality
        elif modality in items[key]:
            key = name  # frog.jpg and frog.png are two items
        items[key][modality] = name
    return {key: item for key, item in items.items() if item}, strip


def _kinds(files: Files) -> dict[str, Kind]:
    """File -> kind; tables are items (series) only where there are neither pictures nor sounds nor films."""
    kinds = {name: kind for name in files.by_name if (kind := kind_of_name(name)) is not None}
    if any(kind not in (Kind.SERIES, Kind.TEXT) for kind in kinds.values()):
        return {n: k for n, k in kinds.items() if k is not Kind.SERIES or suffix_of(n) == ".npy"}
    return kinds


def _key(name: str, files: Files, strip: int) -> str:
    """What an item is called: its path without suffix, without a folder that only says the kind."""
    path = name.split("/", 1)[1] if strip else name
    if files.first_dot:
        folder, slash, base = path.rpartition("/")
        return f"{folder}{slash}{base.split('.')[0] or base}"
    key = without_suffix(path)
    if suffix_of(name) in (".txt", ".json", ".cls") and kind_of_name(key) not in (None, Kind.TEXT):
        return without_suffix(key)  # frog.jpg.txt
    return key


def _parallel(by_kind: dict[str, Kind]) -> bool:
    """Are there two or more folders at the top, each with files of one kind, each of another?"""
    kinds: dict[str, set[Kind]] = defaultdict(set)
    for name, kind in by_kind.items():
        top, slash, _ = name.partition("/")
        if not slash:
            return False
        kinds[top].add(kind)
    single = [next(iter(k)) for k in kinds.values() if len(k) == 1]
    return len(kinds) > 1 and len(single) == len(kinds) == len(set(single))


def _captions(key: str, name: str, files: Files, rejected: list[Rejected], whole: bool) -> list[str | None]:
    """The texts of one item: its lines, or (``whole``, where texts are all there is) the text as it is."""
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
        words = key.split("/")[:-1]
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


def _guess(name: str, values: list[Any]) -> ColumnGuess:
    example = next((str(v)[:80] for v in values if v is not None), "")
    reasons = {
        "label": "the name of the folder",
        "split": "the name of the folder",
        "id": "the name of the file",
        _TEXT: "the .txt files of the same names, one caption a line",
    }
    if name in ("label", "split", "id"):
        return ColumnGuess(name, name, None, example, reasons[name])
    kind = next(k for k in cards() if name == k.value or name.startswith(f"{k.value} "))
    return ColumnGuess(name, kind.value, kind, example, reasons.get(name, f"files of the kind {kind.value}"))
