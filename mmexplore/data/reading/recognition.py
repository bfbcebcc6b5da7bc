"""What does each column of a table seem to be for? A guess by its name and by what stands in it, with the reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mmexplore.data.dataset import Kind
from mmexplore.data.kinds import kind_of_suffix
from mmexplore.data.media.images import is_animated
from mmexplore.data.reading.file_names import kind_of_name, suffix_of
from mmexplore.data.reading.files import Files
from mmexplore.data.reading.language import words
from mmexplore.data.reading.roles import ONE_ONLY, ColumnGuess, kind_of_role, normal_split, rank, role_by_name
from mmexplore.data.reading.tables import Table, sample_of
from mmexplore.data.reading.values import as_array, is_number, is_numeric_target, shorten
from mmexplore.errors import UserError

_TEXT_WORDS = words(
    "text texts caption captions description descriptions desc sentence sentences comment comments note "
    "notes report title headline abstract body transcript transcription prompt question answer summary "
    "review tweet lyrics alt name names english chinese french german spanish italian japanese korean "
    "dutch portuguese polish russian arabic turkish thai en zh fr de es it ja ko nl pt pl ru ar tr th"
)
_MEDIA_WORDS: dict[str, Kind] = {
    **dict.fromkeys(words("image images img photo photos picture pictures pic thumbnail frame"), Kind.IMAGE),
    **dict.fromkeys(words("audio sound sounds wav recording speech clip"), Kind.AUDIO),
    **dict.fromkeys(words("video videos movie film"), Kind.VIDEO),
}
_FILE_WORDS = words("file filename filenames path filepath files paths file_name file_path")
FEW = 30  # values of a category
_LATITUDE, _LONGITUDE = ("lat", "latitude"), ("lon", "lng", "long", "longitude")


def guess_columns(table: Table, files: Files | None = None) -> list[ColumnGuess]:
    """A guess for every column, in order; looks at up to 1,000 values of each and at which files there are."""
    guesses = [_guess(name, values, table, files) for name, values in table.columns.items()]
    guesses = _one_of_each(guesses, table)
    guesses = _places(guesses, table)
    guesses = _numbers_together(guesses, table)
    return [replace(g, fits_table=_fits_table(g, table)) for g in guesses]


# -- one column ---------------------------------------------------------------------------
def _guess(name: str, values: Sequence[Any], table: Table, files: Files | None) -> ColumnGuess:
    sample = sample_of(values)
    example = shorten(sample[0]) if sample else ""

    def guess(role: str, why: str) -> ColumnGuess:
        return ColumnGuess(name, role, kind_of_role(role), example, why)

    if not sample:
        return guess("ignore", "every cell is empty")
    rules: tuple[Callable[[], tuple[str, str] | None], ...] = (
        lambda: _by_type(sample),
        lambda: _by_file_names(name, sample, table, files),
        lambda: _by_name(name, sample, values),
        lambda: _by_text(name, sample),
    )
    for rule in rules:
        if found := rule():
            return guess(*found)
    distinct = len({str(v) for v in sample})
    return guess("column", f"{distinct:,} different values: kept to colour and filter by")


def _by_type(sample: list[Any]) -> tuple[str, str] | None:
    if all(isinstance(v, Path) for v in sample):
        suffix, n = Counter(v.suffix for v in sample).most_common(1)[0]
        kind = kind_of_suffix(suffix)
        why = f"{n:,} of {len(sample):,} cells hold the bytes of a {suffix or 'unknown'} file"
        return (kind.value, why) if kind is not None else ("ignore", why)
    arrays = [as_array(v) for v in sample]
    there = [a for a in arrays if a is not None]
    if len(there) < max(1, 0.8 * len(sample)):
        return None
    (shape, n), *_ = Counter(a.shape for a in there).most_common(1)
    if n >= 0.8 * len(sample) and len(shape) == 1:
        return "vector", f"{n:,} of {len(sample):,} cells hold {shape[0]:,} numbers"
    if all(a.ndim in (1, 2) for a in there):
        return "time series", "the cells hold lists of numbers of different lengths, or of several channels"
    return None


def _by_file_names(name: str, sample: list[Any], table: Table, files: Files | None) -> tuple[str, str] | None:
    texts = [v for v in sample if isinstance(v, str) and len(v) < 500 and "\n" not in v]
    if len(texts) < max(1, 0.8 * len(sample)):
        return None
    if sum(bool(re.match(r"https?://|s3://|gs://", t)) for t in texts) > 0.8 * len(texts):
        return "column", "the cells are addresses on the web, which are not fetched"
    kinds = Counter(kind_of_name(t) for t in texts)
    kind, n = kinds.most_common(1)[0]
    if kind is not None and n >= 0.8 * len(sample):
        if rank("id", name) == 0 and (files is None or not _found(texts[:20], table, files)):
            return None
        suffix = Counter(suffix_of(t) for t in texts).most_common(1)[0][0]
        if suffix in (".gif", ".webp") and files is not None and _mostly_animated(texts, table, files):
            return "video", f"the cells name {suffix} files that move"
        return kind.value, f"{n:,} of {len(sample):,} cells are file names such as *{suffix}"
    said = _words(name)
    if files is not None and (said & (_MEDIA_WORDS.keys() | _FILE_WORDS) or name.lower() in _FILE_WORDS):
        found = _found(texts[:50], table, files)
        if len(found) >= 0.5 * len(texts[:50]):
            kind = Counter(kind_of_name(f) for f in found).most_common(1)[0][0]
            if kind is not None:
                return kind.value, f"the cells are names of files without their suffix, such as {found[0]}"
    return None


def _found(texts: list[str], table: Table, files: Files) -> list[str]:
    used = set(files.used)
    names = [files.find(t, table.folder)[0] for t in texts]
    files.used.clear()
    files.used.update(used)  # looking is not using
    return [n for n in names if n]


def _mostly_animated(texts: list[str], table: Table, files: Files) -> bool:
    """Do more than half of the first ten files have several frames? Else the column is one of still pictures."""
    moving = []
    for name in _found(texts[:10], table, files):
        try:
            moving.append(is_animated(files.by_name[name]))
        except UserError:
            continue  # a damaged file is listed when it is read
    return sum(moving) > 0.5 * len(moving) if moving else False


def _by_name(name: str, sample: list[Any], values: Sequence[Any]) -> tuple[str, str] | None:
    if rank("split", name) is not None:
        known = [normal_split(v) for v in sample]
        if sum(k is not None for k in known) >= 0.5 * len(sample):
            return "split", "the name says so, and the cells say train, val or test"
        return "column", "named like a split, but the cells do not say train, val or test"
    distinct = {str(v) for v in sample}
    if (
        len(distinct) in (2, 3)
        and all(normal_split(v) for v in distinct)
        and any(normal_split(v) == "train" for v in distinct)
    ):
        return "split", "the cells say train, val or test"
    if rank("id", name) is not None:
        filled = [str(v) for v in values if v is not None]
        if len(set(filled)) >= 0.5 * len(filled):
            return "id", "the name says so"
        return "group", "named like an id, but most values come several times: rows that belong together"
    if rank("group", name) is not None:
        filled = [str(v) for v in values if v is not None]
        if len(set(filled)) < len(filled):
            return "group", "the name says so, and values come several times"
        return ("id", "the name ends in id, and no value comes twice") if "id" in _words(name) else None
    if rank("label", name) is not None:
        if not is_numeric_target(sample) and len(distinct) > 0.9 * len(sample) and len(sample) > 20:
            return None
        return "label", "the name says so"
    return None


def _by_text(name: str, sample: list[Any]) -> tuple[str, str] | None:
    texts = [v for v in sample if isinstance(v, str)]
    if len(texts) < max(1, 0.8 * len(sample)) or sum(map(is_number, texts)) > 0.5 * len(texts):
        return None
    distinct = len(set(texts)) / len(texts)
    long = float(np.median([len(t) for t in texts]))
    n_words = float(np.median([len(t.split()) for t in texts]))
    if _words(name) & _TEXT_WORDS and not _words(name) & {"id", "length", "len", "count", "file"}:
        return "text", "the name says so"
    if long >= 40 or (n_words >= 3 and distinct > 0.3):
        return "text", f"the cells are texts of about {n_words:.0f} words"
    unspaced = sum(bool(re.search(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", t)) for t in texts)
    if unspaced > 0.8 * len(texts) and distinct > 0.5:
        return "text", "the cells are mostly different short texts"
    if n_words >= 2 and distinct > 0.8:
        return "text", "the cells are mostly different texts of a few words"
    return None


# -- the columns together ---------------------------------------------------------------
def _one_of_each(guesses: list[ColumnGuess], table: Table) -> list[ColumnGuess]:
    """Of several columns that could be the id, label, split or group, the best named one is; the rest stay columns."""
    for role in ONE_ONLY:
        rivals = [g for g in guesses if g.role == role]
        if len(rivals) < 2:
            continue
        best = min(rivals, key=lambda g: (rank(role, g.name) is None, rank(role, g.name) or 0))
        guesses = [
            g
            if g.role != role or g is best
            else replace(g, role="column", kind=None, why=f"{best.name!r} is taken as the {role}")
            for g in guesses
        ]
    return guesses


def _places(guesses: list[ColumnGuess], table: Table) -> list[ColumnGuess]:
    """A latitude and a longitude column are one modality: a place."""

    def find(names: tuple[str, ...], bound: float) -> list[ColumnGuess]:
        return [
            g
            for g in guesses
            if g.role == "column"
            and g.name.lower() in names
            and all(is_number(v) and abs(float(v)) <= bound for v in sample_of(table.columns[g.name]))
        ]

    pair = [*find(_LATITUDE, 90)[:1], *find(_LONGITUDE, 180)[:1]]
    if len(pair) < 2:
        return guesses
    why = "latitude and longitude in degrees: together one modality"
    return [replace(g, role="place", kind=Kind.PLACE, why=why) if g in pair else g for g in guesses]


def _numbers_together(guesses: list[ColumnGuess], table: Table) -> list[ColumnGuess]:
    """Three or more columns of measurements (mostly different, not whole numbers) are one tabular modality."""
    measured = [g for g in guesses if g.role == "column" and is_numeric_target(sample_of(table.columns[g.name]))]
    if len(measured) < 3:
        return guesses
    why = f"one of {len(measured)} columns of measurements: together one modality"
    return [replace(g, role="tabular", kind=Kind.TABLE, why=why) if g in measured else g for g in guesses]


def _fits_table(guess: ColumnGuess, table: Table) -> bool:
    """Kept as a column: numbers, or at most `FEW` values that come more than once; not named like a second label."""
    if guess.role != "column" or role_by_name(guess.name) is not None:
        return False
    sample = sample_of(table.columns[guess.name])
    distinct = {str(v) for v in sample}
    if len(distinct) < 2:
        return False
    return all(map(is_number, sample)) or len(distinct) <= min(FEW, len(sample) / 2)


def _words(name: str) -> set[str]:
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return set(re.findall(r"[a-z]+", spaced.lower()))
