"""Bytes -> text: which encoding is it, or a clear error."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from mmexplore.data.reading.language import looks_like_language
from mmexplore.errors import UserError

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNDEFINED_CP1252 = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])
_CONTROLS = bytes(set(range(32)) - {0, 9, 10, 11, 12, 13, 26, 27})
_ESCAPED = re.compile("[\udc80-\udcff]")
_REMEDY = "save it as UTF-8 text"


def detect_encoding(data: bytes, where: str = "text", whole: bool = True) -> str:
    """The encoding of `data`: utf-8(-sig), utf-16(-le, -be), utf-32, or cp1252 for Western European text.

    Args:
        data: all of a file, or its beginning (then say ``whole=False``: a character cut at the end is no error).
        where: the file's name, for the message.

    Raises:
        UserError: binary data, or text in another encoding (GBK, Shift-JIS ...), which is not guessed at.
    """
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name
    sample = data[: 1 << 16]
    if 0 in sample:
        return _utf16_without_bom(sample, where)
    if _controls(sample) > max(0.01 * len(sample), min(8, 0.05 * len(sample))):  # a few in a small table are stray
        raise UserError("this is not a text file", where, _REMEDY)
    if _is_utf8(data, whole) or _mostly_utf8(data):
        return "utf-8"
    if _looks_western(data):
        return "cp1252" if not any(data.count(bytes([b])) for b in _UNDEFINED_CP1252) else "latin-1"
    raise UserError("the encoding of the text is not known", where, _REMEDY)


def decode_text(data: bytes, where: str = "text") -> str:
    """`data` as text, line ends as they are, without a byte order mark.

    Raises:
        UserError: binary data (NUL bytes), a damaged or an unknown encoding.
    """
    encoding = detect_encoding(data, where)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UserError(f"the text is damaged at byte {error.start:,} (read as {encoding})", where, _REMEDY) from error
    if "\0" in text:
        raise UserError("the text has NUL characters", where, _REMEDY)
    return text.removeprefix("\ufeff")


def read_text(path: Path, max_bytes: int = 10_000_000) -> str:
    """A small text file (a caption) as text. Raises UserError as `decode_text` does, or above `max_bytes`."""
    if path.stat().st_size > max_bytes:
        raise UserError(f"the text has more than {max_bytes:,} bytes", path.name, "cut it")
    return decode_text(path.read_bytes(), path.name)


def _is_utf8(data: bytes, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(data, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def _mostly_utf8(data: bytes) -> bool:
    """UTF-8 in which a few bytes were damaged: at least ten good letters beyond ASCII for each broken byte."""
    text = data[: 1 << 20].decode("utf-8", "surrogateescape")
    broken = len(_ESCAPED.findall(text))
    return sum(len(run) for run in re.findall(r"[^\x00-\x7f]+", text)) - broken >= 10 * broken


def is_damaged(text: str) -> bool:
    """Does a text that was read with ``errors="surrogateescape"`` hold bytes that are no letters?"""
    return not text.isascii() and _ESCAPED.search(text) is not None


def _controls(sample: bytes) -> int:
    return len(sample) - len(sample.translate(None, _CONTROLS))


def _utf16_without_bom(sample: bytes, where: str) -> str:
    """UTF-16 of mostly Western text has a NUL in every second byte: all at odd (LE) or all at even (BE) places."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = max(1, len(sample) // 2)
    if odd >= 0.25 * half and even < 0.05 * odd:
        return "utf-16-le"
    if even >= 0.25 * half and odd < 0.05 * even:
        return "utf-16-be"
    stray = even + odd <= min(max(3, 0.001 * len(sample)), 0.05 * len(sample))
    if stray and _controls(sample) <= 0.01 * len(sample):
        # a stray NUL in otherwise plain text: the caller decides what that row is worth
        return "utf-8" if _is_utf8(sample, whole=False) else "cp1252"
    raise UserError("this is not a text file (it has NUL bytes)", where, _REMEDY)


def _looks_western(data: bytes) -> bool:
    """Accented letters of Western languages stand alone between ASCII letters; GBK or Shift-JIS come in runs."""
    sample = data[: 1 << 20]
    high = sum(len(run) for run in re.findall(rb"[\x80-\xff]+", sample))
    in_runs = sum(len(run) for run in re.findall(rb"[\x80-\xff]{3,}", sample))
    return 0 < high <= 0.3 * len(sample) and in_runs <= 0.2 * high


__all__ = ["decode_text", "detect_encoding", "looks_like_language", "read_text"]
